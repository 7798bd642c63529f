#include "host/log_reading.h"

#include <algorithm>

namespace quintet::host {

namespace {

constexpr std::size_t kReadBytes = std::size_t{8} << 20;

}  // namespace

Expected<void> each_record(stage::LogSource& source, Position from,
                           const std::function<Expected<void>(event::Record&&, Epoch)>& each,
                           const std::function<void(const event::BlockBytes&)>& after) {
  TRY(const stage::LogEnd end, source.end());
  Position next = std::max(from, end.first);
  while (next <= end.last) {
    TRY(const auto blocks, source.read_log(next, kReadBytes));
    if (blocks.empty()) return broken("the log ends before position " + std::to_string(end.last));
    for (const event::BlockBytes& bytes : blocks) {
      TRY(event::DecodedBlock decoded, event::decode_block(bytes));
      for (event::Record& record : decoded.block.records) {
        if (record.position < next) continue;
        TRY_DO(each(std::move(record), decoded.block.epoch));
      }
      next = bytes.last + 1;
      if (after) after(bytes);
    }
  }
  return {};
}

}  // namespace quintet::host
