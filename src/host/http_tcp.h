// TCP: a listening socket on a loop, and the streams of the connections that it takes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/expected.h"
#include "host/http_stream.h"
#include "host/loop.h"

namespace quintet::host {

// On the loop's thread, or before it runs.
class Listener {
 public:
  struct Events {
    std::function<void(std::unique_ptr<ByteStream>, std::string peer)> on_connection;
    // A connection could not be taken, most likely for want of descriptors; it tries again soon.
    std::function<void(const std::string& why)> on_trouble;
  };
  // The address is a number, "127.0.0.1" or "::1"; port 0 chooses a free one. A port in use is a
  // conflict, an address that is none or not ours is invalid.
  static Expected<std::unique_ptr<Listener>> open(Loop& loop, const std::string& address,
                                                  std::uint16_t port, Events events);
  virtual ~Listener() = default;  // stops
  virtual std::uint16_t port() const = 0;
  virtual void stop() = 0;
};

// Whether the text is the number of a loopback address; invalid if it is no number of an address.
Expected<bool> is_loopback_address(const std::string& address);

}  // namespace quintet::host
