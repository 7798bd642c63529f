// Snapshots of an InferPlace, and its start from them.
#include "host/infer_state.h"
#include "host/registered_model.h"

namespace quintet::host {

void InferPlace::State::put_in_force(AppVersion wanted) {
  version = wanted;
  infer = std::make_unique<stage::Infer>(follower.versions()[version - 1],
                                         exchange.table().shards_of(exchange.self()));
  for (const auto& [key, model] : models) install_registered(infer->score(), model);
}

// --- the start ---

void InferPlace::State::restore() {
  restoring = true;
  follower.reset();  // what is made again from L may lie before an erase that was seen already
  infer.reset();
  blocks.clear();
  decoded = false;
  auto found = parts.store.snapshots(low);
  if (!found) return fail(found.error());
  std::vector<std::string> names;
  for (const stage::Snapshot& part : *found) {
    names.push_back(snapshot_subject(sealed_under(part.bytes)));
  }
  follower.need(std::move(names), guarded([this] { restore_parts(); }));
}

// What the snapshots hold, if they are whole; or nothing, and the log from its beginning.
void InferPlace::State::restore_parts() {
  const auto ignore = [](const std::string&, const std::string&) {};
  const auto stored = open_stored_parts(parts.store, follower.vault(), low, ignore);
  if (!stored) return fail(stored.error());
  follower.begin_anew();
  const auto from = read_parts(*stored);
  from_snapshot = from.has_value();
  folded = from ? *from : kNoPosition;
  if (!from) {
    infer.reset();
    version = 0;
    activated = erased = core = kNoPosition;
    low_time = {};
    promoted.clear();
  }
  taker.begin_after(folded);
  restoring = false;
  want(folded + 1);
  go_on();
}

// The position behind which the log must be folded. A shard that came here and brought no snapshot
// is folded from the log's beginning, and the others pass over what they had.
Expected<Position> InferPlace::State::read_parts(const StoredParts& stored) {
  const auto found = stored.parts.find(kInferPart);
  if (found == stored.parts.end()) return not_found("there is no snapshot");
  const SnapshotHead& head = found->second.opened.head;
  TRY_DO(read_core(found->second));
  erased = head.erased;
  Position from = core;
  for (const ShardId shard : exchange.table().shards_of(exchange.self())) {
    const auto part = stored.parts.find(shard_part(shard));
    if (part == stored.parts.end() || part->second.opened.head != head) {
      from = kNoPosition;
      continue;
    }
    TRY_DO(infer->shards().read(shard, part->second.position, part->second.opened.body));
    from = std::min(from, part->second.position);
  }
  return from;
}

Expected<void> InferPlace::State::read_core(const StoredPart& part) {
  ByteReader in(part.opened.body);
  const std::uint64_t versions = in.count(in.rest());
  for (std::uint64_t i = 0; i < versions && in.ok(); ++i) {
    const std::string text(in.text());
    if (i >= follower.versions().size()) TRY_DO(add_version(follower.versions(), text));
  }
  activated = in.varint();
  low_time = stage::LowTime::read(in);
  promoted.clear();
  for (std::uint64_t i = in.count(in.rest()); i > 0 && in.ok(); --i) {
    event::Record record;
    record.kind = event::RecordKind::promote;
    record.position = in.varint();
    record.plain = in.text();
    TRY(const auto promotion, stage::read_promotion(record.plain));
    promoted[promotion.model] = {std::move(record), false};
  }
  TRY_DO(in.finish("a snapshot of infer"));
  const AppVersion wanted = part.opened.head.version;
  if (wanted == 0 || wanted > follower.versions().size()) {
    return broken("a snapshot of infer is of a version that it lacks");
  }
  put_in_force(wanted);
  if (spec().digest != part.opened.head.digest) {
    return broken("a snapshot of infer is of another application");
  }
  core = part.position;
  return {};
}

// --- snapshots ---

SnapshotHead InferPlace::State::snapshot_head() {
  return {version, spec().digest, erased};
}

Expected<std::string> InferPlace::State::snapshot_key() {
  return follower.vault().find_subject_key(snapshot_subject(erased));
}

bool InferPlace::State::holds_snapshots() const {
  // While the log is folded again, the state is not that of its position yet.
  return failed || !begun || restoring || infer == nullptr || folded < exchange.made() ||
         !follower.vault().knows(snapshot_subject(erased));
}

void InferPlace::State::begin_snapshot() {
  core_written = false;
  snapshot_shards = exchange.table().shards_of(exchange.self());
}

bool InferPlace::State::add_next_part() {
  if (!core_written) {
    core_written = true;
    add_core();
    return true;
  }
  if (snapshot_shards.empty()) return false;
  const ShardId shard = snapshot_shards.back();
  snapshot_shards.pop_back();
  infer->shards().compact(shard, low_time.at(folded + 1));
  taker.add(shard_part(shard), folded, infer->shards().write(shard));
  return true;
}

void InferPlace::State::add_core() {
  std::string body;
  ByteWriter out(body);
  out.varint(follower.versions().size());
  for (const auto& one : follower.versions()) out.text(one->text);
  out.varint(activated);
  low_time.write(out, folded + 1);
  out.varint(promoted.size());
  for (const auto& [name, promotion] : promoted) {
    out.varint(promotion.record.position);
    out.text(promotion.record.plain);
  }
  taker.add_core(kInferPart, folded, body);
}

// Its key may have to be asked for.
void InferPlace::State::take_due_snapshot() {
  const std::string name = snapshot_subject(erased);
  if (follower.vault().knows(name)) return taker.take_due();
  if (failed || restoring || follower.waits()) return;
  follower.need({name}, guarded([this] {
                  take_due_snapshot();
                  go_on();
                }));
}

void InferPlace::State::snapshot_ended(const SnapshotFigures& figures,
                                       const Expected<void>& result) {
  if (settings.on_snapshot) settings.on_snapshot(figures, result);
}

void InferPlace::snapshot(Committer::Done done) {
  State& s = *state_;
  if (s.failed) return done(*s.failed);
  s.taker.ask(std::move(done));
  s.take_due_snapshot();
}

}  // namespace quintet::host
