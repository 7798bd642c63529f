#include "host/cut.h"

#include <algorithm>
#include <set>

#include "base/digest.h"

namespace quintet::host {

namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 20;  // of one step
constexpr int kMostTries = 1000;
const std::string kIngest = "ingest";

}  // namespace

bool Cut::may_go(const event::Record& record) const {
  if (event::is_control(record.kind)) return true;
  if (record.time > order_.edges.edge) return false;
  const app::Spec& written = *order_.versions[record.app_version - 1];
  const app::Spec& spec = *order_.versions[order_.version - 1];
  const int type = spec.event_index(written.events[record.event_type].name);
  return type < 0 || record.time <= order_.edges.of_type[static_cast<std::size_t>(type)];
}

Expected<Cut::Found> Cut::look() {
  TRY(const auto base, Base::find(*order_.store));
  found_.begin = base == nullptr ? 1 : base->cut() + 1;
  found_.cut = found_.begin - 1;
  for (Position next = found_.begin; next <= order_.durable;) {
    TRY(const auto blocks, order_.store->read_log(next, kReadBytes));
    if (blocks.empty()) break;
    for (const event::BlockBytes& bytes : blocks) {
      if (bytes.last > order_.durable) return found_;
      TRY(const event::DecodedBlock decoded, event::decode_block(bytes));
      Micros newest = found_.newest;
      for (const event::Record& record : decoded.block.records) {
        if (record.app_version == 0 || record.app_version > order_.versions.size()) {
          return broken("record " + std::to_string(record.position) +
                        " names an application version that the log lacks");
        }
        const bool control = event::is_control(record.kind);
        if (!control && found_.oldest == kNoTime) {
          found_.oldest = record.time;
          if (order_.edges.edge - found_.oldest < order_.least) return found_;
        }
        if (!may_go(record)) return found_;
        if (!control) newest = std::max(newest, record.time);
      }
      found_.cut = bytes.last;
      found_.newest = newest;
      next = bytes.last + 1;
    }
  }
  return found_;
}

Expected<void> Cut::begin(std::uint64_t number) {
  spec_ = order_.versions[order_.version - 1];
  TRY(const auto old, Base::find(*order_.store));
  BaseParts::Head head{number, found_.cut, order_.version, spec_->digest, kNoPosition, number};
  if (old != nullptr) {
    head.erased = old->erased();
    head.key = old->key();
  }
  auto key = order_.vault->subject_key(base_subject(head.key));
  // One that was made before an erase, and given up.
  for (int i = 0; old == nullptr && i < kMostTries && !key; ++i) {
    if (key.error().code() != Code::expired) break;
    head.number = ++head.key;
    key = order_.vault->subject_key(base_subject(head.key));
  }
  if (!key) return std::move(key).error();
  TRY_DO(order_.vault->flush());
  key_ = *std::move(key);
  head_ = head;
  TRY_DO(read_snapshots());
  ingest_ = std::make_unique<stage::Ingest>(spec_, order_.version, 0, sealer_);
  ingest_->keep_no_blocks();
  fold_ = std::make_unique<stage::Fold>(spec_, stage::all_shards());
  if (!order_.apart) {
    views_ = std::make_unique<stage::Views>(spec_);
    outcomes_ = std::make_unique<stage::OutcomeReader>(*order_.store);
  }
  next_ = 1;
  if (old == nullptr) return {};
  const Base::From from{*order_.store, *order_.vault, order_.versions};
  TRY_DO(old->into(from, *ingest_));
  TRY_DO(old->into(from, *fold_));
  if (views_ != nullptr) TRY_DO(old->into(from, *views_));
  controls_ = old->controls();
  next_ = old->cut() + 1;
  return {};
}

// What the fold has to come to. Only digests are kept.
Expected<void> Cut::read_snapshots() {
  Position low = kNoPosition;
  if (order_.apart) {
    TRY(const stage::LogEnd end, order_.store->end());
    low = end.last;
  } else {
    TRY(low, order_.store->low_mark());
  }
  TRY(auto parts, order_.store->snapshots(low));
  const SnapshotHead head{order_.version, spec_->digest, order_.erased};
  std::map<std::string, std::string> ids;
  std::size_t shards = want_shards();
  Position core = kNoPosition;
  std::string core_body;
  for (stage::Snapshot& part : parts) {
    const auto opened = open_snapshot(*order_.vault, part);
    if (!opened || opened->head != head) continue;
    if (part.name.starts_with("ids/")) {
      TRY(const auto piece, stage::Ingest::piece_of(opened->body));
      if (piece.last <= found_.cut) stale_.push_back(part.name);
      ids[part.name] = opened->body;
    } else if (part.name.starts_with("labels/")) {
      if (part.position <= found_.cut) stale_.push_back(part.name);
    } else if (part.position < found_.cut) {
      continue;
    } else if (part.name == kIngest) {
      core = part.position;
      core_body = opened->body;
    } else if (part.name.starts_with("shard/")) {
      wanted_[part.position][part.name] = sha256_hex(opened->body);
      ++shards;
    } else if (part.name.starts_with("views/")) {
      TRY_DO(read_view(part, opened->body));
    }
    last_ = std::max(last_, part.position);
    part.bytes.clear();
  }
  std::set<std::size_t> views;
  for (const auto& [name, place] : view_parts_) views.insert(place.first);
  const std::size_t all_views = order_.apart ? 0 : spec_->views.size();
  if (shards != kShardCount || core == kNoPosition || views.size() != all_views) {
    return unavailable("there is no whole snapshot to verify the base with");
  }
  ids[kIngest] = std::move(core_body);
  return read_ingest(parts, ids, core);
}

// Those of a place apart. How many there are.
std::size_t Cut::want_shards() {
  const SnapshotHead head{order_.version, spec_->digest, order_.erased};
  std::size_t count = 0;
  for (const PartDigest& part : order_.shards) {
    const bool usable = part.head == head && part.position >= found_.cut;
    if (!usable || !part.name.starts_with("shard/")) continue;
    if (wanted_[part.position].emplace(part.name, part.sha256).second) ++count;
    last_ = std::max(last_, part.position);
  }
  return count;
}

// One that was given up says nothing of the log: how much memory a view took may be of its way
// there.
Expected<void> Cut::read_view(const stage::Snapshot& part, const std::string& body) {
  for (std::size_t i = 0; i < spec_->views.size(); ++i) {
    TRY(const stage::ViewPiece piece, stage::Views::piece_of(body));
    if (part.name != view_part(spec_->views[i].name, piece)) continue;
    view_parts_[part.name] = {i, piece};
    TRY(const bool given_up, stage::Views::is_given_up(body));
    if (!given_up) wanted_[part.position][part.name] = sha256_hex(body);
  }
  return {};
}

// The digest of what ingest is by core and pieces.
Expected<void> Cut::read_ingest(const std::vector<stage::Snapshot>& parts,
                                const std::map<std::string, std::string>& bodies, Position at) {
  TRY(const auto old, Base::find(*order_.store));
  const Position before = old == nullptr ? kNoPosition : old->cut();
  stage::Ingest read(spec_, 0, 0, sealer_);
  ByteReader outer(bodies.at(kIngest));
  const std::string_view own = outer.raw(outer.varint());
  ByteReader in(own);
  TRY_DO(read.read_core(in));
  for (const stage::Snapshot& part : parts) {
    const auto body = bodies.find(part.name);
    if (part.name == kIngest || body == bodies.end()) continue;
    TRY_DO(read.read_piece(body->second, before + 1));
  }
  read.finish_reading();
  wanted_[at][kIngest] = read.digest();
  return {};
}

Expected<bool> Cut::step(std::uint64_t number) {
  if (ingest_ == nullptr) TRY_DO(begin(number));
  TRY(const auto blocks, order_.store->read_log(next_, kReadBytes));
  if (blocks.empty()) return broken("the log ends before position " + std::to_string(last_));
  for (const event::BlockBytes& bytes : blocks) {
    TRY(event::DecodedBlock decoded, event::decode_block(bytes));
    for (event::Record& record : decoded.block.records) {
      if (record.position < next_) continue;
      if (record.position > last_) break;
      TRY_DO(fold(std::move(record), decoded.block.epoch));
    }
    next_ = bytes.last + 1;
    if (next_ > last_) break;
  }
  if (next_ <= last_) return true;
  if (!wanted_.empty()) return broken("a part of the snapshot lies where the fold did not come");
  return false;
}

Expected<void> Cut::fold(event::Record&& record, Epoch epoch) {
  const Position position = record.position;
  const AppVersion version = record.app_version;
  if (version == 0 || version > order_.versions.size()) {
    return broken("record " + std::to_string(position) +
                  " names an application version that the log lacks");
  }
  if (position <= found_.cut && outlives_a_cut(record.kind)) controls_.push_back(record);
  if (position <= found_.cut && record.kind == event::RecordKind::erase) head_.erased = position;
  admitted_.record = std::move(record);
  const app::Spec& written = *order_.versions[version - 1];
  TRY_DO(stage::decode_record(written, *spec_, epoch, sealer_, admitted_));
  TRY_DO(ingest_->replay(admitted_, written));
  TRY_DO(fold_->apply(admitted_, part_));
  if (views_ != nullptr && !spec_->views.empty()) {
    TRY(const stage::OutcomeView* outcome, outcomes_->at(position));
    if (outcome != nullptr) TRY_DO(views_->fold_stored(admitted_, *outcome, order_.versions));
  }
  if (position == found_.cut) TRY_DO(write_base());
  return compare(position);
}

Expected<void> Cut::write_base() {
  base_.emplace(head_, key_);
  base_->add_controls(controls_);
  std::string core;
  ByteWriter out(core);
  ingest_->write_core(out);
  base_->add(kIngest, core);
  for (ShardId shard = 0; shard < kShardCount; ++shard) {
    fold_->compact(shard, ingest_->low_time());
    base_->add(shard_part(shard), fold_->write(shard));
  }
  for (std::size_t i = 0; views_ != nullptr && i < spec_->views.size(); ++i) {
    stage::ViewPiece piece{views_->size(i).given_up ? 0 : views_->depth(i), 0};
    for (; piece.index >> piece.depth == 0; ++piece.index) {
      base_->add(view_part(spec_->views[i].name, piece), views_->write(i, piece));
    }
  }
  seal_ = base_->finish();
  seal_.edge = order_.edges.edge;
  for (const stage::Snapshot& part : base_->parts()) bytes_ += part.bytes.size();
  return {};
}

Expected<void> Cut::compare(Position position) {
  const auto here = wanted_.find(position);
  if (here == wanted_.end()) return {};
  for (const auto& [name, digest] : here->second) {
    const auto view = view_parts_.find(name);
    if (view != view_parts_.end() && views_->size(view->second.first).given_up) continue;
    TRY(const std::string folded, digest_of(name));
    if (folded != digest) TRY_DO(differs(name, position));
  }
  wanted_.erase(here);
  return {};
}

// Of the part as the fold has it now.
Expected<std::string> Cut::digest_of(const std::string& name) {
  if (name == kIngest) return ingest_->digest();
  if (const auto view = view_parts_.find(name); view != view_parts_.end()) {
    return sha256_hex(views_->write(view->second.first, view->second.second));
  }
  for (ShardId shard = 0; shard < kShardCount; ++shard) {
    if (name != shard_part(shard)) continue;
    fold_->compact(shard, ingest_->low_time());
    return sha256_hex(fold_->write(shard));
  }
  return broken("there is no part " + name);
}

Expected<void> Cut::differs(const std::string& name, Position position) const {
  return broken("snapshot " + name + " at position " + std::to_string(position) +
                " is not the fold of the log up to there; nothing is removed from the log")
      .with_id("base_differs");
}

}  // namespace quintet::host
