#include "host/answers.h"

#include <algorithm>

#include "stage/render.h"

namespace quintet::host {

namespace {

// At hand at a time, the last one always.
constexpr std::size_t kRecentBlocks = 64;
constexpr std::size_t kRecentRecords = 8'192;

}  // namespace

void Answers::put_in_force(AppVersion version, Position first) {
  version_ = version;
  views_ = std::make_unique<stage::Views>(parts_.versions[version - 1]);
  labels_ = std::make_unique<stage::LabelIndex>(parts_.versions[version - 1]);
  views_from_ = kNoPosition;
  begin_at(first);
}

void Answers::begin_at(Position first) {
  first_ = first;
  labels_->begin_after(first - 1);
  forget_read();
}

void Answers::fold(const stage::ViewRows& rows, std::span<const stage::LabelIndex::Report> reports,
                   Position last) {
  views_->fold(rows, last);
  labels_->add(reports, last);
}

void Answers::index(const event::Record& record, const app::Spec& written) {
  if (record.position <= labels_->last()) return;
  std::vector<stage::LabelIndex::Report> reports;
  labels_->reports_of(record, written, reports);
  labels_->add(reports, record.position);
}

void Answers::remember(event::Block block, stage::OutcomeBytes run) {
  Recent recent;
  recent.block = std::move(block);
  recent.run.run = std::move(run);
  keep(std::move(recent));
}

void Answers::keep(Recent recent) {
  recent.first = std::max(recent.block.first, recent.run.run.first);
  recent.last = std::min(recent.block.last(), recent.run.run.last);
  recent_records_ += recent.block.records.size();
  recent_.push_front(std::move(recent));
  while (recent_.size() > 1 &&
         (recent_.size() > kRecentBlocks || recent_records_ > kRecentRecords)) {
    recent_records_ -= recent_.back().block.records.size();
    recent_.pop_back();
  }
}

// The block and the outcomes around a position: at hand, or read and decoded.
Expected<const Answers::Recent*> Answers::load(Position position) {
  auto at = std::find_if(recent_.begin(), recent_.end(), [&](const Recent& one) {
    return position >= one.first && position <= one.last;
  });
  if (at == recent_.end()) {
    TRY(auto run, parts_.store.outcome_run(position));
    TRY(auto blocks, parts_.store.read_log(position, 1));
    if (!run || blocks.empty()) return not_found("there is no result at this position");
    TRY(auto decoded, event::decode_block(blocks.front()));
    Recent recent;
    recent.block = std::move(decoded.block);
    recent.run = *std::move(run);
    keep(std::move(recent));
    at = recent_.begin();
    if (position < at->first || position > at->last) {
      return broken("the store gave other positions than it was asked for");
    }
  }
  if (at->views.empty()) {
    auto views = stage::read_run(at->run.run);
    if (!views) return std::move(views).error();
    at->views = *std::move(views);
  }
  return &*at;
}

Expected<Answers::Found> Answers::read(Position position) {
  if (position == kNoPosition || position > durable_) {
    return not_found("position " + std::to_string(position) + " is not durable");
  }
  if (position < first_) {
    return expired("position " + std::to_string(position) +
                   " is older than what the log keeps: " + "it begins at " + std::to_string(first_))
        .with_id("removed");
  }
  TRY(const Recent* const recent, load(position));
  Found found;
  found.record = &recent->block.records[static_cast<std::size_t>(position - recent->block.first)];
  stage::OutcomeView view =
      recent->views[static_cast<std::size_t>(position - recent->run.run.first)];
  stage::OutcomeBytes changed;  // the view borrows from it
  for (const stage::OutcomeChange& change : recent->run.changes) {
    if (change.position != position) continue;
    changed = {position, position, change.bytes};
    TRY(const auto views, stage::read_run(changed));
    view = views.front();
  }
  if (view.status == stage::OutcomeStatus::none) {
    return not_found("position " + std::to_string(position) + " has no result");
  }
  if (view.app_version == 0 || view.app_version > parts_.versions.size()) {
    return broken("the outcome of position " + std::to_string(position) +
                  " names an application version that the log lacks");
  }
  found.spec = parts_.versions[view.app_version - 1].get();
  ByteReader in(view.bytes);
  TRY(found.outcome, stage::read_outcome(in, *found.spec, position));
  return found;
}

std::string Answers::render(const Found& found) const {
  std::string json;
  const app::Spec& admitted_under = *parts_.versions[found.record->app_version - 1];
  stage::append_result(json, *found.spec, stage::facts_of(admitted_under, *found.record),
                       found.outcome);
  return json;
}

Expected<std::string> Answers::result(Position position) {
  TRY(const Found found, read(position));
  return render(found);
}

Expected<std::string> Answers::reply(Position position) {
  auto found = read(position);
  if (found) return render(*found);
  if (found.error().code() != Code::not_found || position == kNoPosition || position > durable_) {
    return std::move(found).error();
  }
  const auto recent = load(position);
  if (!recent) return std::move(found).error();
  const event::Block& block = (*recent)->block;
  const event::Record& record = block.records[static_cast<std::size_t>(position - block.first)];
  if (event::is_control(record.kind)) return std::move(found).error();
  Found nothing;
  nothing.record = &record;
  nothing.spec = parts_.versions[record.app_version - 1].get();
  nothing.outcome.position = position;
  return render(nothing);
}

namespace {

bool decided(const app::Spec& spec, const stage::Outcome& outcome, std::string_view decision,
             std::string_view value) {
  if (outcome.status != stage::OutcomeStatus::result) return false;
  const auto& decisions = spec.rows[outcome.event_type].decisions;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    if (decisions[i].name != decision || outcome.cases[i] < 0) continue;
    return decisions[i].cases[static_cast<std::size_t>(outcome.cases[i])].then == value;
  }
  return false;
}

}  // namespace

// Ends when `take` wants no more.
Expected<Position> Answers::scan(const Query& query,
                                 const std::function<bool(Position, const Found&)>& take) {
  Position position = query.from == kNoPosition ? first_ : query.from;
  const Position stop = std::min(durable_, position + kScanPositions - 1);
  for (bool more = query.limit > 0; more && position <= stop; ++position) {
    auto found = read(position);
    if (!found) {
      if (found.error().code() == Code::not_found) continue;
      return std::move(found).error();
    }
    const auto& type =
        parts_.versions[found->record->app_version - 1]->events[found->record->event_type];
    if (!query.event_type.empty() && type.name != query.event_type) continue;
    if (!query.decision.empty() &&
        !decided(*found->spec, found->outcome, query.decision, query.value)) {
      continue;
    }
    more = take(position, *found);
  }
  return position <= durable_ ? position : kNoPosition;
}

Expected<Answers::Page> Answers::results(const Query& query) {
  Page page;
  TRY(page.next, scan(query, [&](Position, const Found& found) {
        page.results.push_back(render(found));
        return page.results.size() < query.limit;
      }));
  return page;
}

Expected<Answers::Selected> Answers::select(const Query& query) {
  Selected selected;
  TRY(selected.next, scan(query, [&](Position position, const Found&) {
        selected.positions.push_back(position);
        return selected.positions.size() < query.limit;
      }));
  return selected;
}

}  // namespace quintet::host
