// Taking snapshots (DESIGN 3): part after part, each with its own position, about a millisecond of
// work between two turns of the loop. A part waits until all up to its position is durable: what
// was lost with a failed commit must never come back from a snapshot.
#include "host/place_state.h"

namespace quintet::host {

namespace {

constexpr Micros kTurn = 1000;               // work until the loop gets its turn
constexpr std::size_t kTurnParts = 32;       // the same where the clock stands still
constexpr std::size_t kPieceEntries = 4096;  // of ingest's ids
constexpr std::size_t kPutParts = 64;        // of one transaction
constexpr std::size_t kPutBytes = std::size_t{1} << 20;

}  // namespace

void Place::State::add_part(std::string name, Position position, std::string_view body) {
  taking.figures.bytes += body.size();
  ++taking.figures.parts;
  std::string bytes =
      seal_snapshot(taking.key, {version, spec().digest, erased}, name, position, body);
  taking.sealed.push_back({std::move(name), position, std::move(bytes)});
}

// All that ingest derives at this moment, but for what stands in pieces already; with it what a
// start needs to know of control records up to here.
void Place::State::add_core() {
  std::string own;
  ByteWriter inner(own);
  ingest->write_core(inner);
  std::string body;
  ByteWriter out(body);
  out.text(own);
  out.varint(versions.size());
  for (const auto& one : versions) out.text(one->text);
  const auto& in_force = infer->score().in_force();
  out.varint(in_force.size());
  for (std::size_t i = 0; i < in_force.size(); ++i) {
    const bool any = in_force[i].model != nullptr;
    out.text(stage::write_promotion({spec().models[i].name, any ? in_force[i].version : 0,
                                     any ? in_force[i].model->digest() : "", ""}));
  }
  taking.figures.position = ingest->last();
  add_part("ingest", ingest->last(), body);
}

// The next part of the snapshot; false after the last one.
bool Place::State::add_next_part() {
  if (!taking.core) {
    const bool rest = ingest->unwritten() <= kPieceEntries;
    std::string body;
    const auto piece = ingest->write_piece(body, kPieceEntries);
    if (piece.last >= piece.first) add_part(piece_part(piece.first), piece.last, body);
    if (!rest) return true;
    add_core();
    taking.core = true;
    return true;
  }
  if (taking.shard < kShardCount) {
    const ShardId shard = taking.shard++;
    infer->shards().compact(shard, ingest->low_time());
    add_part(shard_part(shard), ingest->last(), infer->shards().write(shard));
    return true;
  }
  return answers.add_next_part([this](std::string name, Position position, std::string_view body) {
    add_part(std::move(name), position, body);
  });
}

void Place::snapshot(Committer::Done done) {
  State& s = *state_;
  if (s.failed) {
    done(*s.failed);
    return;
  }
  // One under way is of an earlier position: another follows it.
  s.taking.asked.push_back(std::move(done));
  s.start_snapshot();
}

// Called after each durable group, and when a snapshot is done.
void Place::State::take_due_snapshot() {
  const Position every = settings.snapshot_every;
  const bool due = every > 0 && durable >= taking.last + every;
  if (due || !taking.asked.empty()) start_snapshot();
}

void Place::State::start_snapshot() {
  if (taking.running || refolding || failed) return;
  auto key = parts.vault.subject_key(snapshot_subject(erased));
  if (key) {
    auto flushed = parts.vault.flush();
    if (!flushed) key = std::move(flushed).error();
  }
  taking.running = true;
  taking.core = false;
  taking.shard = 0;
  answers.begin_snapshot();
  taking.error.reset();
  taking.figures = {};
  taking.begin = parts.clock.steady();
  taking.waiting = std::exchange(taking.asked, {});
  if (!key) {
    taking.error = std::move(key).error();
  } else {
    taking.key = *std::move(key);
  }
  post([this] { snapshot_turn(); });
}

void Place::State::snapshot_turn() {
  if (!taking.running) return;
  const Micros begin = parts.clock.steady();
  bool more = !taking.error && !failed;
  for (std::size_t i = 0; more && i < kTurnParts; ++i) {
    more = add_next_part();
    if (parts.clock.steady() - begin >= kTurn) break;
  }
  put_parts();
  if (more) {
    post([this] { snapshot_turn(); });
  } else {
    taking.written = true;
    end_snapshot();
  }
}

// Gives to the writing thread what is durable by now.
void Place::State::put_parts() {
  while (!taking.sealed.empty() && taking.sealed.front().position <= durable) {
    auto batch = std::make_shared<std::vector<stage::Snapshot>>();
    for (std::size_t bytes = 0; !taking.sealed.empty() && batch->size() < kPutParts &&
                                bytes < kPutBytes && taking.sealed.front().position <= durable;) {
      bytes += taking.sealed.front().bytes.size();
      batch->push_back(std::move(taking.sealed.front()));
      taking.sealed.pop_front();
    }
    ++taking.puts;
    committer->run([batch](stage::Store& store) { return store.put_snapshots(*batch); },
                   guarded([this](const Expected<void>& result) {
                     --taking.puts;
                     if (!result && !taking.error) taking.error = result.error();
                     if (!failed) end_snapshot();
                   }));
  }
}

// Ends the snapshot if nothing of it is left to do.
void Place::State::end_snapshot() {
  if (taking.puts > 0) return;
  if (taking.error) taking.sealed.clear();
  if (taking.running && taking.written && taking.sealed.empty()) {
    taking.running = taking.written = false;
    taking.figures.took = parts.clock.steady() - taking.begin;
    if (!taking.error) {
      taking.newest = taking.figures.position;
      ++counts.snapshots;
    }
    // One that failed is tried again after as many positions more, with all that it held.
    taking.last = taking.error ? durable : taking.newest;
    if (taking.error) {
      ingest->write_again();
      answers.labels().write_again();
    }
    const Expected<void> result = taking.error ? Expected<void>(*taking.error) : Expected<void>();
    if (settings.on_snapshot) settings.on_snapshot(taking.figures, result);
    for (auto& done : std::exchange(taking.waiting, {})) {
      if (done) done(result);
    }
    take_due_snapshot();
  }
  go_on_when_quiet();
}

// An erase is to come: what is being taken holds what it removes.
void Place::State::drop_snapshot() {
  taking.sealed.clear();
  if (!taking.running) return;
  taking.error = unavailable("a subject is being erased; ask again");
  taking.written = true;
  end_snapshot();
}

// What was asked for will not be: nothing is taken any more.
void Place::State::fail_snapshot() {
  taking.sealed.clear();
  taking.running = false;
  auto told = std::exchange(taking.asked, {});
  for (auto& done : std::exchange(taking.waiting, {})) told.push_back(std::move(done));
  for (auto& done : told) {
    if (done) done(*failed);
  }
}

}  // namespace quintet::host
