#include "stage/label_index.h"

#include <algorithm>
#include <tuple>

namespace quintet::stage {

LabelIndex::LabelIndex(std::shared_ptr<const app::Spec> spec) : spec_(std::move(spec)) {
  wanted_ = std::any_of(spec_->labels.begin(), spec_->labels.end(),
                        [](const app::Label& label) { return label.report >= 0; });
}

std::uint64_t LabelIndex::key(Position event, std::uint64_t label) const {
  return event * spec_->labels.size() + label;
}

void LabelIndex::put(const Report& report) {
  reports_[key(report.event, report.label)] = report.report;
}

void LabelIndex::reports_of(const event::Record& record, const app::Spec& written,
                            std::vector<Report>& out) const {
  for (const event::LabelTarget& target : record.targets) {
    if (target.label >= written.labels.size()) continue;
    const int label = spec_->label_index(written.labels[target.label].name);
    if (label < 0 || spec_->labels[static_cast<std::size_t>(label)].report < 0) continue;
    out.push_back({target.position, static_cast<std::uint64_t>(label), record.position});
  }
}

void LabelIndex::add(std::span<const Report> reports, Position last) {
  for (const Report& report : reports) {
    if (report.event <= cut_) continue;
    put(report);
    unwritten_.push_back(report);
  }
  last_ = std::max(last_, last);
}

void LabelIndex::begin_after(Position cut) {
  if (cut <= cut_) return;
  cut_ = cut;
  const std::uint64_t labels = std::max<std::uint64_t>(spec_->labels.size(), 1);
  std::erase_if(reports_, [&](const auto& one) { return one.first / labels <= cut; });
  std::erase_if(unwritten_, [&](const Report& one) { return one.event <= cut; });
  last_ = std::max(last_, cut);
  written_ = std::max(written_, cut);
}

Position LabelIndex::report(Position event, int label) const {
  const auto found = reports_.find(key(event, static_cast<std::uint64_t>(label)));
  return found == reports_.end() ? kNoPosition : found->second;
}

LabelIndex::Piece LabelIndex::write_piece(std::string& bytes, std::size_t most) {
  std::size_t count = std::min(most, unwritten_.size());
  // All of one report go into one piece.
  while (count > 0 && count < unwritten_.size() &&
         unwritten_[count].report == unwritten_[count - 1].report) {
    ++count;
  }
  const bool rest = count == unwritten_.size();
  const Piece piece{written_ + 1, rest ? last_ : unwritten_[count - 1].report};
  ByteWriter out(bytes);
  out.varint(piece.first);
  out.varint(piece.last);
  out.varint(count);
  for (std::size_t i = 0; i < count; ++i) {
    out.varint(unwritten_[i].event);
    out.varint(unwritten_[i].label);
    out.varint(unwritten_[i].report);
  }
  unwritten_.erase(unwritten_.begin(), unwritten_.begin() + static_cast<std::ptrdiff_t>(count));
  written_ = piece.last;
  return piece;
}

void LabelIndex::write_again() {
  unwritten_.clear();
  // They are sorted below: the order does not show.
  for (const auto& [key, report] : reports_) {
    const std::uint64_t labels = spec_->labels.size();
    unwritten_.push_back({key / labels, key % labels, report});
  }
  std::sort(unwritten_.begin(), unwritten_.end(), [](const Report& a, const Report& b) {
    return std::tie(a.report, a.event, a.label) < std::tie(b.report, b.event, b.label);
  });
  written_ = cut_;
}

Expected<void> LabelIndex::read_piece(std::string_view bytes) {
  ByteReader in(bytes);
  const Position first = in.varint();
  const Position last = in.varint();
  std::vector<Report> read(in.count(in.rest()));
  Position before = first;
  for (Report& report : read) {
    report.event = in.varint();
    report.label = in.count(spec_->labels.size() - 1);
    report.report = in.varint();
    const bool rises = report.report >= before && report.report <= last;
    if (!rises || report.event >= report.report || report.event == kNoPosition) in.fail();
    if (!in.ok()) break;
    before = report.report;
  }
  TRY_DO(in.finish("a piece of the label index"));
  if (first == kNoPosition || first > last_ + 1 || last + 1 < first) {
    return broken("a piece of the label index is out of its place");
  }
  for (const Report& report : read) {
    if (report.event > cut_) put(report);
  }
  last_ = written_ = std::max(last_, last);
  return {};
}

}  // namespace quintet::stage
