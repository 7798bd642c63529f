#include "tool/backfill.h"

#include "base/digest.h"
#include "stage/control.h"
#include "stage/infer.h"
#include "stage/ingest.h"
#include "tool/output.h"
#include "tool/unsealed.h"

namespace quintet::tool {

namespace {

constexpr std::size_t kSpillBytes = std::size_t{1} << 20;

// Slots that a line shows, in the order columns, predictions, decisions.
std::vector<app::Slot> shown_slots(const app::Spec& spec, const app::RowPlan& plan) {
  std::vector<app::Slot> slots;
  for (const app::Column& column : plan.columns) slots.push_back(column.slot);
  for (const int model : plan.models) {
    for (const auto& output : spec.models[static_cast<std::size_t>(model)].outputs) {
      slots.push_back(output.slot);
    }
  }
  for (const app::Decision& decision : plan.decisions) slots.push_back(decision.slot);
  return slots;
}

class Run {
 public:
  Run(const BackfillOptions& options, Progress& progress)
      : options_(options),
        spec_(*options.spec),
        progress_(progress),
        ingest_(options.spec, 1, 1, sealer_),
        infer_(options.spec) {
    for (const app::RowPlan& plan : spec_.rows) shown_.push_back(shown_slots(spec_, plan));
    ingest_.keep_no_blocks();
  }

  Expected<BackfillReport> perform(const EventSource::OnBad& on_bad) {
    TRY_DO(begin_log());
    TRY_DO(install_models());
    TRY(const auto source, EventSource::open(spec_, options_.inputs, options_.pseudonym_key));
    if (!options_.output.empty()) {
      TRY(output_, Output::open(options_.output, Output::Show::when_whole));
      write_header();
    }
    const EventSource::OnBad counted = [&](const BadLine& bad) {
      ++report_.bad_lines;
      return on_bad(bad);
    };
    event::Event event;
    for (;;) {
      TRY(const bool any, source->next(event, counted));
      if (!any) break;
      TRY_DO(one(event, *source, on_bad));
      progress_.at(source->bytes_read(), source->bytes_total(), report_.events);
    }
    if (output_ != nullptr) TRY_DO(output_->close());
    report_.digest = to_hex(bytes_of(sha_.finish()));
    report_.state_digest = infer_.shards().digest();
    progress_.finish(report_.events);
    return report_;
  }

 private:
  // A log begins with its application (S1.1); positions, and with them low times, are a run's.
  Expected<void> begin_log() {
    stage::ApplicationBody body;
    body.version = 1;
    body.digest = spec_.digest;
    for (const auto kind : {event::RecordKind::application, event::RecordKind::activate}) {
      ingest_.control(kind, stage::write_application(body), kNoTime, admitted_);
      TRY_DO(infer_.apply(admitted_, outcome_));
    }
    return {};
  }

  Expected<void> install_models() {
    for (const auto& [name, model] : options_.models) {
      TRY_DO(infer_.score().install(name, 1, model));
      ingest_.control(event::RecordKind::promote,
                      stage::write_promotion({name, 1, model->digest(), "given"}), kNoTime,
                      admitted_);
      TRY_DO(infer_.apply(admitted_, outcome_));
    }
    return {};
  }

  // Each event type with rows has its columns; cells that a line's type lacks are empty.
  void write_header() {
    std::string& text = output_->text();
    text += "event,id,position";
    for (std::size_t type = 0; type < spec_.rows.size(); ++type) {
      for (const app::Slot slot : shown_[type]) {
        text += ',';
        text += spec_.rows[type].slot_names[static_cast<std::size_t>(slot)];
      }
    }
    text += '\n';
  }

  Expected<void> one(event::Event& event, const EventSource& source,
                     const EventSource::OnBad& on_bad) {
    const Micros time = event.time == kNoTime ? 0 : event.time;
    ++report_.events;
    // The clock of a backfill is the event's own time: nothing is ahead of it.
    stage::Admission admission = ingest_.offer({std::move(event), false, {}}, time, admitted_);
    if (admission.what == stage::Admission::What::refused) {
      ++report_.refused;
      return on_bad({"", report_.events, std::move(admission.error), source.line()});
    }
    if (admission.what == stage::Admission::What::repeated) {
      ++report_.repeated;
      return {};
    }
    TRY_DO(infer_.apply(admitted_, outcome_));
    bytes_.clear();
    ByteWriter writer(bytes_);
    stage::write_outcome(writer, spec_, outcome_);
    sha_.add(bytes_);
    if (outcome_.status == stage::OutcomeStatus::result && time >= options_.from) {
      ++report_.written;
      if (output_ != nullptr) {
        write_line();
        TRY_DO(output_->spill(kSpillBytes));
      }
    }
    std::swap(event, admitted_.event);  // its memory serves the next event
    return {};
  }

  void write_line() {
    std::string& text = output_->text();
    text += admitted_.event.type->name;
    append_cell(text, event::Type::of(event::Kind::text), event::Value::text(admitted_.record.id));
    text += ',';
    text += std::to_string(outcome_.position);
    for (std::size_t type = 0; type < spec_.rows.size(); ++type) {
      if (type != outcome_.event_type) {
        text.append(shown_[type].size(), ',');
        continue;
      }
      for (const app::Slot slot : shown_[type]) {
        const auto i = static_cast<std::size_t>(slot);
        append_cell(text, spec_.rows[type].slot_types[i], outcome_.slots[i]);
      }
    }
    text += '\n';
  }

  const BackfillOptions& options_;
  const app::Spec& spec_;
  Progress& progress_;
  Unsealed sealer_;
  stage::Ingest ingest_;
  stage::Infer infer_;
  stage::Admitted admitted_;
  stage::Outcome outcome_;
  std::vector<std::vector<app::Slot>> shown_;
  std::unique_ptr<Output> output_;
  std::string bytes_;
  Sha256 sha_;
  BackfillReport report_;
};

}  // namespace

Expected<BackfillReport> backfill(const BackfillOptions& options, Progress& progress,
                                  const EventSource::OnBad& on_bad) {
  return Run(options, progress).perform(on_bad);
}

}  // namespace quintet::tool
