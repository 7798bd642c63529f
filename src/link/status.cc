#include "link/status.h"

#include "base/text.h"
#include "link/limits.h"
#include "link/proto.h"

namespace quintet::link {

namespace {

constexpr std::string_view kInfo = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr std::string_view kDomain = "quintet";

}  // namespace

int grpc_code(Code code) {
  switch (code) {
    case Code::invalid: return 3;       // INVALID_ARGUMENT
    case Code::not_found: return 5;     // NOT_FOUND
    case Code::conflict: return 10;     // ABORTED
    case Code::unavailable: return 14;  // UNAVAILABLE
    case Code::exhausted: return 8;     // RESOURCE_EXHAUSTED
    case Code::expired: return 4;       // DEADLINE_EXCEEDED
    case Code::broken: return 13;       // INTERNAL
  }
  return 13;
}

Code code_of(int grpc_code) {
  switch (grpc_code) {
    case 3:   // INVALID_ARGUMENT
    case 7:   // PERMISSION_DENIED
    case 11:  // OUT_OF_RANGE
    case 16:  // UNAUTHENTICATED
      return Code::invalid;
    case 5:   // NOT_FOUND
    case 12:  // UNIMPLEMENTED
      return Code::not_found;
    case 6:   // ALREADY_EXISTS
    case 9:   // FAILED_PRECONDITION
    case 10:  // ABORTED
      return Code::conflict;
    case 1:   // CANCELLED, and not by us: the peer went
    case 14:  // UNAVAILABLE
      return Code::unavailable;
    case 8: return Code::exhausted;  // RESOURCE_EXHAUSTED
    case 4: return Code::expired;    // DEADLINE_EXCEEDED
    default: return Code::broken;    // UNKNOWN, INTERNAL, DATA_LOSS
  }
}

std::string travelling(std::string_view text, std::size_t most) {
  return repair_utf8(text.substr(0, most));
}

// Status: code 1, message 2, details 3 (Any: type 1, value 2). ErrorInfo: reason 1, domain 2,
// metadata 3 (a map: key 1, value 2).
std::string encode_details(const Error& error) {
  std::string pair, info, any, status;
  if (!error.place().empty()) {
    ProtoWriter entry(pair);
    entry.bytes(1, "place");
    entry.bytes(2, travelling(error.place(), kMaxPlaceBytes));
  }
  ProtoWriter fields(info);
  fields.bytes(1, travelling(error.id(), kMaxPlaceBytes));
  fields.bytes(2, kDomain);
  if (!pair.empty()) fields.message(3, pair);
  ProtoWriter detail(any);
  detail.bytes(1, kInfo);
  detail.bytes(2, info);
  ProtoWriter out(status);
  out.number(1, static_cast<std::uint64_t>(grpc_code(error.code())));
  out.bytes(2, travelling(error.message(), kMaxErrorBytes));
  out.message(3, any);
  return status;
}

namespace {

struct Info {
  std::string_view reason, domain, place;
};

void read_pair(ProtoReader& outer, Info& info) {
  std::string_view key, value;
  ProtoReader in(outer.bytes());
  while (in.next()) {
    if (in.field() == 1) key = in.bytes();
    if (in.field() == 2) value = in.bytes();
  }
  if (!in.ok()) outer.fail();
  if (key == "place") info.place = value;
}

std::optional<Info> read_info(std::string_view bytes) {
  Info info;
  ProtoReader in(bytes);
  while (in.next()) {
    if (in.field() == 1) info.reason = in.bytes();
    if (in.field() == 2) info.domain = in.bytes();
    if (in.field() == 3) read_pair(in, info);
  }
  if (!in.ok() || info.domain != kDomain) return {};
  return info;
}

std::optional<Info> read_any(std::string_view bytes) {
  std::string_view type, value;
  ProtoReader in(bytes);
  while (in.next()) {
    if (in.field() == 1) type = in.bytes();
    if (in.field() == 2) value = in.bytes();
  }
  if (!in.ok() || type != kInfo) return {};
  return read_info(value);
}

}  // namespace

std::optional<Error> decode_details(std::string_view details) {
  std::uint64_t code = 0;
  std::string message;
  std::optional<Info> info;
  ProtoReader in(details);
  while (in.next()) {
    if (in.field() == 1) code = in.number();
    if (in.field() == 2) message = in.bytes();
    if (in.field() == 3 && !info) info = read_any(in.bytes());
  }
  if (!in.ok() || !info || code == 0 || code > 16) return {};
  return Error(code_of(static_cast<int>(code)), repair_utf8(message))
      .at(repair_utf8(info->place))
      .with_id(repair_utf8(info->reason));
}

}  // namespace quintet::link
