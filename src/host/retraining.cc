#include "host/retraining.h"

#include "base/civil.h"
#include "base/json_out.h"
#include "expr/ast.h"
#include "host/control_chain.h"
#include "host/training_log.h"
#include "host/vault_sealer.h"
#include "store/log_reader.h"

namespace quintet::host {

namespace {

constexpr Micros kLookEvery = kSecond;
constexpr Micros kAgainAfter = kMinute;  // what could not be started
// Drift is looked at after so many positions at least, and after a tenth of the log.
constexpr Position kDriftPositions = 1'000;
constexpr Position kDriftShare = 10;

bool has_rules(const app::Spec& spec) {
  for (const app::ModelSpec& model : spec.models) {
    if (model.retrain) return true;
  }
  return false;
}

// Labels of one name that a record brings.
class LabelCount {
 public:
  LabelCount(const TrainingLog& log, stage::Vault& vault, int label)
      : log_(log), sealer_(vault), label_(log.spec->labels[static_cast<std::size_t>(label)]) {
    const std::vector<int> labels = log.spec->labels_of(label_.of);
    while (labels[place_] != label) ++place_;
  }

  // The record is of the log that the count is made over.
  Expected<std::int64_t> in(const event::Record& record, Epoch epoch, const app::Spec& written) {
    std::int64_t count = 0;
    for (const event::LabelTarget& target : record.targets) count += is_it(written, target.label);
    for (const event::AttachedLabel& label : record.attached) count += is_it(written, label.label);
    if (label_.field < 0 || event::is_control(record.kind)) return count;
    const event::EventType& type = written.events[record.event_type];
    if (type.name != log_.spec->events[static_cast<std::size_t>(label_.of)].name) return count;
    admitted_.record = record;
    stage::TrainingRows::make_asking(admitted_.record);
    TRY_DO(stage::decode_record(written, *log_.spec, epoch, sealer_, admitted_));
    return count + (admitted_.labels[place_].is_null() ? 0 : 1);
  }

 private:
  int is_it(const app::Spec& written, std::uint16_t label) const {
    return label < written.labels.size() && written.labels[label].name == label_.name ? 1 : 0;
  }

  const TrainingLog& log_;
  VaultSealer sealer_;
  const app::Label& label_;
  std::size_t place_ = 0;  // in Spec::labels_of
  stage::Admitted admitted_;
};

}  // namespace

std::string reason_to_retrain(const app::RetrainRules& rules, const RetrainWatch& watch,
                              Micros now) {
  if (rules.every > 0 && watch.at != kNoTime && now - watch.at >= rules.every) {
    return "every " + expr::print_duration(rules.every);
  }
  const std::string since = watch.since == kNoPosition ? " since the log began"
                                                       : " since the last training, at position " +
                                                             std::to_string(watch.since);
  if (rules.labels > 0 && watch.labels >= rules.labels) {
    return std::to_string(watch.labels) + " labels" + since;
  }
  if (rules.drift > 0 && watch.drift && *watch.drift >= rules.drift) {
    std::string reason = "drift ";
    JsonWriter(reason).real(*watch.drift);
    return reason + " of " + watch.drift_input + since;
  }
  return {};
}

std::string to_json(const app::ModelSpec& model, const RetrainWatch& watch) {
  const app::RetrainRules& rules = *model.retrain;
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("model", model.name);
  if (watch.since != kNoPosition) json.key("since").uint64(watch.since);
  if (rules.every > 0) {
    json.field("every", expr::print_duration(rules.every));
    if (watch.at != kNoTime) json.field("next", format_time(watch.at + rules.every));
  }
  if (rules.labels > 0) {
    json.key("labels").int64(rules.labels).key("labels_since").int64(watch.labels);
  }
  if (rules.drift > 0) {
    json.key("drift").real(rules.drift).key("drift_since");
    watch.drift ? json.real(*watch.drift) : json.null();
    if (watch.drift) json.field("drift_input", watch.drift_input);
  }
  json.end_object();
  return out;
}

// Made on the loop, then the thread's until it posts back.
struct Retraining::Look {
  TrainingLog log;
  Position after = kNoPosition, last = kNoPosition;
  std::map<std::string, RetrainWatch> watches;
  std::vector<int> drift_of;  // Spec::models
  std::optional<Error> failed;

  Expected<void> perform(stage::Vault& vault, const std::atomic<bool>& called_off);
  Expected<void> read_controls_of(stage::LogSource& source);
  Expected<void> count_labels(stage::LogSource& source, stage::Vault& vault, Position first,
                              const std::atomic<bool>& called_off);
  Expected<void> measure(int model, stage::Vault& vault, const std::atomic<bool>& called_off);
};

Expected<void> Retraining::Look::perform(stage::Vault& vault, const std::atomic<bool>& called_off) {
  TRY(const auto source, store::open_log_reader(log.data_directory));
  TRY(const stage::LogEnd end, source->end());
  if (end.last < last) return unavailable("the log is not as far as was said");
  TRY_DO(read_controls_of(*source));
  TRY_DO(count_labels(*source, vault, std::max(after + 1, end.first), called_off));
  for (const int model : drift_of) TRY_DO(measure(model, vault, called_off));
  log.held.reset();
  return {};
}

// The newest train record of each model, and when the application came into force.
Expected<void> Retraining::Look::read_controls_of(stage::LogSource& source) {
  std::map<std::string, Position> newest;
  std::optional<Micros> activated;
  const auto each = [&](event::Record&& record) -> Expected<bool> {
    if (record.position > last) return true;
    if (record.kind == event::RecordKind::activate && !activated) activated = record.admitted_at;
    if (record.kind != event::RecordKind::train) return true;
    TRY(const stage::TrainBody body, stage::read_train(record.plain));
    const auto watch = watches.find(body.model);
    if (watch == watches.end() || !newest.emplace(body.model, record.position).second) return true;
    watch->second = {record.position, record.admitted_at, 0, {}, {}};
    return true;
  };
  TRY_DO(each_control_back(source, after, each));
  for (auto& [model, watch] : watches) {
    if (watch.at == kNoTime && activated) watch.at = *activated;
  }
  return {};
}

Expected<void> Retraining::Look::count_labels(stage::LogSource& source, stage::Vault& vault,
                                              Position first, const std::atomic<bool>& called_off) {
  std::vector<std::pair<RetrainWatch*, LabelCount>> counts;
  Position begin = last + 1;
  for (const app::ModelSpec& model : log.spec->models) {
    if (!model.retrain || model.retrain->labels == 0) continue;
    RetrainWatch& watch = watches.at(model.name);
    counts.emplace_back(std::piecewise_construct, std::tuple(&watch),
                        std::tuple(std::cref(log), std::ref(vault), model.train->label));
    begin = std::min(begin, std::max(first, watch.since + 1));
  }
  const auto each = [&](event::Record&& record, Epoch epoch,
                        const app::Spec& written) -> Expected<void> {
    for (auto& [watch, count] : counts) {
      if (record.position <= watch->since) continue;
      TRY(const std::int64_t labels, count.in(record, epoch, written));
      watch->labels += labels;
    }
    return {};
  };
  return counts.empty() ? Expected<void>() : log.read(source, begin, last, called_off, each);
}

Expected<void> Retraining::Look::measure(int model, stage::Vault& vault,
                                         const std::atomic<bool>& called_off) {
  const app::ModelSpec& spec = log.spec->models[static_cast<std::size_t>(model)];
  RetrainWatch& watch = watches.at(spec.name);
  stage::TrainingRows rows(log.spec, model);
  TRY_DO(log.fold(vault, last, called_off, rows));
  const std::size_t width = spec.inputs.size();
  const auto [before, after] = rows.split_at(watch.since);
  const auto drift = learn::measure_drift(before, after, width);
  watch.drift.reset();
  if (!drift) return {};
  watch.drift = drift->index;
  watch.drift_input = spec.input_names[drift->input];
  return {};
}

Retraining::Retraining(Node& node, stage::Vault& vault, Trainer& trainer)
    : node_(node), vault_(vault), trainer_(trainer), alive_(std::make_shared<char>()) {
  timer_ = node_.loop.every(kLookEvery, [this] { look(); });
}

Retraining::~Retraining() {
  called_off_ = true;
  if (thread_.joinable()) thread_.join();
}

std::string Retraining::json() const {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  TrainRole* role = node_.train();
  if (role != nullptr && spec_ == &role->spec()) {
    for (const app::ModelSpec& model : spec_->models) {
      if (model.retrain) json.raw(to_json(model, watches_.at(model.name)));
    }
  }
  json.end_array();
  return out;
}

void Retraining::look() {
  TrainRole* role = node_.train();
  if (role == nullptr || looking_ || trainer_.busy() || node_.draining) return;
  const app::Spec& spec = role->spec();
  if (!has_rules(spec)) return;
  if (spec_ != &spec) {  // another version, or the place was opened anew
    spec_ = &spec;
    seen_ = kNoPosition;
    watches_.clear();
    drift_at_.clear();
    for (const app::ModelSpec& model : spec.models) {
      if (model.retrain) watches_[model.name];
    }
  }
  if (role->last() == seen_) return start_due();
  auto work = std::make_shared<Look>();
  work->log = TrainingLog::of(*role, node_.data_directory);
  work->after = seen_;
  work->last = role->last();
  work->watches = watches_;
  for (const app::ModelSpec& model : spec.models) {
    if (drift_is_due(model, work->last)) work->drift_of.push_back(model.index);
  }
  looking_ = true;
  if (work->drift_of.empty()) return read(std::move(work));
  role->known_models([this, work, alive = std::weak_ptr<char>(alive_)](
                         Expected<std::vector<TrainRole::KnownModel>> known) {
    if (alive.expired()) return;
    if (!known) {
      work->failed = known.error();
      return looked(work);
    }
    work->log.known = *std::move(known);
    read(work);
  });
}

bool Retraining::drift_is_due(const app::ModelSpec& model, Position last) const {
  if (!model.retrain || model.retrain->drift == 0) return false;
  const Position since = watches_.at(model.name).since;
  if (since == kNoPosition || last < since + learn::kDriftRows) return false;
  const auto before = drift_at_.find(model.name);
  const Position at = before == drift_at_.end() ? kNoPosition : before->second;
  return last >= at + std::max(kDriftPositions, last / kDriftShare);
}

void Retraining::read(std::shared_ptr<Look> work) {
  thread_ = std::thread([this, work = std::move(work), alive = std::weak_ptr<char>(alive_)] {
    if (const auto done = work->perform(vault_, called_off_); !done) work->failed = done.error();
    node_.loop.post([this, work, alive] {
      if (!alive.expired()) looked(work);
    });
  });
}

void Retraining::looked(const std::shared_ptr<Look>& work) {
  if (thread_.joinable()) thread_.join();
  looking_ = false;
  if (work->failed) {
    node_.log.warn("the log could not be looked at for trainings",
                   {{"reason", work->failed->message()}});
    not_before_ = node_.clock.steady() + kAgainAfter;
    return;
  }
  if (node_.train() == nullptr || spec_ != &node_.train()->spec()) return;
  seen_ = work->last;
  watches_ = std::move(work->watches);
  for (const int model : work->drift_of) {
    drift_at_[spec_->models[static_cast<std::size_t>(model)].name] = seen_;
  }
  start_due();
}

void Retraining::start_due() {
  if (trainer_.busy() || node_.clock.steady() < not_before_) return;
  // Of several the one that has waited longest: none keeps the others from their turn.
  TrainOrder order;
  Micros oldest = 0;
  for (const app::ModelSpec& model : spec_->models) {
    if (!model.retrain) continue;
    const RetrainWatch& watch = watches_.at(model.name);
    // The record of a run that has ended may not have come here yet.
    const auto is_newer = [&](const auto& run) {
      return run.second.model == model.name && run.second.position > watch.since;
    };
    if (std::any_of(trainer_.runs().begin(), trainer_.runs().end(), is_newer)) continue;
    std::string reason = reason_to_retrain(*model.retrain, watch, node_.clock.wall());
    if (reason.empty() || (!order.model.empty() && watch.at >= oldest)) continue;
    order.model = model.name;
    order.because = std::move(reason);
    oldest = watch.at;
  }
  if (order.model.empty()) return;
  node_.log.info("a training begins", {{"model", order.model}, {"because", order.because}});
  if (const auto run = trainer_.start(order); !run) {
    node_.log.warn("a training could not begin",
                   {{"model", order.model}, {"reason", run.error().message()}});
    not_before_ = node_.clock.steady() + kAgainAfter;
  }
}

}  // namespace quintet::host
