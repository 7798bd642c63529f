// The messages of the stream kCallsMethod, as api/quintet/link/v1/link.proto describes them: each
// is a batch of frames, a call or its end each. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "link/caller.h"

namespace quintet::link {

inline constexpr std::string_view kCallsMethod = "/quintet.link.v1.Calls/Open";

struct CallFrame {
  std::uint64_t id = 0;
  // From the client: a call, or that it is called off.
  std::string method;
  std::string body;    // the request, or the answer
  Micros timeout = 0;  // what was left when it was sent; 0: no deadline
  Metadata metadata;
  bool cancel = false;
  // From the server: an error in place of the answer.
  std::optional<Error> error;
};

// Appends one frame. Its body is given apart, so that it is copied once.
void append(std::string& batch, const CallFrame& frame, std::string_view body);
// `broken` for what is no such batch.
Expected<std::vector<CallFrame>> decode_call_frames(std::string_view bytes);

}  // namespace quintet::link
