// What a snapshot of a place holds.
#include "host/place_state.h"

namespace quintet::host {

namespace {

constexpr std::size_t kPieceEntries = 4096;  // of ingest's ids

}  // namespace

SnapshotHead Place::State::snapshot_head() {
  return {version, spec().digest, erased};
}

Expected<std::string> Place::State::snapshot_key() {
  TRY(std::string key, parts.vault.subject_key(snapshot_subject(erased)));
  TRY_DO(parts.vault.flush());
  return key;
}

void Place::State::begin_snapshot() {
  taking = {};
  answers.begin_snapshot();
}

void Place::State::give_again() {
  ingest->write_again();
  answers.labels().write_again();
}

void Place::State::snapshot_ended(const SnapshotFigures& figures, const Expected<void>& result) {
  if (result) ++counts.snapshots;
  if (settings.on_snapshot) settings.on_snapshot(figures, result);
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
  const std::vector<stage::Score::InForce> none;
  const auto& in_force = infer == nullptr ? none : infer->score().in_force();
  out.varint(in_force.size());
  for (std::size_t i = 0; i < in_force.size(); ++i) {
    const bool any = in_force[i].model != nullptr;
    out.text(stage::write_promotion({spec().models[i].name, any ? in_force[i].version : 0,
                                     any ? in_force[i].model->digest() : "", ""}));
  }
  taker.add_core("ingest", ingest->last(), body);
}

// The next part of the snapshot; false after the last one.
bool Place::State::add_next_part() {
  if (!taking.core) {
    const bool rest = ingest->unwritten() <= kPieceEntries;
    std::string body;
    const auto piece = ingest->write_piece(body, kPieceEntries);
    if (piece.last >= piece.first) taker.add(piece_part(piece.first), piece.last, body);
    if (!rest) return true;
    add_core();
    taking.core = true;
    return true;
  }
  if (infer == nullptr) return false;
  if (taking.shard < kShardCount) {
    const ShardId shard = taking.shard++;
    infer->shards().compact(shard, ingest->low_time());
    taker.add(shard_part(shard), ingest->last(), infer->shards().write(shard));
    return true;
  }
  return answers.add_next_part([this](std::string name, Position position, std::string_view body) {
    taker.add(std::move(name), position, body);
  });
}

void Place::snapshot(Committer::Done done) {
  State& s = *state_;
  if (s.failed) {
    done(*s.failed);
    return;
  }
  s.taker.ask(std::move(done));
}

}  // namespace quintet::host
