// Labels beside a result (S5.6): a late one changes no answer that was given, but who reads a
// result by its id sees what has become known. Nothing here is on an event's way to its answer.
#include <algorithm>

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

// A result, its event and what is told of it.
struct Answers::Labelled {
  std::string json;
  stage::Admitted event;
  std::vector<int> of;  // labels, of Spec::labels
  std::vector<std::optional<stage::LabelReport>> reports;
};

// A record to be read, for label number `label` of its event.
struct Answers::Needed {
  Position report = kNoPosition;
  Labelled* row = nullptr;
  std::size_t label = 0;
  bool riding = false;  // the event has its value already
};

// Renders a result; its labels, if it has any, lack what is in `needed`.
Expected<void> Answers::begin_labels(Position position, Labelled& row,
                                     std::vector<Needed>& needed) {
  TRY(const Found found, read(position));
  row.json = render(found);
  if (found.outcome.status == stage::OutcomeStatus::erased || spec().labels.empty()) return {};
  TRY_DO(decode_at(position, row.event));
  if (row.event.event.type == nullptr) return {};
  row.of = spec().labels_of(row.event.event.type->index);
  row.reports.resize(row.of.size());
  for (std::size_t i = 0; i < row.of.size(); ++i) {
    const Position late = labels_->report(position, row.of[i]);
    if (late != kNoPosition) {
      needed.push_back({late, &row, i, false});
      continue;
    }
    const app::Label& label = spec().labels[static_cast<std::size_t>(row.of[i])];
    const event::Record& record = row.event.record;
    const app::Spec& written = *parts_.versions[record.app_version - 1];
    for (const event::AttachedLabel& riding : record.attached) {
      if (row.event.labels[i].is_null()) continue;
      if (written.labels[riding.label].name != label.name) continue;
      needed.push_back({riding.report, &row, i, true});
    }
  }
  return {};
}

Expected<void> Answers::add_report(const Needed& needed, stage::Admitted& report,
                                   event::Arena& arena) {
  Labelled& row = *needed.row;
  auto& out = row.reports[needed.label];
  const auto there = decode_at(needed.report, report);
  if (needed.riding) {
    const Micros time = there ? report.record.time : kNoTime;
    out = {needed.report, time, row.event.labels[needed.label]};
    return {};
  }
  TRY_DO(there);
  const auto value = stage::reported(spec(), row.of[needed.label], report, arena);
  if (value) out = {needed.report, report.record.time, arena.copy(*value)};
  return {};
}

Expected<Answers::Page> Answers::with_labels(const Selected& selected, Micros at) {
  std::vector<Labelled> rows(selected.positions.size());
  std::vector<Needed> needed;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    TRY_DO(begin_labels(selected.positions[i], rows[i], needed));
  }
  // A block is read once for all its reports.
  std::stable_sort(needed.begin(), needed.end(), [](const Needed& one, const Needed& other) {
    return one.report < other.report;
  });
  event::Arena arena;
  stage::Admitted report;
  for (const Needed& one : needed) TRY_DO(add_report(one, report, arena));
  if (at == kNoTime) at = parts_.clock.wall();
  Page page;
  page.next = selected.next;
  std::string labels;
  for (Labelled& row : rows) {
    labels.clear();
    if (!row.of.empty()) stage::append_labels(labels, spec(), row.event, row.reports, at);
    stage::put_labels(row.json, labels);
    page.results.push_back(std::move(row.json));
  }
  return page;
}

Expected<std::string> Answers::result_with_labels(Position position) {
  TRY(Page page, with_labels({{position}, kNoPosition}, kNoTime));
  return std::move(page.results.front());
}

Expected<std::vector<std::string>> Answers::key_names(std::span<const Position> positions) {
  std::vector<std::string> names;
  std::vector<Position> reports;
  for (const Position position : positions) {
    TRY(const Found found, read(position));
    add_key_names(*found.record, names);
    for (const event::AttachedLabel& riding : found.record->attached) {
      reports.push_back(riding.report);
    }
    for (std::size_t i = 0; i < spec().labels.size(); ++i) {
      const Position late = labels_->report(position, static_cast<int>(i));
      if (late != kNoPosition) reports.push_back(late);
    }
  }
  std::sort(reports.begin(), reports.end());
  for (const Position report : reports) {
    if (report < first_) continue;
    TRY(const Recent* const recent, load(report));
    const event::Block& block = recent->block;
    add_key_names(block.records[static_cast<std::size_t>(report - block.first)], names);
  }
  return names;
}

}  // namespace quintet::host
