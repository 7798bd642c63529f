// Labels beside a result (S5.6): a late one changes no answer, but who reads a result by its id
// sees what has become known. Nothing here is on an event's way to its answer.
#include "host/place_state.h"
#include "stage/render_labels.h"

namespace quintet::host {

namespace {

constexpr std::size_t kPieceReports = 4096;

}  // namespace

// The position behind which records must be folded for the index.
Position Place::State::restore_labels(const StoredParts& opened) {
  if (!labels->wanted()) return durable;
  for (auto at = opened.parts.lower_bound("labels/"); at != opened.parts.end(); ++at) {
    const auto& [name, part] = *at;
    if (!name.starts_with("labels/")) break;
    if (part.opened.head != *usable || part.position <= labels->last()) continue;
    if (const auto read = labels->read_piece(part.opened.body); !read) {
      ignore("snapshot " + name, read.error().message());
      break;
    }
  }
  return labels->last();
}

// False after the last one.
bool Place::State::add_next_label_piece() {
  if (!labels->wanted() || taking.labels) return false;
  taking.labels = labels->unwritten() <= kPieceReports;
  std::string body;
  const auto piece = labels->write_piece(body, kPieceReports);
  if (piece.last >= piece.first) add_part(label_part(piece.first), piece.last, body);
  return true;
}

// A record of the log as it reads under the version in force.
Expected<void> Place::State::decode_at(Position position, stage::Admitted& out) {
  if (position < first_kept()) return expired("the record has left the log");
  TRY_DO(load(position));
  out.record = cached.block.records[static_cast<std::size_t>(position - cached.block.first)];
  TRY(const auto written, version_of(versions, out.record));
  return stage::decode_record(*written, spec(), cached.block.epoch, sealer, out);
}

// As stage/render_labels.h; empty if the event has no labels.
Expected<std::string> Place::State::labels_json(Position position) {
  stage::Admitted event, report;
  TRY_DO(decode_at(position, event));
  const std::vector<int> of =
      event.event.type == nullptr ? std::vector<int>() : spec().labels_of(event.event.type->index);
  if (of.empty()) return std::string();
  event::Arena arena;
  std::vector<std::optional<stage::LabelReport>> reports(of.size());
  for (std::size_t i = 0; i < of.size(); ++i) {
    const app::Label& label = spec().labels[static_cast<std::size_t>(of[i])];
    const Position late = labels->report(position, of[i]);
    if (late != kNoPosition) {
      TRY_DO(decode_at(late, report));
      const auto value = stage::reported(spec(), of[i], report, arena);
      if (value) reports[i] = {late, report.record.time, arena.copy(*value)};
      continue;
    }
    const app::Spec& written = *versions[event.record.app_version - 1];
    for (const event::AttachedLabel& riding : event.record.attached) {
      if (event.labels[i].is_null() || written.labels[riding.label].name != label.name) continue;
      const bool there = decode_at(riding.report, report).has_value();
      reports[i] = {riding.report, there ? report.record.time : kNoTime, event.labels[i]};
    }
  }
  std::string json;
  stage::append_labels(json, spec(), event, reports, parts.clock.wall());
  return json;
}

Expected<std::string> Place::result_with_labels(Position position) {
  TRY(const State::Found found, state_->read(position));
  std::string json = state_->render(found);
  if (found.outcome.status == stage::OutcomeStatus::erased) return json;
  TRY(const std::string labels, state_->labels_json(position));
  stage::put_labels(json, labels);
  return json;
}

}  // namespace quintet::host
