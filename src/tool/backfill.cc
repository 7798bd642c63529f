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
// Events that go together from one stage to the next: state follows from the log alone, so folding
// waits for no score. What a batch touches is fetched ahead, and a model scores its rows at once.
constexpr std::size_t kBatch = 32;

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

struct Given {
  event::Event event;
  std::string line;
  std::uint64_t number = 0;
};

struct Folded {
  stage::Admitted admitted;
  stage::Part part;
  stage::Outcome outcome;
  Micros time = 0;
};

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
    for (Folded& each : folded_) answered_.push_back(&each.outcome);
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
    for (bool more = true; more;) {
      TRY(more, read(*source, counted));
      TRY_DO(admit(on_bad));
      TRY_DO(fold());
      TRY_DO(answer());
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
      ingest_.control(kind, stage::write_application(body), kNoTime, control_);
      TRY_DO(infer_.fold(control_));
    }
    return {};
  }

  Expected<void> install_models() {
    for (const auto& [name, model] : options_.models) {
      TRY_DO(infer_.score().install(name, 1, model));
      ingest_.control(event::RecordKind::promote,
                      stage::write_promotion({name, 1, model->digest(), "given"}), kNoTime,
                      control_);
      TRY_DO(infer_.fold(control_));
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

  // Fills the batch, as far as there are events; false after the last one.
  Expected<bool> read(EventSource& source, const EventSource::OnBad& on_bad) {
    for (read_ = 0; read_ < kBatch; ++read_) {
      Given& next = given_[read_];
      TRY(const bool any, source.next(next.event, on_bad));
      if (!any) return false;
      next.line = source.line();
      next.number = ++report_.events;
      progress_.at(source.bytes_read(), source.bytes_total(), report_.events);
    }
    return true;
  }

  Expected<void> admit(const EventSource::OnBad& on_bad) {
    const auto given = std::span(given_).first(read_);
    for (const Given& each : given) ingest_.fetch(each.event);
    for (Given& each : given) {
      Folded& next = folded_[waiting_];
      event::Event spare = std::move(next.admitted.event);  // its memory serves another event
      next.time = each.event.time == kNoTime ? 0 : each.event.time;
      // The clock of a backfill is the event's own time: nothing is ahead of it.
      stage::Admission admission =
          ingest_.offer({std::move(each.event), false, {}}, next.time, next.admitted);
      each.event = std::move(spare);
      switch (admission.what) {
        case stage::Admission::What::admitted: ++waiting_; break;
        case stage::Admission::What::repeated: ++report_.repeated; break;
        case stage::Admission::What::refused:
          ++report_.refused;
          TRY_DO(on_bad({"", each.number, std::move(admission.error), each.line}));
      }
    }
    return {};
  }

  Expected<void> fold() {
    const auto waiting = std::span(folded_).first(waiting_);
    for (int step = 0; step < feature::kFetchSteps; ++step) {
      for (Folded& each : waiting) infer_.shards().fetch(each.admitted, step);
    }
    for (Folded& each : waiting) TRY_DO(infer_.join(each.admitted, each.part, each.outcome));
    return {};
  }

  // Scores what was folded and writes it, in order.
  Expected<void> answer() {
    infer_.answer(std::span(answered_).first(waiting_));
    bytes_.clear();
    ByteWriter writer(bytes_);
    for (const Folded& each : std::span(folded_).first(waiting_)) {
      stage::write_outcome(writer, spec_, each.outcome);
      if (each.outcome.status != stage::OutcomeStatus::result || each.time < options_.from)
        continue;
      ++report_.written;
      if (output_ == nullptr) continue;
      write_line(each);
      TRY_DO(output_->spill(kSpillBytes));
    }
    sha_.add(bytes_);
    waiting_ = 0;
    return {};
  }

  void write_line(const Folded& row) {
    std::string& text = output_->text();
    text += row.admitted.event.type->name;
    append_cell(text, event::Type::of(event::Kind::text),
                event::Value::text(row.admitted.record.id));
    text += ',';
    text += std::to_string(row.outcome.position);
    for (std::size_t type = 0; type < spec_.rows.size(); ++type) {
      if (type != row.outcome.event_type) {
        text.append(shown_[type].size(), ',');
        continue;
      }
      for (const app::Slot slot : shown_[type]) {
        const auto i = static_cast<std::size_t>(slot);
        append_cell(text, spec_.rows[type].slot_types[i], row.outcome.slots[i]);
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
  stage::Admitted control_;
  std::vector<Given> given_{kBatch};
  std::size_t read_ = 0;  // of given_
  std::vector<Folded> folded_{kBatch};
  std::size_t waiting_ = 0;  // of folded_, those without an answer yet
  std::vector<stage::Outcome*> answered_;
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
