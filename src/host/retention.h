// What hosts share of removing the log's beginning (S10): how often they look, and what they say.
#pragma once

#include "host/log.h"
#include "host/metrics.h"
#include "host/place.h"

namespace quintet::host {

// How often it is looked whether the log's beginning may go; none for an application that keeps
// all.
std::optional<Micros> retention_period(const app::Spec& spec);

// In the log and in the metrics of the process; a look that removed nothing is not worth a word.
void tell_retention(const Expected<Place::Retention>& result, Logger& log, Metrics& metrics,
                    Clock& clock);

}  // namespace quintet::host
