// A progress line on stderr: drawn over itself on a terminal, a plain line now and then elsewhere,
// nothing when told to be quiet. One thread.
#pragma once

#include <string>

#include "base/clock.h"

namespace quintet::tool {

class Progress {
 public:
  enum class Mode : unsigned char { automatic, quiet };
  Progress(std::string what, Mode mode, Clock& clock);
  ~Progress();  // ends the line

  // `done` of `total` (0: unknown) in whatever unit; `events` counted so far. Cheap to call often.
  void at(std::uint64_t done, std::uint64_t total, std::uint64_t events);
  // The last word: how much and how long. Prints once.
  void finish(std::uint64_t events);

 private:
  void draw(std::uint64_t done, std::uint64_t total, std::uint64_t events);

  std::string what_;
  bool quiet_, terminal_;
  Clock& clock_;
  Micros begin_, last_ = 0;
  bool open_line_ = false;
};

}  // namespace quintet::tool
