// Every limit of the HTTP door, by name. A request over a limit gets the status in brackets.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace quintet::host {

struct HttpLimits {
  std::size_t header_bytes = 16 * 1024;    // [431]
  std::size_t headers = 100;               // [431]
  std::size_t url_bytes = 4 * 1024;        // [414]
  std::uint64_t whole_body = 1024 * 1024;  // of a request that is not streamed [413]
  std::uint64_t whole_body_chunks = 4096;  // chunks such a body may be cut into [413]
  std::size_t connections = 1000;          // [503, and closed]
  Micros header_time = 5 * kSecond;        // from the first byte, or from accept [408]
  Micros whole_body_time = 30 * kSecond;   // for all of a body that is not streamed [408]
  Micros body_idle = 30 * kSecond;         // between two pieces of a streamed body [408]
  Micros keep_alive = 60 * kSecond;        // between two requests [closed]
  Micros write_idle = 30 * kSecond;        // the client takes nothing of its answer [closed]
  Micros linger = 2 * kSecond;             // for the client to read a last answer [closed]
};

// How much is read from a connection at a time.
inline constexpr std::size_t kFirstReadBuffer = 8 * 1024;
inline constexpr std::size_t kLargestReadBuffer = 64 * 1024;

}  // namespace quintet::host
