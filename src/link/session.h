// What servers' ends of streams have in common: one write at a time, and an end that waits for it.
// Lives on the server's scheduler.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "link/wire.h"

namespace quintet::link {

class Session : public WireEvents {
 public:
  void on_written() final {
    writing_ = false;
    if (last_) {
      end(*std::exchange(last_, {}));
    } else if (!ended_) {
      on_idle();
    }
  }
  void on_end(Expected<void>) override { ended_ = true; }
  void on_drain() override { finish(unavailable("the server is shutting down")); }

 protected:
  explicit Session(Wire& wire) : wire_(wire) {}

  // Nothing may be sent now.
  bool busy() const { return writing_ || ended_ || last_; }
  void send(std::string message) {
    writing_ = true;
    wire_.write(std::move(message));
  }
  // Ends the stream, after the write under way; once.
  void finish(Expected<void> how) {
    if (ended_ || last_) return;
    if (writing_) {
      last_ = std::move(how);
    } else {
      end(std::move(how));
    }
  }
  void read() {
    if (!ended_ && !last_) wire_.read();
  }
  // What was sent has gone.
  virtual void on_idle() = 0;

 private:
  void end(Expected<void> how) {
    ended_ = true;
    wire_.finish(std::move(how));
  }

  Wire& wire_;
  bool writing_ = false, ended_ = false;
  std::optional<Expected<void>> last_;
};

}  // namespace quintet::link
