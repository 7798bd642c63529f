#include "link/calls_wire.h"

#include "link/limits.h"
#include "link/proto.h"
#include "link/status.h"

namespace quintet::link {

namespace {

std::pair<std::string, std::string> decode_pair(ProtoReader& outer) {
  std::pair<std::string, std::string> pair;
  ProtoReader in(outer.bytes());
  while (in.next()) {
    if (in.field() == 1) pair.first = in.bytes();
    if (in.field() == 2) pair.second = in.bytes();
  }
  if (!in.ok()) outer.fail();
  return pair;
}

CallFrame decode_frame(ProtoReader& outer) {
  CallFrame frame;
  ProtoReader in(outer.bytes());
  while (in.next()) {
    switch (in.field()) {
      case 1: frame.id = in.number(); break;
      case 2: frame.method = in.bytes(); break;
      case 3: frame.body = in.bytes(); break;
      case 4:
        // A deadline a year away is none, and cannot overflow.
        frame.timeout = static_cast<Micros>(in.number());
        if (frame.timeout < 0 || frame.timeout > 365 * kDay) frame.timeout = 0;
        break;
      case 5: frame.metadata.push_back(decode_pair(in)); break;
      case 6: frame.cancel = in.number() != 0; break;
      case 7:
        frame.error = decode_details(in.bytes());
        if (!frame.error) in.fail();
        break;
      default: break;
    }
    if (frame.metadata.size() > kMaxMetadata) in.fail();
  }
  if (!in.ok()) outer.fail();
  return frame;
}

}  // namespace

void append(std::string& batch, const CallFrame& frame, std::string_view body) {
  std::string head;
  ProtoWriter out(head);
  out.number(1, frame.id);
  out.bytes(2, frame.method);
  out.number(4, static_cast<std::uint64_t>(frame.timeout));
  for (const auto& [name, value] : frame.metadata) {
    std::string pair;
    ProtoWriter fields(pair);
    fields.bytes(1, name);
    fields.bytes(2, value);
    out.message(5, pair);
  }
  out.number(6, frame.cancel ? 1 : 0);
  if (frame.error) out.bytes(7, encode_details(*frame.error));
  if (!body.empty()) out.length(3, body.size());
  ProtoWriter(batch).message(1, head, body);
}

Expected<std::vector<CallFrame>> decode_call_frames(std::string_view bytes) {
  std::vector<CallFrame> frames;
  ProtoReader in(bytes);
  while (in.next()) {
    if (in.field() == 1) frames.push_back(decode_frame(in));
    if (frames.size() > kMaxBatchItems) in.fail();
  }
  if (!in.ok()) return broken("a batch of calls is damaged");
  return frames;
}

}  // namespace quintet::link
