// Snapshots of an InferPlace, and its start from them.
#include <algorithm>

#include "host/infer_state.h"
#include "host/registered_model.h"
#include "stage/ingest.h"

namespace quintet::host {

void InferPlace::State::put_in_force(AppVersion wanted) {
  version = wanted;
  infer = std::make_unique<stage::Infer>(follower.versions()[version - 1],
                                         exchange.table().shards_of(exchange.self()));
  for (const auto& [key, model] : models) install_registered(infer->score(), model);
}

// --- the start ---

void InferPlace::State::restore() {
  follower.reset();  // what is made again from L may lie before an erase that was seen already
  infer.reset();
  come_back(false);
}

// With the base of the log, if its beginning is gone, and with what snapshots hold above it;
// `anew`: without these. The state begins empty then, and under the version that it has.
void InferPlace::State::come_back(bool anew) {
  restoring = true;
  blocks.clear();
  decoded = false;
  come_again.reset();
  parts.base.base(
      exchange.made(),
      guarded([this, anew, of = ++comings_back](Expected<std::optional<OfferedBase>> found) {
        if (of != comings_back || failed) return;
        // Of outcomes up to there somebody else knows, and it will be told here.
        const bool later = found && *found && (*found)->valid_from > exchange.made();
        if (!found || later) return come_back_soon(anew);
        if (auto taken = take_offer(*std::move(found)); !taken) return fail(taken.error());
        if (!anew) return ask_snapshot_keys();
        if (offered) return fetch_base(true, exchange.table().shards_of(exchange.self()));
        go_on_from(kNoPosition);
      }));
}

void InferPlace::State::come_back_soon(bool anew) {
  come_again = parts.loop.after(kAskAgain, [this, anew] { come_back(anew); });
}

Expected<void> InferPlace::State::take_offer(std::optional<OfferedBase> found) {
  offered = std::move(found);
  if (!offered) return {};
  Versions& versions = follower.versions();
  for (std::size_t i = versions.size(); i < offered->applications.size(); ++i) {
    TRY_DO(add_version(versions, offered->applications[i]));
  }
  return {};
}

void InferPlace::State::ask_snapshot_keys() {
  auto found = parts.store.snapshots(low);
  if (!found) return fail(found.error());
  std::vector<std::string> names;
  for (const stage::Snapshot& part : *found) {
    names.push_back(snapshot_subject(sealed_under(part.bytes)));
  }
  follower.need(std::move(names), guarded([this] { restore_parts(); }));
}

// What the snapshots hold, if they are whole; or the base, or nothing, and the log from its
// beginning.
void InferPlace::State::restore_parts() {
  const auto ignore = [](const std::string&, const std::string&) {};
  const auto stored = open_stored_parts(parts.store, follower.vault(), low, ignore);
  if (!stored) return fail(stored.error());
  follower.begin_anew();
  const auto lacking = read_parts(*stored);
  from_snapshot = lacking.has_value();
  if (!lacking) forget_state();
  if (offered && (!lacking || !lacking->empty())) {
    return fetch_base(false, lacking ? *lacking : exchange.table().shards_of(exchange.self()));
  }
  go_on_from(lacking && lacking->empty() ? folded : kNoPosition);
}

void InferPlace::State::forget_state() {
  infer.reset();
  version = 0;
  activated = erased = core = folded = kNoPosition;
  low_time = {};
  promoted.clear();
}

void InferPlace::State::go_on_from(Position position) {
  folded = position;
  taker.begin_after(folded);
  restoring = false;
  want(folded + 1);
  go_on();
}

// Into an empty object; what lies below the base is of no use. `folded` is the position behind
// which the log must be folded for the shards that are there; gives those that are not.
Expected<std::vector<ShardId>> InferPlace::State::read_parts(const StoredParts& stored) {
  const Position least = offered ? offered->seal.cut : kNoPosition;
  const auto found = stored.parts.find(kInferPart);
  if (found == stored.parts.end() || found->second.position < least) {
    return not_found("there is no snapshot");
  }
  const SnapshotHead& head = found->second.opened.head;
  TRY_DO(read_core(found->second));
  erased = head.erased;
  folded = core;
  std::vector<ShardId> lacking;
  for (const ShardId shard : exchange.table().shards_of(exchange.self())) {
    const auto part = stored.parts.find(shard_part(shard));
    if (part == stored.parts.end() || part->second.opened.head != head ||
        part->second.position < least) {
      lacking.push_back(shard);
      continue;
    }
    TRY_DO(infer->shards().read(shard, part->second.position, part->second.opened.body));
    folded = std::min(folded, part->second.position);
  }
  return lacking;
}

// --- the base ---

void InferPlace::State::fetch_base(bool anew, std::vector<ShardId> shards) {
  const auto wanted = [shards, core_too = anew || infer == nullptr](const std::string& name) {
    if (name == "ingest") return core_too;
    return std::any_of(shards.begin(), shards.end(),
                       [&](const ShardId shard) { return name == shard_part(shard); });
  };
  FetchedBase::fetch(
      parts.base, *offered, wanted,
      guarded([this, anew, shards, of = comings_back](Expected<std::shared_ptr<FetchedBase>> came) {
        if (of != comings_back || failed) return;
        if (!came && came.error().code() == Code::broken) return fail(came.error());
        if (!came) return come_back_soon(anew);
        follower.need({base_subject((*came)->base().key())},
                      guarded([this, anew, shards, of, fetched = *came] {
                        if (of != comings_back || failed) return;
                        const auto taken = take_base(*fetched, anew, shards);
                        if (taken) return go_on_from(folded);
                        // Its key was destroyed: another one took its place.
                        if (taken.error().code() != Code::expired) return fail(taken.error());
                        come_back_soon(anew);
                      }));
      }));
}

Expected<void> InferPlace::State::take_base(FetchedBase& fetched, bool anew,
                                            const std::vector<ShardId>& shards) {
  const Base& base = fetched.base();
  const Base::From from{fetched, follower.vault(), follower.versions()};
  const auto key = follower.vault().find_subject_key(base_subject(base.key()));
  if (!key) return key.error();
  if (anew || infer == nullptr) TRY_DO(begin_with(base, from, anew));
  for (const ShardId shard : shards) TRY_DO(base.into(from, shard, infer->shards()));
  folded = base.cut();
  from_snapshot = true;
  return {};
}

// All but the shards.
Expected<void> InferPlace::State::begin_with(const Base& base, const Base::From& from, bool anew) {
  if (!anew || base.version() > version) {
    version = base.version();
    activated = offered->activated;
  }
  put_in_force(version);
  // It knows nothing of them, and the log behind it is to be read without them.
  for (const std::string& subject : offered->erased) TRY_DO(follower.forget(subject));
  erased = std::max(erased, offered->last_erase);
  TRY(const auto ingest, base.part(from, "ingest"));
  if (!ingest) return broken("a base has no part of ingest");
  TRY(low_time, stage::Ingest::low_time_of(*ingest));
  promoted.clear();
  for (const event::Record& record : base.controls()) {
    if (record.kind != event::RecordKind::promote) continue;
    TRY(const auto promotion, stage::read_promotion(record.plain));
    promoted[promotion.model] = {record, false};
  }
  core = base.cut();
  return {};
}

void InferPlace::log_was_removed() {
  State& s = *state_;
  if (s.failed || !s.begun || s.restoring || s.infer == nullptr) return;
  s.begin_anew();
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
