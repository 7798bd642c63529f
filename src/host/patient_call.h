// A way to a service that is being started anew: what only reads waits for it a while instead of
// failing, so that a rolling restart fails nobody. On one loop.
#pragma once

#include "host/http_call.h"
#include "host/loop.h"

namespace quintet::host {

// How long a read waits for a service that is not there, and between two tries. So many wait at
// once; more fail at once.
inline constexpr Micros kAwayPatience = 3 * kSecond;
inline constexpr Micros kAwayPause = kSecond / 40;
inline constexpr std::size_t kMostPatient = 1'000;

// Scheduler and clock outlive the calls.
CallHttp patient(Scheduler& loop, Clock& clock, CallHttp call);

}  // namespace quintet::host
