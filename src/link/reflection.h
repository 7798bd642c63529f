// Server reflection (grpc.reflection.v1alpha and v1), so that tools can list a server's services
// and call them without their .proto files.
#pragma once

#include <string>
#include <string_view>

#include "link/descriptors.h"
#include "link/service.h"

namespace quintet::link {

// Adds its methods, after all others: it lists the services of which this Service then has a
// method. The descriptors may hold more, and outlive the server.
void offer_reflection(Service& service, const Descriptors& descriptors);

// The answer to one ServerReflectionRequest; `services` are those listed. `invalid` for what is
// none.
Expected<std::string> reflect(const Descriptors& descriptors,
                              const std::vector<std::string>& services, std::string_view request);

}  // namespace quintet::link
