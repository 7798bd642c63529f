// Reads the log once, slowly and beside the work, and compares each block with its checksum: a
// start from a snapshot reads only what is later, so damage before it would be met much later, by
// a training or a verification.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/expected.h"
#include "event/record.h"

namespace quintet::host {

class LogCheck {
 public:
  struct Settings {
    std::string directory;
    Position from = 1;                               // where the log begins
    std::size_t piece_bytes = std::size_t{4} << 20;  // read at a time
    Micros pause = kSecond / 4;                      // between two pieces
    // Called for each block that is damaged, at most kMostTold times, on the thread of the check.
    std::function<void(const Error&)> on_damage;
    std::function<void()> on_end;  // the log was read to its end; the same thread
  };
  static constexpr int kMostTold = 10;

  explicit LogCheck(Settings settings);
  // Waits until its thread has ended, which is soon.
  ~LogCheck();

 private:
  void run();
  Expected<void> read();

  Settings settings_;
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

}  // namespace quintet::host
