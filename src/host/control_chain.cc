#include "host/control_chain.h"

#include <algorithm>

namespace quintet::host {

Expected<void> each_control_back(stage::Store& store, Position above,
                                 const std::function<Expected<bool>(event::Record&&)>& each) {
  TRY(const stage::LogEnd end, store.end());
  event::Block block;
  for (Position at = end.last; at > above && at >= end.first;) {
    if (block.records.empty() || at < block.first) {
      TRY(const auto bytes, store.read_log(at, 1));
      if (bytes.empty()) return broken("the log lacks position " + std::to_string(at));
      TRY(event::DecodedBlock decoded, event::decode_block(bytes.front().bytes));
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

Expected<Controls> read_controls(stage::Store& store, Position above) {
  Controls found;
  TRY_DO(each_control_back(store, above, [&](event::Record&& record) -> Expected<bool> {
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
    return true;
  }));
  std::reverse(found.applications.begin(), found.applications.end());
  std::reverse(found.erased.begin(), found.erased.end());
  return found;
}

}  // namespace quintet::host
