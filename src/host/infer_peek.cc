// Peeks: what a row would be now. Where its shards are on several replicas all of them answer as of
// one position: one that is past it says so, and a later one is tried.
#include <algorithm>

#include "host/infer_state.h"
#include "host/wire.h"
#include "stage/cells.h"
#include "stage/render.h"

namespace quintet::host {

namespace {

constexpr int kPeekTries = 50;
constexpr Micros kPeekAgain = kSecond / 100;
constexpr std::size_t kWaitingPeeks = 4'096;

Error ask_again() {
  return unavailable(
      "shards move, or another version of the application came into force; ask again");
}

}  // namespace

void InferPlace::peek(event::Event&& event, std::function<void(Expected<std::string>)> done) {
  State& s = *state_;
  if (s.failed) return done(*s.failed);
  if (s.peeks.size() >= kWaitingPeeks) return done(exhausted("too many rows are asked for"));
  auto peek = std::make_shared<State::Peek>();
  peek->event = std::move(event);
  peek->done = std::move(done);
  s.peeks.push_back(std::move(peek));
  s.go_on();
}

void InferPlace::State::drop_peeks(const Error& why) {
  for (const auto& peek : std::exchange(peeks, {})) peek->done(why);
  for (const PartWanted& wanted : std::exchange(parts_wanted, {})) wanted.done(why);
}

void InferPlace::State::answer_peeks() {
  if (peeks.empty()) return;
  if (infer == nullptr || folded < exchange.made()) return;  // the log comes, and then a turn
  const auto settled = settle_promotions();
  if (!settled) return fail(settled.error());
  if (!*settled) return;
  for (const auto& peek : std::vector(peeks)) {
    if (peek->missing.empty() && peek->again == nullptr) begin_peek(peek);
  }
}

// The record that the event would be behind what is folded.
Expected<stage::Admitted> InferPlace::State::peeked_record(event::Event&& event,
                                                           Micros admitted_at) {
  const int type = spec().event_index(event.type->name);
  if (type < 0 || &spec().events[static_cast<std::size_t>(type)] != event.type) return ask_again();
  stage::Admitted asked;
  event::Record& record = asked.record;
  record.position = folded + 1;
  record.event_type = event.type->index;
  record.app_version = version;
  record.admitted_at = admitted_at;
  if (event.time == kNoTime) event.time = record.admitted_at;
  record.time = event.time;
  record.low_time = low_time.at(record.position);
  record.id = event.id;
  asked.event = std::move(event);
  TRY_DO(stage::complete(spec(), spec(), 0, follower.sealer(), asked));
  return asked;
}

// One try: all whose shards the row visits are asked as of where this place stands, or of where
// another one was that had passed it.
void InferPlace::State::begin_peek(const std::shared_ptr<Peek>& peek) {
  if (folded < peek_from) return;  // the log comes
  ++peek->tries;
  if (peek->asked) peek->event = std::move(peek->asked->event);
  peek->asked.reset();
  PeekAsk ask{exchange.table().epoch, folded, parts.clock.wall(), {}};
  peek->position = ask.position;
  peek->passed = false;
  peek->cells.clear();
  Offer offer;
  offer.event = std::move(peek->event);
  ask.event = wire::write_offer(offer, spec().digest);
  auto asked = peeked_record(std::move(offer.event), ask.admitted_at);
  if (!asked) {
    std::erase(peeks, peek);
    return peek->done(std::move(asked).error());
  }
  for (const feature::Touch& touch : asked->touches) {
    const ReplicaId holder = exchange.table().holders[touch.shard];
    if (touch.use >= 0 && holder != exchange.self()) peek->missing.insert(holder);
  }
  peek->cells.emplace_back();
  infer->shards().peek(*asked, peek->cells.back());
  if (peek->missing.empty()) {
    std::erase(peeks, peek);
    return peek->done(row_json(*asked, peek->cells));
  }
  peek->asked = *std::move(asked);
  if (parts.peers == nullptr) return fail(broken("this place knows no other replica"));
  for (const ReplicaId other : std::set(peek->missing)) {
    parts.peers->part(other, ask, guarded([this, peek, other](Expected<PeekPart> part) {
                        join_peek(peek, other, std::move(part));
                      }));
  }
}

void InferPlace::State::join_peek(const std::shared_ptr<Peek>& peek, ReplicaId from,
                                  Expected<PeekPart> part) {
  if (peek->missing.erase(from) == 0 || failed) return;
  if (!part || part->position != peek->position) {
    peek->passed = true;
    if (part) peek_from = std::max(peek_from, part->position);
  } else {
    auto cells = stage::read_cells(spec(), part->cells);
    if (cells) peek->cells.push_back(*std::move(cells));
    if (!cells) peek->passed = true;
  }
  if (peek->missing.empty()) end_try(peek);
}

void InferPlace::State::end_try(const std::shared_ptr<Peek>& peek) {
  if (std::find(peeks.begin(), peeks.end(), peek) == peeks.end()) return;
  if (peek->passed && peek->tries < kPeekTries) {
    peek->again = parts.loop.after(kPeekAgain, guarded([this, peek] {
                                     peek->again = nullptr;
                                     go_on();
                                   }));
    return;
  }
  std::erase(peeks, peek);
  const std::size_t type = peek->asked->record.event_type;
  const bool other_version = infer == nullptr || type >= spec().events.size() ||
                             &spec().events[type] != peek->asked->event.type;
  if (peek->passed || other_version) return peek->done(ask_again());
  peek->done(row_json(*peek->asked, peek->cells));
}

std::string InferPlace::State::row_json(const stage::Admitted& asked,
                                        const std::vector<feature::PartialRow>& cells) {
  std::vector<const feature::PartialRow*> parts_of_row;
  for (const feature::PartialRow& one : cells) parts_of_row.push_back(&one);
  stage::Outcome answer;
  infer->score(asked, parts_of_row, answer);
  std::string json;
  stage::append_result(json, spec(), stage::facts_of(spec(), asked.record), answer);
  return json;
}

// --- for another replica ---

void InferPlace::peek_part(PeekAsk ask, std::function<void(Expected<PeekPart>)> done) {
  State& s = *state_;
  if (s.failed) return done(*s.failed);
  if (s.parts_wanted.size() >= kWaitingPeeks)
    return done(exhausted("too many parts are asked for"));
  s.parts_wanted.push_back({std::move(ask), std::move(done)});
  s.go_on();
}

// Those as of where it stands, and an answer to those that are too late.
void InferPlace::State::give_parts() {
  if (parts_wanted.empty() || infer == nullptr || folded < exchange.made()) return;
  std::vector<PartWanted> later;
  for (PartWanted& wanted : std::exchange(parts_wanted, {})) {
    if (wanted.ask.table != exchange.table().epoch) {
      wanted.done(conflict("this replica has another table of shards"));
    } else if (wanted.ask.position < folded) {
      wanted.done(PeekPart{folded, {}});
    } else if (wanted.ask.position > folded) {
      later.push_back(std::move(wanted));
    } else {
      auto cells = part_of_peek(wanted.ask);
      wanted.done(cells ? Expected<PeekPart>(PeekPart{folded, *std::move(cells)})
                        : Expected<PeekPart>(std::move(cells).error()));
    }
  }
  parts_wanted.insert(parts_wanted.end(), std::make_move_iterator(later.begin()),
                      std::make_move_iterator(later.end()));
}

Expected<std::string> InferPlace::State::part_of_peek(const PeekAsk& ask) {
  TRY(const auto message, wire::OfferMessage::parse(ask.event));
  const int type = spec().event_index(message.head().event);
  if (message.head().application != spec().digest || type < 0) {
    return conflict("this replica has another version of the application");
  }
  Offer offer;
  TRY_DO(message.fill(spec().events[static_cast<std::size_t>(type)], offer));
  TRY(const stage::Admitted asked, peeked_record(std::move(offer.event), ask.admitted_at));
  feature::PartialRow cells;
  infer->shards().peek(asked, cells);
  return stage::write_cells(spec(), static_cast<std::size_t>(type), cells);
}

}  // namespace quintet::host
