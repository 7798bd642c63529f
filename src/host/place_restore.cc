// Coming back from snapshots: the newest usable part of each name, then the tail of the log. Every
// part has its own position; the fold begins behind the least of them, and who is further passes
// over what it has seen.
#include <algorithm>

#include "host/place_state.h"

namespace quintet::host {

// Why a part is of no use, for the log.
void Place::State::ignore(const std::string& what, const std::string& why) {
  started.ignored.push_back(what + ": " + why);
}

// The application versions of the log, which is in force, who was erased; as far as they can be,
// from the core of a snapshot. `core` is let go of if it is of no use.
Expected<void> Place::State::read_versions(const StoredParts& opened) {
  auto core = opened.parts.find("ingest");
  Controls controls;
  if (core != opened.parts.end()) {
    TRY(controls, read_controls(parts.store, core->second.position));
    const SnapshotHead& head = core->second.opened.head;
    if (core->second.position + 1 < first_kept()) {
      ignore("snapshot", "it is older than the log's beginning");
    } else if (controls.last_erase != kNoPosition) {
      ignore("snapshot", "a subject was erased since");
    } else if (controls.active != 0 && controls.active != head.version) {
      ignore("snapshot", "it was folded under application version " + std::to_string(head.version) +
                             ", version " + std::to_string(controls.active) + " is in force");
    } else {
      usable = core->second.opened.head;
    }
  }
  versions.clear();
  if (usable) {
    erased = usable->erased;
    version = usable->version;
    TRY_DO(read_core_versions(core->second.opened.body));
  } else {
    TRY(controls, read_controls(parts.store, kNoPosition));
    erased = controls.last_erase;
    version = controls.active;
  }
  for (const stage::ApplicationBody& body : controls.applications) {
    TRY_DO(add_version(versions, body.text, settings.spec));
  }
  // Again, should a crash have come between an erase record and the end of the keys.
  if (settings.apart) TRY_DO(find_unfinished_erase(controls));
  for (const std::string& subject : controls.erased) {
    if (!erasing) TRY_DO(parts.vault.destroy(subject));
  }
  if (opened.oldest_key < erased && !erasing)
    TRY_DO(parts.vault.destroy(snapshot_subject(opened.oldest_key)));
  if (!usable && opened.any) TRY_DO(parts.store.remove_snapshots());
  if (version == 0 || version > versions.size()) {
    return broken("the log has no application version in force");
  }
  return {};
}

namespace {

// The part of a core behind ingest's own.
ByteReader behind_ingest(std::string_view body) {
  ByteReader in(body);
  (void)in.raw(in.varint());
  return in;
}

}  // namespace

Expected<void> Place::State::read_core_versions(std::string_view body) {
  ByteReader in = behind_ingest(body);
  const std::uint64_t count = in.count(in.rest());
  for (std::uint64_t i = 0; i < count && in.ok(); ++i)
    TRY_DO(add_version(versions, std::string(in.text()), settings.spec));
  if (!in.ok()) return broken("a snapshot's core does not parse");
  return {};
}

// Into ingest and score; the position they stand at then.
Expected<Position> Place::State::read_core(std::string_view body, const StoredParts& opened) {
  ByteReader outer(body);
  const std::string_view own = outer.raw(outer.varint());
  ByteReader inner(own);
  TRY_DO(ingest->read_core(inner));
  TRY_DO(inner.finish("a snapshot's core"));
  const Position position = ingest->last();
  ByteReader in = behind_ingest(body);
  for (std::uint64_t i = in.count(in.rest()); i > 0; --i) (void)in.text();
  for (std::uint64_t i = in.count(in.rest()); i > 0 && in.ok(); --i) {
    event::Record record;
    record.kind = event::RecordKind::promote;
    record.plain = in.text();
    if (infer != nullptr) TRY_DO(infer->score().control(record));
  }
  TRY_DO(in.finish("a snapshot's core"));
  Position next = first_kept();
  for (auto at = opened.parts.lower_bound("ids/"); at != opened.parts.lower_bound("ids0"); ++at) {
    const auto& [name, part] = *at;
    if (part.opened.head != *usable || next > position) continue;
    TRY(const auto piece, stage::Ingest::piece_of(part.opened.body));
    if (piece.first > next) break;
    if (piece.last < next) continue;
    TRY_DO(ingest->read_piece(part.opened.body, first_kept()));
    next = piece.last + 1;
  }
  if (next <= position) return broken("ids from position " + std::to_string(next) + " are missing");
  ingest->finish_reading();
  if (base != nullptr) ingest->begin_after(base->cut(), base->seal().edge);
  return position;
}

Answers::From Place::State::answers_from(const StoredParts* stored, const Base::From* base_from) {
  return {stored, usable ? &*usable : nullptr, base.get(), base_from,
          [this](const std::string& what, const std::string& why) { ignore(what, why); }};
}

// Into the empty stages.
Expected<void> Place::State::read_base() {
  if (base == nullptr) return {};
  return infer == nullptr ? base->into(from_base(), *ingest)
                          : base->into(from_base(), *ingest, *infer);
}

Expected<void> Place::State::restore_views(const StoredParts* stored) {
  if (infer == nullptr) return {};
  const Base::From from = from_base();
  return answers.restore_views(answers_from(stored, &from));
}

Expected<void> Place::State::fold_views() {
  if (infer == nullptr) return {};
  TRY(started.views_folded, answers.fold_views());
  return {};
}

// Puts the snapshot in place of the empty stages; the position behind which the fold begins.
Expected<Position> Place::State::restore(const StoredParts& opened) {
  const Position least = first_kept() - 1;
  const auto from_base_alone = [&]() -> Expected<Position> {
    TRY_DO(read_base());
    TRY_DO(restore_views(nullptr));
    return least;
  };
  if (!usable) return from_base_alone();
  const auto& core = opened.parts.at("ingest");
  auto position = read_core(core.opened.body, opened);
  if (!position) {
    ignore("snapshot at " + std::to_string(core.position), position.error().message());
    usable.reset();
    TRY_DO(put_in_force(version));
    return from_base_alone();
  }
  Position from = *position;
  for (ShardId shard = 0; infer != nullptr && shard < kShardCount; ++shard) {
    const auto found = opened.parts.find(shard_part(shard));
    const bool there = found != opened.parts.end() && found->second.opened.head == *usable &&
                       found->second.position >= least;
    auto read = there
                    ? infer->shards().read(shard, found->second.position, found->second.opened.body)
                    : Expected<void>(not_found("there is none of this application version"));
    if (!read) ignore("snapshot " + shard_part(shard), read.error().message());
    if (!read && base != nullptr) TRY_DO(base->into(from_base(), shard, infer->shards()));
    from = std::min(from, read ? found->second.position : least);
  }
  TRY_DO(restore_views(&opened));
  if (infer != nullptr)
    from = std::min(from, answers.restore_labels(answers_from(&opened, nullptr)));
  taker.begin_after(*position);
  started.snapshot = *position;
  return from;
}

}  // namespace quintet::host
