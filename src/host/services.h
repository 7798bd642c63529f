// The services behind the gateway, one function each: see run_service().
#pragma once

#include "host/service.h"

namespace quintet::host {

Expected<void> run_ingest(ServiceSettings settings);
Expected<void> run_infer(ServiceSettings settings);
Expected<void> run_results(ServiceSettings settings);
Expected<void> run_train(ServiceSettings settings);

}  // namespace quintet::host
