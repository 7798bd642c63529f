// The gateway: the door that clients see, of a pattern whose stages are processes of their own. It
// reads and checks events, has them admitted by ingest and answered by results, and hands all other
// requests to the service whose they are. It keeps nothing.
#pragma once

#include "host/service.h"

namespace quintet::host {

// See run_service().
Expected<void> run_gateway(ServiceSettings settings);

}  // namespace quintet::host
