// How long to wait before the next try: doubled each time from first to last, less up to half of
// it, so that those who lost the same peer do not come back in step. The part is drawn from a hash
// of who and which try, so a run under a simulator is repeatable. Any thread.
#pragma once

#include <string_view>

#include "base/clock.h"

namespace quintet::link {

// `attempt` counts from 0.
Micros back_off(std::string_view who, unsigned attempt, Micros first, Micros last);

}  // namespace quintet::link
