#include "host/control_chain.h"

#include <algorithm>

#include "host/base.h"

namespace quintet::host {

namespace {

using EachControl = std::function<Expected<bool>(event::Record&&)>;

// Those that stand in the log itself.
Expected<void> each_logged(stage::LogSource& source, const stage::LogEnd& end, Position above,
                           const EachControl& each) {
  event::Block block;
  for (Position at = end.last; at > above && at >= end.first;) {
    if (block.records.empty() || at < block.first) {
      TRY(const auto bytes, source.read_log(at, 1));
      if (bytes.empty()) return broken("the log lacks position " + std::to_string(at));
      TRY(event::DecodedBlock decoded, event::decode_block(bytes.front()));
      block = std::move(decoded.block);
    }
    event::Record& record = block.records[at - block.first];
    const Position before = record.control;
    if (before >= at) return broken("record " + std::to_string(at) + " names no earlier control");
    if (event::is_control(record.kind)) {
      TRY(const bool more, each(std::move(record)));
      if (!more) return {};
    }
    at = before;
  }
  return {};
}

Error beginning_is_gone(Position first) {
  return broken("the log begins at position " + std::to_string(first) +
                " and no seal record says what was before");
}

}  // namespace

Expected<std::optional<stage::SealBody>> find_seal(stage::LogSource& source) {
  TRY(const stage::LogEnd end, source.end());
  std::optional<stage::SealBody> seal;
  TRY_DO(each_logged(source, end, kNoPosition, [&](event::Record&& record) -> Expected<bool> {
    if (record.kind != event::RecordKind::seal) return true;
    TRY(seal, stage::read_seal(record.plain));
    return false;
  }));
  if (end.first > (seal ? seal->cut : kNoPosition) + 1) return beginning_is_gone(end.first);
  return seal;
}

namespace {

// Those that a base kept, newest first.
Expected<void> each_kept(const Base& base, Position above, const EachControl& each) {
  const auto& kept = base.controls();
  for (auto record = kept.rbegin(); record != kept.rend() && record->position > above; ++record) {
    TRY(const bool more, each(event::Record(*record)));
    if (!more) break;
  }
  return {};
}

// What one record says of all that was before.
Expected<void> take_control(const event::Record& record, Controls& found) {
  if (record.kind == event::RecordKind::application) {
    TRY(auto body, stage::read_application(record.plain));
    found.applications.push_back(std::move(body));
  } else if (record.kind == event::RecordKind::activate && found.active == 0) {
    TRY(const auto body, stage::read_application(record.plain));
    found.active = body.version;
  } else if (record.kind == event::RecordKind::erase) {
    TRY(auto body, stage::read_erase(record.plain));
    found.erased.push_back(std::move(body.subject));
    found.last_erase = std::max(found.last_erase, record.position);
  }
  return {};
}

}  // namespace

Expected<void> each_control_back(stage::LogSource& source, Position above,
                                 const EachControl& each) {
  TRY(const stage::LogEnd end, source.end());
  Position cut = kNoPosition;
  bool sealed = false, more = true;
  TRY_DO(each_logged(source, end, above, [&](event::Record&& record) -> Expected<bool> {
    if (record.position <= cut) return false;
    if (record.kind == event::RecordKind::seal && !sealed) {
      TRY(const auto body, stage::read_seal(record.plain));
      cut = body.cut;
      sealed = true;
    }
    TRY(more, each(std::move(record)));
    return more;
  }));
  if (!more) return {};
  if (!sealed && end.first > above + 1) return beginning_is_gone(end.first);
  if (cut <= above) return {};
  TRY(const auto base, Base::find(source));
  return each_kept(*base, above, each);
}

Expected<void> each_control_back(stage::LogSource& source, const Base* base, Position above,
                                 const EachControl& each) {
  TRY(const stage::LogEnd end, source.end());
  const Position cut = base == nullptr ? kNoPosition : base->cut();
  if (end.first > cut + 1) return beginning_is_gone(end.first);
  bool more = true;
  TRY_DO(each_logged(source, end, std::max(above, cut), [&](event::Record&& record) {
    auto asked = each(std::move(record));
    more = asked && *asked;
    return asked;
  }));
  return more && base != nullptr ? each_kept(*base, above, each) : Expected<void>();
}

Expected<Controls> read_controls(stage::LogSource& source, Position above) {
  Controls found;
  TRY_DO(each_control_back(source, above, [&](event::Record&& record) -> Expected<bool> {
    TRY_DO(take_control(record, found));
    return true;
  }));
  if (found.last_erase == kNoPosition) {
    TRY(const auto base, Base::find(source));
    if (base != nullptr && base->erased() > above) found.last_erase = base->erased();
  }
  std::reverse(found.applications.begin(), found.applications.end());
  std::reverse(found.erased.begin(), found.erased.end());
  return found;
}

Expected<Controls> read_all_controls(stage::LogSource& source, const Base* base) {
  Controls found;
  TRY_DO(
      each_control_back(source, base, kNoPosition, [&](event::Record&& record) -> Expected<bool> {
        TRY_DO(take_control(record, found));
        return true;
      }));
  if (found.last_erase == kNoPosition && base != nullptr) found.last_erase = base->erased();
  std::reverse(found.applications.begin(), found.applications.end());
  std::reverse(found.erased.begin(), found.erased.end());
  return found;
}

}  // namespace quintet::host
