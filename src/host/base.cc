#include "host/base.h"

#include <algorithm>

#include "app/diff.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "feature/carry.h"
#include "host/control_chain.h"
#include "host/snapshot_seal.h"

namespace quintet::host {

namespace {

constexpr std::uint8_t kFormat = 1;
const std::string kList = "list";
const std::string kControls = "controls";
const std::string kIngest = "ingest";

}  // namespace

std::string base_subject(std::uint64_t key) {
  return "base/" + std::to_string(key);
}

bool outlives_a_cut(event::RecordKind kind) {
  return kind == event::RecordKind::application || kind == event::RecordKind::activate ||
         kind == event::RecordKind::promote;
}

Expected<std::shared_ptr<const Base>> Base::find(stage::LogSource& source) {
  TRY(const std::optional<stage::SealBody> seal, find_seal(source));
  if (!seal) return std::shared_ptr<const Base>();
  return of(source, *seal);
}

Expected<std::shared_ptr<const Base>> Base::of(stage::LogSource& source,
                                               const stage::SealBody& seal) {
  const auto base = std::make_shared<Base>();
  base->seal_ = seal;
  TRY(const stage::Snapshot list, source.base_part(seal.base, kList));
  if (sha256_hex(list.bytes) != seal.digest) {
    return broken(base->name() + " is not the one that the log's seal record names");
  }
  TRY_DO(base->read_list(source, list));
  if (base->cut() != seal.cut) return broken(base->name() + " is of another cut");
  return std::shared_ptr<const Base>(base);
}

// The list is the last of its parts that is stored.
Expected<std::shared_ptr<const Base>> Base::newest(stage::Store& store) {
  TRY(const auto numbers, store.bases());
  for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
    const auto list = store.base_part(*number, kList);
    if (!list && list.error().code() == Code::not_found) continue;
    if (!list) return list.error();
    const auto base = std::make_shared<Base>();
    base->seal_.base = *number;
    TRY_DO(base->read_list(store, *list));
    return std::shared_ptr<const Base>(base);
  }
  return std::shared_ptr<const Base>();
}

std::string Base::name() const {
  return "base " + std::to_string(seal_.base);
}

Expected<void> Base::read_list(stage::LogSource& source, const stage::Snapshot& list) {
  ByteReader in(list.bytes);
  if (in.u8() != kFormat || in.u64() != seal_.base) {
    return broken(name() + " has a form that this build does not know");
  }
  seal_.cut = in.u64();
  version_ = in.u32();
  digest_ = in.text();
  erased_ = in.u64();
  key_ = in.u64();
  for (std::uint64_t i = in.count(in.rest()); i > 0 && in.ok(); --i) {
    const std::string part(in.text());
    listed_[part] = in.text();
  }
  TRY_DO(in.finish(name()));
  TRY(const stage::Snapshot controls, read(source, kControls));
  ByteReader records(controls.bytes);
  for (std::uint64_t i = records.count(records.rest()); i > 0 && records.ok(); --i) {
    event::Record record;
    record.position = records.u64();
    record.kind = static_cast<event::RecordKind>(records.u8());
    record.app_version = records.u32();
    record.admitted_at = record.time = records.i64();
    record.plain = records.text();
    controls_.push_back(std::move(record));
  }
  return records.finish(name() + ", controls");
}

// The bytes as they lie in the store, of which the list speaks.
Expected<stage::Snapshot> Base::read(stage::LogSource& source, const std::string& name) const {
  TRY(stage::Snapshot part, source.base_part(seal_.base, name));
  const auto listed = listed_.find(name);
  if (listed == listed_.end() || sha256_hex(part.bytes) != listed->second) {
    return broken("part " + name + " of " + this->name() + " is not the one that was verified");
  }
  return part;
}

Expected<std::string> Base::open(const From& from, const std::string& name) const {
  const auto opened = [&]() -> Expected<OpenedSnapshot> {
    TRY(const stage::Snapshot part, read(from.source, name));
    return open_snapshot(from.vault, base_subject(key_), part);
  }();
  // Whatever the reason: the log has nothing to fold instead.
  if (!opened && opened.error().code() != Code::unavailable) {
    return broken("what the log was before position " + std::to_string(cut() + 1) +
                  " cannot be read: " + opened.error().message());
  }
  if (!opened) return opened.error();
  if (opened->head != SnapshotHead{version_, digest_, seal_.base}) {
    return broken("part " + name + " of " + this->name() + " is of another");
  }
  return opened->body;
}

Expected<std::optional<std::string>> Base::part(const From& from, const std::string& name) const {
  if (!listed_.contains(name)) return std::optional<std::string>();
  TRY(std::string body, open(from, name));
  return std::optional(std::move(body));
}

std::vector<std::string> Base::sealed_parts() const {
  std::vector<std::string> names;
  for (const auto& [name, digest] : listed_) {
    if (name != kControls) names.push_back(name);
  }
  return names;
}

Expected<void> Base::into(const From& from, stage::Ingest& ingest) const {
  TRY(const std::string body, open(from, kIngest));
  ByteReader in(body);
  TRY_DO(ingest.read_core(in));
  TRY_DO(in.finish("the base of ingest"));
  if (ingest.last() != cut()) return broken("the base of ingest is of another position");
  ingest.finish_reading();
  ingest.begin_after(cut(), seal_.edge);
  return {};
}

Expected<void> Base::into(const From& from, stage::Fold& fold) const {
  for (ShardId shard = 0; shard < kShardCount; ++shard) TRY_DO(into(from, shard, fold));
  return {};
}

Expected<void> Base::into(const From& from, ShardId shard, stage::Fold& fold) const {
  if (version_ == 0 || version_ > from.versions.size()) {
    return broken("the base names an application version that the log lacks");
  }
  TRY(std::string body, open(from, shard_part(shard)));
  const auto& written = from.versions[version_ - 1];
  if (written->digest != fold.plans().spec()->digest) {
    // Before the shard stands its position (Fold::write).
    TRY(const std::string carried,
        feature::carry_over(feature::Plans(written), fold.plans(), body.substr(sizeof(Position))));
    body.replace(sizeof(Position), std::string::npos, carried);
  }
  return fold.read(shard, cut(), body);
}

Expected<void> Base::into(stage::Score& score) const {
  for (const event::Record& record : controls_) TRY_DO(score.control(record));
  return {};
}

Expected<void> Base::into(const From& from, stage::Ingest& ingest, stage::Infer& infer) const {
  TRY_DO(into(from, ingest));
  TRY_DO(into(infer.score()));
  return into(from, infer.shards());
}

namespace {

// Whether both have this view, of the same values in the same words.
bool same_view(const app::Spec& written, const app::Spec& spec, const app::View& view) {
  const auto old = std::find_if(written.views.begin(), written.views.end(),
                                [&](const app::View& each) { return each.name == view.name; });
  if (old == written.views.end() || old->retain != view.retain) return false;
  const auto type_of = [](const app::Spec& of, const app::View& each, app::Slot slot) {
    return of.rows[static_cast<std::size_t>(each.of)].slot_types[static_cast<std::size_t>(slot)];
  };
  for (std::size_t i = 0; i < view.by.size() && i < old->by.size(); ++i) {
    if (type_of(written, *old, old->by[i]) != type_of(spec, view, view.by[i])) return false;
  }
  const app::Difference difference = app::compare(written, spec);
  return std::any_of(difference.parts.begin(), difference.parts.end(), [&](const auto& part) {
    return part.kind == "view" && part.name == view.name && part.change == app::Change::same;
  });
}

}  // namespace

Expected<std::vector<std::string>> Base::view(const From& from, const app::Spec& spec,
                                              std::size_t view) const {
  std::vector<std::string> pieces;
  if (version_ == 0 || version_ > from.versions.size()) {
    return broken("the base names an application version that the log lacks");
  }
  const app::Spec& written = *from.versions[version_ - 1];
  const bool other = written.digest != spec.digest;
  if (other && !same_view(written, spec, spec.views[view])) return pieces;
  const std::string all = "views/" + spec.views[view].name + "/";
  for (auto at = listed_.lower_bound(all); at != listed_.end(); ++at) {
    if (!at->first.starts_with(all)) break;
    TRY(std::string body, open(from, at->first));
    if (other) {
      TRY(body, stage::Views::under(spec, body));
    }
    pieces.push_back(std::move(body));
  }
  return pieces;
}

Expected<void> Base::into(const From& from, stage::Views& views) const {
  for (std::size_t i = 0; i < views.spec().views.size(); ++i) {
    TRY(const auto bodies, view(from, views.spec(), i));
    std::vector<stage::Views::StoredPiece> pieces;
    for (const std::string& body : bodies) pieces.push_back({cut(), body});
    if (!pieces.empty()) TRY_DO(views.restore(i, std::move(pieces)));
  }
  views.caught_up();
  return {};
}

std::vector<std::string> Base::cold_columns(const Versions& versions, const app::Spec& spec,
                                            Micros low_time) const {
  if (version_ == 0 || version_ > versions.size()) return {};
  return feature::cold_columns(*versions[version_ - 1], spec, seal_.edge, low_time);
}

void BaseParts::put(const std::string& name, std::string bytes) {
  parts_.push_back({name, head_.cut, std::move(bytes)});
}

void BaseParts::add_controls(const std::vector<event::Record>& controls) {
  std::string bytes;
  ByteWriter out(bytes);
  out.varint(controls.size());
  for (const event::Record& record : controls) {
    out.u64(record.position);
    out.u8(static_cast<std::uint8_t>(record.kind));
    out.u32(record.app_version);
    out.i64(record.admitted_at);
    out.text(record.plain);
  }
  put(kControls, std::move(bytes));
}

void BaseParts::add(const std::string& name, std::string_view body) {
  put(name,
      seal_snapshot(key_, {head_.version, head_.digest, head_.number}, name, head_.cut, body));
}

stage::SealBody BaseParts::finish() {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kFormat);
  out.u64(head_.number);
  out.u64(head_.cut);
  out.u32(head_.version);
  out.text(head_.digest);
  out.u64(head_.erased);
  out.u64(head_.key);
  out.varint(parts_.size());
  for (const stage::Snapshot& part : parts_) {
    out.text(part.name);
    out.text(sha256_hex(part.bytes));
  }
  stage::SealBody seal;
  seal.cut = head_.cut;
  seal.base = head_.number;
  seal.digest = sha256_hex(bytes);
  put(kList, std::move(bytes));
  return seal;
}

}  // namespace quintet::host
