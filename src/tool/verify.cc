#include "tool/verify.h"

#include <map>

#include "host/control_chain.h"
#include "host/log_reading.h"
#include "host/registered_model.h"
#include "host/snapshot_seal.h"
#include "host/vault_sealer.h"
#include "stage/infer.h"
#include "stage/ingest.h"
#include "stage/outcome_reader.h"
#include "stage/render.h"
#include "stage/views.h"

namespace quintet::tool {

namespace {

std::string text_of(const app::RowPlan& plan, std::size_t slot, const event::Value& value) {
  return value.is_null() ? "null" : event::to_text(plan.slot_types[slot], value);
}

// What two outcomes of one position differ in, in words; empty if in nothing that has a name.
std::string difference(const app::Spec& spec, const stage::Outcome& stored,
                       const stage::Outcome& folded) {
  std::string out;
  const auto add = [&](const std::string& name, const std::string& was, const std::string& is) {
    if (was == is) return;
    out += "\n    " + name + ": stored " + was + ", folded " + is;
  };
  const app::RowPlan& plan = spec.rows[folded.event_type];
  for (std::size_t i = 0; i < std::min(stored.slots.size(), folded.slots.size()); ++i) {
    const auto slot = static_cast<std::size_t>(i);
    // Fields belong to the log, slots without a name to no outcome.
    if (slot < spec.events[folded.event_type].fields.size()) continue;
    if (plan.slot_names[slot].empty()) continue;
    add(plan.slot_names[slot], text_of(plan, slot, stored.slots[slot]),
        text_of(plan, slot, folded.slots[slot]));
  }
  for (std::size_t i = 0; i < std::min(stored.cases.size(), folded.cases.size()); ++i) {
    add("case of " + plan.decisions[i].name, std::to_string(stored.cases[i]),
        std::to_string(folded.cases[i]));
  }
  const auto versions = [&](const stage::Outcome& outcome) {
    std::string all;
    for (const auto& used : outcome.models) {
      all += spec.models[used.model].name + " " + std::to_string(used.version) + " ";
    }
    return all.empty() ? std::string("none") : all;
  };
  add("models", versions(stored), versions(folded));
  add("late", stored.late ? "true" : "false", folded.late ? "true" : "false");
  add("errors", std::to_string(stored.faults.size()), std::to_string(folded.faults.size()));
  return out;
}

class Verification {
 public:
  Verification(StoredLog& log, const std::function<void(Position, Position)>& progress)
      : log_(log), progress_(progress), sealer_(log.vault()) {}

  Expected<VerifyReport> run() {
    TRY(const stage::LogEnd end, log_.store().end());
    report_.first = log_.first();
    report_.last = end.last;
    TRY(const bool sound, check_stores(end));
    if (!sound) return std::move(report_);
    TRY(const Position low, log_.store().low_mark());
    if (low != end.last) {
      fault("the log ends at " + std::to_string(end.last) + ", outcomes at " + std::to_string(low));
    }
    TRY(const host::Controls controls, host::read_controls(log_.registry(), kNoPosition));
    last_erase_ = controls.last_erase;
    TRY_DO(read_snapshots(low));
    TRY_DO(find_spans());
    const AppVersion oldest = log_.base() == nullptr ? 0 : log_.base()->version();
    for (std::size_t i = 0; i < spans_.size(); ++i) {
      TRY_DO(spans_[i].version < oldest ? read(spans_[i]) : fold(i));
    }
    report_.results_digest = results_.finish();
    report_.results = results_.count();
    return std::move(report_);
  }

 private:
  // The positions that one application version scored.
  struct Span {
    AppVersion version = 0;
    Position first = kNoPosition, last = kNoPosition;
  };

  void fault(std::string what) { report_.faults.push_back(std::move(what)); }

  // Each by itself, and each copy of the log against the one whose outcomes are compared: the hash
  // of a block covers all before it.
  Expected<bool> check_stores(const stage::LogEnd& end) {
    for (const auto& [name, store] : log_.stores()) {
      const std::string of = name.empty() ? "" : name + ": ";
      if (auto sound = store->verify(); !sound) {
        fault(of + sound.error().message());
        continue;
      }
      TRY(const stage::LogEnd copy, store->end());
      const bool must_be_whole = name == "ingest";
      if (must_be_whole && copy.last != end.last) {
        fault(of + "its log ends at " + std::to_string(copy.last) + ", that of results at " +
              std::to_string(end.last));
      } else if (copy.last == end.last && copy.hash != end.hash) {
        fault(of + "its log is another one than that of results");
      }
    }
    return report_.faults.empty();
  }

  Expected<void> find_spans() {
    return log_.records([&](event::Record&& record, Epoch, const app::Spec*) -> Expected<void> {
      if (spans_.empty() || spans_.back().version != record.app_version) {
        spans_.push_back({record.app_version, record.position, record.position});
      }
      spans_.back().last = record.position;
      return {};
    });
  }

  // Parts of the version in force at the end, by position.
  Expected<void> read_snapshots(Position low) {
    for (const auto& [service, store] : log_.stores()) {
      TRY(const auto found, store->snapshots(low));
      for (const stage::Snapshot& part : found) {
        auto opened = host::open_snapshot(log_.vault(), part);
        if (!opened) {
          fault("snapshot " + part.name + " at " + std::to_string(part.position) + ": " +
                opened.error().message());
          continue;
        }
        if (opened->head.digest != log_.spec()->digest) continue;
        snapshots_.emplace(part.position, std::pair(part.name, std::move(opened->body)));
      }
    }
    return {};
  }

  Expected<void> install_models(stage::Infer& infer) {
    TRY(const auto models, log_.registry().models(true));
    for (const stage::ModelVersion& model : models) {
      if (model.state != stage::ModelState::ready) continue;
      host::install_registered(infer.score(), model);
    }
    return {};
  }

  // What nobody can fold any more is counted into the digest of results all the same.
  Expected<void> read(const Span& span) {
    spec_ = log_.versions()[span.version - 1];
    stage::OutcomeReader stored(log_.store());
    return log_.records([&](event::Record&& record, Epoch, const app::Spec*) -> Expected<void> {
      if (record.position < span.first || record.position > span.last) return {};
      const std::string place = "position " + std::to_string(record.position);
      TRY(const stage::OutcomeView* view, stored.at(record.position));
      if (view == nullptr) {
        differs(place + " has no outcome");
      } else if (view->status != stage::OutcomeStatus::none) {
        ByteReader in(view->bytes);
        TRY(const stage::Outcome was, stage::read_outcome(in, *spec_, record.position));
        add_result(record, was);
        ++report_.before_base;
      }
      return {};
    });
  }

  void add_result(const event::Record& record, const stage::Outcome& outcome) {
    stage::EventFacts facts = stage::facts_of(*spec_, record);
    facts.trace = {};
    json_.clear();
    stage::append_result(json_, *spec_, facts, outcome);
    results_.add(json_);
  }

  // Folds everything up to the end of a span under its version, and compares what it scored.
  Expected<void> fold(std::size_t index) {
    const Span span = spans_[index];
    const bool newest = index + 1 == spans_.size();
    spec_ = log_.versions()[span.version - 1];
    ingest_ = std::make_unique<stage::Ingest>(spec_, span.version, 0, sealer_);
    infer_ = std::make_unique<stage::Infer>(spec_);
    views_ = std::make_unique<stage::Views>(spec_);
    TRY_DO(install_models(*infer_));
    if (log_.base() != nullptr) {
      auto begun = log_.base()->into(log_.from_base(), *ingest_, *infer_);
      if (begun) begun = begin_views();
      if (!begun) {
        fault(begun.error().message());
        return {};
      }
    }
    stage::OutcomeReader stored(log_.store());
    bool stop = false;
    stage::Admitted admitted;
    TRY_DO(log_.records(
        [&](event::Record&& record, Epoch epoch, const app::Spec* written) -> Expected<void> {
          if (stop || record.position > span.last) return {};
          if (written == nullptr) return broken("a record names no application version");
          admitted.record = std::move(record);
          const Position position = admitted.record.position;
          check_stamp(admitted.record);
          TRY_DO(stage::decode_record(*written, *spec_, epoch, sealer_, admitted));
          TRY_DO(ingest_->replay(admitted, *written));
          if (auto applied = infer_->apply(admitted, outcome_); !applied) {
            fault("position " + std::to_string(position) + ": " + applied.error().message());
            stop = true;
            return {};
          }
          if (position >= span.first) TRY_DO(compare(admitted.record, stored));
          if (newest) {
            TRY(const stage::OutcomeView* view, stored.at(position));
            if (view != nullptr) TRY_DO(views_->fold_stored(admitted, *view, log_.versions()));
            TRY_DO(compare_snapshots(position));
          }
          if (progress_ && position % 1024 == 0) progress_(position, report_.last);
          return {};
        }));
    if (newest) {
      infer_->shards().compact(ingest_->low_time());
      report_.state_digest = sha256_hex(infer_->shards().digest() + ingest_->digest());
    }
    return {};
  }

  // As of the log's beginning. Where results are apart they may not have removed as much yet.
  Expected<void> begin_views() {
    Position after = kNoPosition;
    if (const host::Base* base = log_.views_base(); base != nullptr) {
      TRY_DO(base->into(log_.from_views_base(), *views_));
      after = base->cut();
    }
    if (spec_->views.empty() || after >= log_.base()->cut()) return {};
    stage::OutcomeReader stored(log_.store());
    stage::Admitted admitted;
    return host::each_record(
        log_.store(), after + 1, [&](event::Record&& record, Epoch epoch) -> Expected<void> {
          if (record.position >= log_.first()) return {};
          TRY(const stage::OutcomeView* view, stored.at(record.position));
          if (view == nullptr) return {};
          TRY(const auto written, host::version_of(log_.versions(), record));
          admitted.record = std::move(record);
          TRY_DO(stage::decode_record(*written, *spec_, epoch, sealer_, admitted));
          return views_->fold_stored(admitted, *view, log_.versions());
        });
  }

  // What admission wrote into the record follows from the log before it.
  void check_stamp(const event::Record& record) {
    if (record.low_time != ingest_->low_time()) {
      differs("the low time of position " + std::to_string(record.position) + ": stored " +
              std::to_string(record.low_time) + ", folded " + std::to_string(ingest_->low_time()));
    }
    if (record.control != ingest_->last_control()) {
      differs("position " + std::to_string(record.position) + " names control record " +
              std::to_string(record.control) + ", the one before it is " +
              std::to_string(ingest_->last_control()));
    }
  }

  void differs(std::string what) {
    if (++report_.different == 1) fault(std::move(what));
  }

  Expected<void> compare(const event::Record& record, stage::OutcomeReader& stored) {
    const std::string place = "position " + std::to_string(record.position) +
                              (record.id.empty() ? "" : " (" + record.id + ")");
    TRY(const stage::OutcomeView* view, stored.at(record.position));
    if (view == nullptr) {
      differs(place + " has no outcome");
      return {};
    }
    outcome_.app_version = view->app_version;
    stage::OutcomeRunWriter writer;
    writer.add(*spec_, outcome_);
    const stage::OutcomeBytes bytes = writer.take();
    TRY(const auto folded, stage::read_run(bytes));
    if (view->app_version != record.app_version || view->app_version == 0 ||
        view->app_version > log_.versions().size()) {
      differs(place + " was scored under another application version than it was admitted under");
      return {};
    }
    ByteReader in(view->bytes);
    TRY(const stage::Outcome was, stage::read_outcome(in, *spec_, record.position));
    if (view->status != stage::OutcomeStatus::none) add_result(record, was);
    if (view->status == stage::OutcomeStatus::erased) return {};
    if (view->status == outcome_.status && view->bytes == folded.front().bytes) return {};
    if (record.position < last_erase_) {
      ++report_.erased_since;
      return {};
    }
    differs(place + " differs:" + difference(*spec_, was, outcome_));
    return {};
  }

  Expected<void> compare_snapshots(Position position) {
    const auto [begin, end] = snapshots_.equal_range(position);
    for (auto at = begin; at != end; ++at) {
      const auto& [name, body] = at->second;
      if (!name.starts_with("shard/")) continue;
      ++report_.snapshots;
      const auto shard = static_cast<ShardId>(std::stoi(name.substr(6)));
      if (shard >= kShardCount) continue;
      infer_->shards().compact(shard, ingest_->low_time());
      if (infer_->shards().write(shard) != body) {
        fault("snapshot " + name + " at " + std::to_string(position) +
              " is not the fold of the log up to there");
      }
    }
    for (auto at = begin; at != end; ++at) {
      const auto& [name, body] = at->second;
      if (name == "ingest") TRY_DO(compare_ingest(body));
      if (name.starts_with("views/")) compare_view(name, position, body);
    }
    return {};
  }

  void compare_view(const std::string& name, Position position, std::string_view body) {
    ++report_.snapshots;
    const std::string view = name.substr(6, name.rfind('/') - 6);
    const auto piece = stage::Views::piece_of(body);
    bool same = false;
    for (std::size_t i = 0; piece && i < spec_->views.size(); ++i) {
      same |= spec_->views[i].name == view && views_->write(i, *piece) == body;
    }
    if (same) return;
    fault("snapshot " + name + " at " + std::to_string(position) +
          " is not the fold of the results up to there" +
          (piece ? "" : ": " + piece.error().message()));
  }

  Expected<void> compare_ingest(std::string_view body) {
    ++report_.snapshots;
    const std::string place = "snapshot ingest at " + std::to_string(ingest_->last());
    ByteReader outer(body);
    const std::string_view own = outer.raw(outer.varint());
    ByteReader in(own);
    stage::Ingest read(spec_, 0, 0, sealer_);
    auto done = read.read_core(in);
    for (const auto& [position, part] : snapshots_) {
      if (!done || !part.first.starts_with("ids/")) continue;
      done = read.read_piece(part.second, log_.first());
    }
    if (!done) {
      fault(place + ": " + done.error().message());
      return {};
    }
    read.finish_reading();
    if (read.digest() != ingest_->digest()) {
      fault(place + " is not the fold of the log up to there");
    }
    return {};
  }

  StoredLog& log_;
  const std::function<void(Position, Position)>& progress_;
  host::VaultSealer sealer_;
  VerifyReport report_;
  ResultsDigest results_;
  Position last_erase_ = kNoPosition;
  std::vector<Span> spans_;
  std::multimap<Position, std::pair<std::string, std::string>> snapshots_;  // name, body
  std::shared_ptr<const app::Spec> spec_;
  std::unique_ptr<stage::Ingest> ingest_;
  std::unique_ptr<stage::Infer> infer_;
  std::unique_ptr<stage::Views> views_;
  stage::Outcome outcome_;
  std::string json_;
};

}  // namespace

Expected<VerifyReport> verify(StoredLog& log,
                              const std::function<void(Position, Position)>& progress) {
  return Verification(log, progress).run();
}

}  // namespace quintet::tool
