// Labels beside a result (S5.6): a late one changes no answer that was given, but who reads a
// result by its id sees what has become known. Nothing here is on an event's way to its answer.
#include "host/answers.h"
#include "host/vault_sealer.h"
#include "stage/render_labels.h"

namespace quintet::host {

namespace {

constexpr std::size_t kPieceReports = 4096;

}  // namespace

// The position behind which records must be folded for the index.
Position Answers::restore_labels(const From& from) {
  if (!labels_->wanted()) return durable_;
  const auto& parts = from.stored->parts;
  for (auto at = parts.lower_bound("labels/"); at != parts.end(); ++at) {
    const auto& [name, part] = *at;
    if (!name.starts_with("labels/")) break;
    if (part.opened.head != *from.usable || part.position <= labels_->last()) continue;
    if (const auto read = labels_->read_piece(part.opened.body); !read) {
      from.ignore("snapshot " + name, read.error().message());
      break;
    }
  }
  return labels_->last();
}

// False after the last one.
bool Answers::add_next_label_piece(const AddPart& add) {
  if (!labels_->wanted() || taking_.labels) return false;
  taking_.labels = labels_->unwritten() <= kPieceReports;
  std::string body;
  const auto piece = labels_->write_piece(body, kPieceReports);
  if (piece.last >= piece.first) add(label_part(piece.first), piece.last, body);
  return true;
}

// A record of the log as it reads under the version in force.
Expected<void> Answers::decode_at(Position position, stage::Admitted& out) {
  if (position < first_) return expired("the record has left the log");
  TRY(const Recent* const recent, load(position));
  const event::Block& block = recent->block;
  out.record = block.records[static_cast<std::size_t>(position - block.first)];
  TRY(const auto written, version_of(parts_.versions, out.record));
  return stage::decode_record(*written, spec(), block.epoch, parts_.sealer, out);
}

// As stage/render_labels.h; empty if the event has no labels.
Expected<std::string> Answers::labels_json(Position position, Micros at) {
  if (spec().labels.empty()) return std::string();
  stage::Admitted event, report;
  TRY_DO(decode_at(position, event));
  const std::vector<int> of =
      event.event.type == nullptr ? std::vector<int>() : spec().labels_of(event.event.type->index);
  if (of.empty()) return std::string();
  event::Arena arena;
  std::vector<std::optional<stage::LabelReport>> reports(of.size());
  for (std::size_t i = 0; i < of.size(); ++i) {
    const app::Label& label = spec().labels[static_cast<std::size_t>(of[i])];
    const Position late = labels_->report(position, of[i]);
    if (late != kNoPosition) {
      TRY_DO(decode_at(late, report));
      const auto value = stage::reported(spec(), of[i], report, arena);
      if (value) reports[i] = {late, report.record.time, arena.copy(*value)};
      continue;
    }
    const app::Spec& written = *parts_.versions[event.record.app_version - 1];
    for (const event::AttachedLabel& riding : event.record.attached) {
      if (event.labels[i].is_null() || written.labels[riding.label].name != label.name) continue;
      const bool there = decode_at(riding.report, report).has_value();
      reports[i] = {riding.report, there ? report.record.time : kNoTime, event.labels[i]};
    }
  }
  std::string json;
  stage::append_labels(json, spec(), event, reports, at == kNoTime ? parts_.clock.wall() : at);
  return json;
}

Expected<std::vector<std::string>> Answers::key_names(Position position) {
  std::vector<std::string> names;
  TRY(const Found found, read(position));
  add_key_names(*found.record, names);
  std::vector<Position> reports;
  for (const event::AttachedLabel& riding : found.record->attached)
    reports.push_back(riding.report);
  for (std::size_t i = 0; i < spec().labels.size(); ++i) {
    const Position late = labels_->report(position, static_cast<int>(i));
    if (late != kNoPosition) reports.push_back(late);
  }
  for (const Position report : reports) {
    if (report < first_) continue;
    TRY(const Recent* const recent, load(report));
    const event::Block& block = recent->block;
    add_key_names(block.records[static_cast<std::size_t>(report - block.first)], names);
  }
  return names;
}

Expected<std::string> Answers::result_with_labels(Position position, Micros at) {
  TRY(const Found found, read(position));
  std::string json = render(found);
  if (found.outcome.status == stage::OutcomeStatus::erased) return json;
  TRY(const std::string labels, labels_json(position, at));
  stage::put_labels(json, labels);
  return json;
}

Expected<Answers::Page> Answers::with_labels(const Selected& selected, Micros at) {
  Page page;
  page.next = selected.next;
  for (const Position position : selected.positions) {
    TRY(std::string json, result_with_labels(position, at));
    page.results.push_back(std::move(json));
  }
  return page;
}

}  // namespace quintet::host
