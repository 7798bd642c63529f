// One process of a pattern that has several: the place of a topology that it is, with its API over
// gRPC, its store, and the peers that it knows by address. As `quintet service` starts it: under
// the supervisor of `quintet run`, or alone, as a container would.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "app/spec.h"
#include "host/front_door.h"
#include "store/location.h"

namespace quintet::host {

struct ServiceSettings {
  std::uint32_t replica = 1;  // of infer
  bool spare = false;         // infer: ready before it holds any shard
  std::string name;           // gateway, ingest, infer, results or train
  // ingest: the application; the others hear of it from the log.
  std::shared_ptr<const app::Spec> spec;
  std::string app_directory;   // of the application file
  std::string pseudonym_key;   // of a new log; empty: one is made
  std::string data_directory;  // all but the gateway
  store::Location store;       // for a directory that has none; on no server: in the directory
  // Where its API listens: HOST:PORT or unix:PATH; the gateway has none.
  std::string listen;
  std::map<std::string, std::string> peers;  // address by name
  std::string certificates;                  // directory, for TLS between services; empty: none
  DoorSettings door;                         // gateway
  TracerSettings traces;                     // `service` is filled in
  std::uint64_t snapshot_every = 200'000;    // positions; 0: only when it ends
  std::uint64_t log_ahead = 0;               // ingest: positions ahead of outcomes; 0: kMostAhead
  bool ends_with_input = false;              // as if told to stop, once its stdin is closed
  // Called once it can do its work, with the gateway's URL or the address that it listens on.
  std::function<void(const std::string& where)> on_ready;
};

// Blocks until SIGINT or SIGTERM, then drains. Errors: what could not be opened or bound.
Expected<void> run_service(ServiceSettings settings);

// The names, in the order in which a supervisor starts them.
std::vector<std::string_view> service_names();
// The peers that a service cannot do without.
std::vector<std::string_view> peers_of(std::string_view service);

}  // namespace quintet::host
