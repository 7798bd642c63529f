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
  // Accepts on a socket that another process holds too; the descriptor becomes this one's.
  static Expected<std::unique_ptr<Listener>> adopt(Loop& loop, int descriptor, Events events);
  virtual ~Listener() = default;  // stops
  virtual std::uint16_t port() const = 0;
  virtual void stop() = 0;
};

// A socket that listens and on which nobody accepts yet: who starts the processes that do holds it,
// so that a client who comes between two of them waits and is not refused.
class ListeningSocket {
 public:
  // Errors: as Listener::open().
  static Expected<ListeningSocket> open(const std::string& address, std::uint16_t port);
  ListeningSocket(ListeningSocket&& other) noexcept;
  ~ListeningSocket();
  int descriptor() const { return descriptor_; }
  std::uint16_t port() const { return port_; }

 private:
  ListeningSocket(int descriptor, std::uint16_t port) : descriptor_(descriptor), port_(port) {}
  int descriptor_;
  std::uint16_t port_;
};

// Whether the text is the number of a loopback address; invalid if it is no number of an address.
Expected<bool> is_loopback_address(const std::string& address);

}  // namespace quintet::host
