#include "host/trainer.h"

#include <cmath>
#include <limits>

#include "base/json_out.h"
#include "host/trainer_work.h"

namespace quintet::host {

namespace {

constexpr std::size_t kKeptRuns = 1'000;  // that can be asked about

std::string_view name_of(TrainRun::State state) {
  switch (state) {
    case TrainRun::State::folding: return "folding";
    case TrainRun::State::training: return "training";
    case TrainRun::State::storing: return "storing";
    case TrainRun::State::done: return "done";
    case TrainRun::State::failed: return "failed";
  }
  return "";
}

// A field of one line of the training program's progress; cheaper than to parse it all.
std::int64_t number_after(std::string_view line, std::string_view key) {
  const std::size_t at = line.find(key);
  if (at == std::string_view::npos) return 0;
  std::int64_t number = 0;
  for (const char c : line.substr(at + key.size())) {
    if (c < '0' || c > '9') break;
    number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace

std::string to_json(const TrainRun& run) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("run").uint64(run.id).field("model", run.model);
  json.field("state", name_of(run.state)).field("because", run.because);
  if (run.position != kNoPosition) json.key("position").uint64(run.position);
  json.key("round").int64(run.round).key("rounds").int64(run.rounds);
  if (run.version != 0) json.key("version").uint64(run.version);
  json.key("promoted").boolean(run.promoted);
  if (!run.reason.empty()) json.field("reason", run.reason);
  if (!run.error.empty()) json.field("error", run.error);
  if (!run.metrics.empty()) json.key("result").raw(run.metrics.substr(0, run.metrics.find('\n')));
  json.end_object();
  return out;
}

Verdict judge_promotion(const app::ModelSpec& model, const std::string& metrics,
                        std::optional<double> current) {
  const std::string& metric = model.promote_metric;
  if (metric.empty()) return {false, "the application has no rule for it: promote it by hand"};
  const auto fresh = training_figure(metrics, "metrics", metric);
  if (!fresh) return {false, metric + " could not be measured on the holdout"};
  const bool first = !current;
  if (first) current = training_figure(metrics, "baseline", metric);
  if (!current || std::isnan(*current)) {
    return {false, metric + " of what it must beat could not be measured on the holdout"};
  }
  std::string reason = stage::promotion_reason(model, *fresh, *current);
  const std::string what = first ? " (the plainest guess)" : " (the version in force)";
  if (!reason.empty()) return {true, reason + what};
  reason = metric + " ";
  JsonWriter(reason).real(*fresh);
  reason += " is not better than ";
  JsonWriter(reason).real(*current);
  return {false, reason + what};
}

Trainer::Trainer(Node& node, stage::Vault& vault)
    : node_(node), vault_(vault), alive_(std::make_shared<char>()) {}

Trainer::~Trainer() {
  if (active_) active_->called_off = true;
  if (thread_.joinable()) thread_.join();
}

Expected<void> Trainer::start(const TrainOrder& order, TrainHears hears) {
  if (node_.train() == nullptr) return place_is_away();
  if (active_) {
    return conflict("run " + std::to_string(active_->id) + " is under way; one at a time");
  }
  TrainRole& place = *node_.train();
  auto work = std::make_shared<Work>();
  work->log = TrainingLog::of(place, node_.data_directory);
  work->model = -1;
  for (const app::ModelSpec& model : work->log.spec->models) {
    if (model.name == order.model) work->model = model.index;
  }
  if (work->model < 0) return not_found("there is no model \"" + order.model + "\"").at("model");
  const app::ModelSpec& model = work->model_spec();
  if (!model.train) return invalid("the model has no rules for training").at("model");
  work->rules = stage::rules_of(model);
  for (const auto& [name, value] : order.rules) {
    if (auto known = stage::set_rule(work->rules, name, value); !known) {
      return std::move(known).error().during(name).at("set");
    }
  }
  if (auto known = stage::check_parameters(model, work->rules); !known) {
    return std::move(known).error().at("set");
  }
  work->id = place.last() + 1;  // until its record has a position
  work->hears = std::move(hears);
  work->keep = order.keep;
  work->as_of_given = order.as_of != kNoTime;
  work->body = {model.name, kNoPosition, work->as_of_given ? order.as_of : node_.clock.wall(),
                work->rules.seed};
  work->directory = node_.data_directory + "/training/" + model.name;
  active_ = work;
  TrainRun& run = runs_[work->id] = {};
  run.id = work->id;
  run.model = model.name;
  run.because = order.because;
  run.rounds = work->rules.rounds;
  // It learns from all that was admitted before it was asked for.
  place.catch_up([this, work, alive = std::weak_ptr<char>(alive_)](const Expected<Position>& last) {
    if (!alive.expired() && active_ == work) record(work, last);
  });
  return {};
}

void Trainer::record(const std::shared_ptr<Work>& work, const Expected<Position>& last) {
  if (!last) return fail(work, last.error());
  if (node_.train() == nullptr) return fail(work, place_is_away());
  TrainRole& place = *node_.train();
  const std::string digest = work->log.spec->digest;
  work->log = TrainingLog::of(place, node_.data_directory);
  if (work->log.spec->digest != digest) {
    return fail(work, conflict("another version of the application came into force; ask again"));
  }
  work->body.last = *last;
  place.control(event::RecordKind::train, stage::write_train(work->body),
                [this, work](const Expected<Position>& position) { recorded(work, position); });
}

const TrainRun* Trainer::find(std::uint64_t id) const {
  const auto found = runs_.find(id);
  return found == runs_.end() ? nullptr : &found->second;
}

void Trainer::place_went() {
  if (active_ && !thread_.joinable()) fail(active_, unavailable("the store was opened anew"));
}

// The record is durable: what it fixes can be read.
void Trainer::recorded(const std::shared_ptr<Work>& work, const Expected<Position>& position) {
  if (!position) {
    fail(work, position.error());
    return;
  }
  // Elsewhere the log may have gone on meanwhile.
  auto run = runs_.extract(work->id);
  run.key() = run.mapped().id = run.mapped().position = work->id = *position;
  runs_.insert(std::move(run));
  if (work->hears.begun) std::exchange(work->hears.begun, nullptr)(work->id);
  if (node_.train() == nullptr) return fail(work, place_is_away());
  node_.train()->known_models([this, work, alive = std::weak_ptr<char>(alive_)](
                                  Expected<std::vector<TrainRole::KnownModel>> known) {
    if (alive.expired()) return;
    if (!known) return fail(work, known.error());
    work->log.known = *std::move(known);
    work->version = 1;
    for (const TrainRole::KnownModel& one : work->log.known) {
      if (one.model == work->body.model) work->version = one.version + 1;
    }
    begin(work);
  });
}

void Trainer::begin(const std::shared_ptr<Work>& work) {
  if (node_.train() == nullptr) return fail(work, place_is_away());
  work->current = {};
  work->current.version = node_.train()->version_in_force(work->model_spec());
  for (const TrainRole::KnownModel& one : work->log.known) {
    if (one.model == work->body.model && one.version == work->current.version) {
      work->current.model = one.loaded;
    }
  }
  const std::weak_ptr<char> alive = alive_;
  const auto to_loop = [this, alive](std::function<void()> job) {
    node_.loop.post([alive, job = std::move(job)] {
      if (!alive.expired()) job();
    });
  };
  thread_ = std::thread([this, work, to_loop] {
    const OnProgressLine report = [&](std::string_view line) {
      const std::int64_t round = number_after(line, "\"round\":");
      to_loop([this, work, round] {
        TrainRun& run = runs_[work->id];
        run.state = TrainRun::State::training;
        run.round = std::max(run.round, round);
      });
      return true;
    };
    if (auto done = work->perform(vault_, report); !done) work->failed = done.error();
    to_loop([this, work] { trained(work); });
  });
}

void Trainer::trained(const std::shared_ptr<Work>& work) {
  thread_.join();
  if (!work->failed && node_.train() == nullptr) work->failed = place_is_away();
  if (work->failed) {
    // What was called off goes on when it is asked for again; other remains are of no use.
    if (work->failed->code() != Code::expired) remove_training(work->directory);
    fail(work, *work->failed);
    return;
  }
  runs_[work->id].state = TrainRun::State::storing;
  runs_[work->id].metrics = work->result.metrics;
  stage::ModelVersion entry;
  entry.model = work->body.model;
  entry.digest = work->result.model->digest();
  entry.created_at = node_.clock.wall();
  entry.metrics = work->result.metrics;
  entry.card = work->result.card;
  entry.bytes = work->result.bytes;
  node_.train()->add_model({std::move(entry), work->result.model, false},
                           [this, work, alive = std::weak_ptr<char>(alive_)](
                               const Expected<RegistryRole::Registered>& added) {
                             if (alive.expired()) return;
                             if (!added) return fail(work, added.error());
                             work->version = added->version;
                             stored(work);
                           });
}

void Trainer::stored(const std::shared_ptr<Work>& work) {
  TrainRun& run = runs_[work->id];
  run.version = work->version;
  if (node_.train() == nullptr) return fail(work, place_is_away());
  const std::string& model = work->body.model;
  std::optional<double> current;
  if (work->current.model != nullptr) {
    current = work->current_metric.value_or(std::numeric_limits<double>::quiet_NaN());
  }
  Verdict verdict = judge_promotion(work->model_spec(), work->result.metrics, current);
  if (node_.train()->version_in_force(work->model_spec()) != work->current.version) {
    verdict = {false, "another version came into force meanwhile"};
  }
  run.reason = verdict.reason;
  if (!verdict.promote) {
    end(work);
    return;
  }
  node_.train()->promote({model, work->version, "", verdict.reason},
                         [this, work](const Expected<Position>& position) {
                           if (!position) {
                             fail(work, position.error());
                             return;
                           }
                           runs_[work->id].promoted = true;
                           end(work);
                         });
}

void Trainer::fail(const std::shared_ptr<Work>& work, const Error& error) {
  TrainRun& run = runs_[work->id];
  run.error = error.message();
  node_.log.error("a training failed", {{"model", run.model}, {"reason", run.error}});
  run.state = TrainRun::State::failed;
  if (work->hears.begun) std::exchange(work->hears.begun, nullptr)(error);
  end(work);
}

void Trainer::end(const std::shared_ptr<Work>& work) {
  TrainRun& run = runs_[work->id];
  if (run.state != TrainRun::State::failed) run.state = TrainRun::State::done;
  active_.reset();
  if (runs_.size() > kKeptRuns) runs_.erase(runs_.begin());
  if (work->hears.ended) work->hears.ended(run);
}

}  // namespace quintet::host
