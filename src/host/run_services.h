// A pattern of several processes on this machine: a supervisor, and `quintet service` for each
// place of the topology. The supervisor does nothing else; the data of each is in a directory of
// its own.
#pragma once

#include "host/run.h"
#include "pattern/topology.h"

namespace quintet::host {

// As run(), for a topology of more than one place; `app_path` is the application file, which the
// child ingest reads itself. on_ready has no figures of a start.
Expected<void> run_services(const pattern::Topology& topology, RunSettings settings,
                            const std::string& app_path);

// Why a directory cannot be opened as the data of one process: it is empty, or of services.
Error no_log_in(const std::string& directory);

}  // namespace quintet::host
