// A connection's bytes, plain or under TLS, as its session sees them. The callbacks come on the
// loop, never from inside a call; while one is due the stream keeps its user alive.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/expected.h"

namespace quintet::host {

class StreamUser : public std::enable_shared_from_this<StreamUser> {
 public:
  virtual ~StreamUser() = default;
  enum class End : unsigned char { none, closed, broken };  // the peer sent its end; an error
  virtual void on_read(std::size_t count, End end) = 0;
  virtual void on_written(std::size_t count, End end) = 0;
};

class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Called once, first. Under TLS the handshake comes first, inside the first read.
  virtual void attach(StreamUser& user) = 0;
  // Reads at most `size` bytes into a buffer that stays until on_read(). One read at a time.
  virtual void read(char* buffer, std::size_t size) = 0;
  // Takes what the kernel takes at once: a count, 0 if nothing now. Not while a write is under way.
  struct Written {
    std::size_t count = 0;
    bool broken = false;
  };
  virtual Written write_now(std::string_view bytes) = 0;
  // Writes some of the bytes, which stay until on_written(). One write at a time.
  virtual void write(std::string_view bytes) = 0;
  // Says that nothing more will be sent. Reading goes on.
  virtual void finish_sending() = 0;
  // Drops the connection; callbacks that are due still come, with End::broken.
  virtual void close() = 0;
};

}  // namespace quintet::host
