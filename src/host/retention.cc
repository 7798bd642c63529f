#include "host/retention.h"

#include <algorithm>

#include "base/civil.h"

namespace quintet::host {

namespace {

// As often as a hundredth of what it keeps, at most.
constexpr Micros kLookEvery = kHour;
constexpr Micros kLooks = 100;

}  // namespace

std::optional<Micros> retention_period(const app::Spec& spec) {
  if (spec.retain <= 0) return std::nullopt;
  return std::clamp(spec.retain / kLooks, kSecond, kLookEvery);
}

void tell_retention(const Expected<Place::Retention>& result, Logger& log, Metrics& metrics,
                    Clock& clock) {
  // 1 until a look has gone well again: what was removed last time stays removed.
  const bool differs = !result && result.error().id() == "base_differs";
  metrics
      .gauge("quintet_retention_differs",
             "1 while the log does not give the state that there is, so none of it is removed")
      .set(differs ? 1 : 0);
  if (!result) {
    if (result.error().code() == Code::unavailable) return;  // another time
    log.error("no log was removed", {{"reason", result.error().message()}});
    return;
  }
  if (result->removed == 0) return;
  log.info("log was removed",
           {{"first", result->first},
            {"removed", result->removed},
            {"bytes", result->bytes},
            {"seconds", static_cast<double>(result->took) / static_cast<double>(kSecond)}});
  metrics.counter("quintet_removed_positions_total", "Positions removed from the log")
      .add(result->removed);
  metrics.gauge("quintet_last_removal_time_seconds", "When log was removed last, since 1970")
      .set(static_cast<double>(clock.wall()) / static_cast<double>(kSecond));
}

}  // namespace quintet::host
