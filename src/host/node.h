// What the routes of one process share: the place they serve, and the means to serve it. The Place
// may be away for a moment, while it is folded again after a failed commit.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "event/decode.h"
#include "host/client_limits.h"
#include "host/http.h"
#include "host/log.h"
#include "host/loop.h"
#include "host/metrics.h"
#include "host/place.h"

namespace quintet::host {

struct Node {
  Loop& loop;
  Clock& clock;
  Logger& log;
  Metrics& metrics;
  std::unique_ptr<Place> place = {};  // null while it is being opened, and where there is none
  std::uint64_t places = 0;           // that went: what refers to an older one's Spec is of no use
  std::string data_directory = {};
  bool draining = false;

  // Decoders of the application in force, by event type, for whole JSON events. Emptied when the
  // place is opened anew.
  std::map<int, event::Decoder> decoders = {};

  StageRoles roles = {};           // of a process that has no place
  ClientLimits* limits = nullptr;  // of the door; null: none

  // Who answers for a stage; null while it is away.
  Intake* intake() const { return place != nullptr ? place.get() : roles.intake; }
  IngestRole* ingest() const { return place != nullptr ? place.get() : roles.ingest; }
  InferRole* infer() const { return place != nullptr ? place.get() : roles.infer; }
  ResultsRole* results() const { return place != nullptr ? place.get() : roles.results; }
  RegistryRole* registry() const { return place != nullptr ? place.get() : roles.registry; }
  TrainRole* train() const { return place != nullptr ? place.get() : roles.train; }
  event::Decoder& decoder(int event_type);
  // A decoder of its own for a stream, whose header it remembers.
  event::Decoder new_decoder(int event_type) const;
};

// The place, or the answer that says it is away.
inline Error place_is_away() {
  return unavailable("the application is being opened; try again in a moment");
}

std::vector<std::string_view> event_names(const app::Spec& spec);  // tables too
// The event type that a request speaks of: ?event=NAME, or the only one there is.
Expected<int> event_type_of(const app::Spec& spec, const HttpRequest& request);

}  // namespace quintet::host
