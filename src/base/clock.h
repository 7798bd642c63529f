// The two clocks a host may read: wall time for what is recorded and steady time for waiting. The
// rooms that must be deterministic get a time as an argument and never see a Clock.
#pragma once

#include <cstdint>

namespace quintet {

// Microseconds since 1970-01-01T00:00:00Z, without leap seconds. May be negative.
using Micros = std::int64_t;

inline constexpr Micros kSecond = 1'000'000;
inline constexpr Micros kMinute = 60 * kSecond;
inline constexpr Micros kHour = 60 * kMinute;
inline constexpr Micros kDay = 24 * kHour;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Micros wall() = 0;    // may jump
  virtual Micros steady() = 0;  // never goes back; its zero means nothing
};

// The machine's own clocks. Any thread.
class SystemClock final : public Clock {
 public:
  Micros wall() override;
  Micros steady() override;
};

}  // namespace quintet
