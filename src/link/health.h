// The health protocol of gRPC (grpc.health.v1), for probes and balancers: Check, and Watch,
// which is told of each change.
#pragma once

#include <map>
#include <set>
#include <string>

#include "link/service.h"

namespace quintet::link {

// Lives on the server's scheduler; outlives the server.
class Health {
 public:
  Health() = default;
  Health(const Health&) = delete;
  Health& operator=(const Health&) = delete;

  // Adds its methods. Before the server starts.
  void offer(Service& service);
  // Of a service by its full name, as "quintet.v1.Ingest", or of the whole process: "". What was
  // never set is unknown.
  void set(const std::string& name, bool serving);

 private:
  class Watch;

  std::map<std::string, bool, std::less<>> states_;
  std::set<Watch*> watches_;
};

// The client's side: the request of Check for a service by its name, and whether the answer says
// that it serves.
inline constexpr std::string_view kHealthCheck = "/grpc.health.v1.Health/Check";
std::string health_request(std::string_view service);
Expected<bool> read_health(std::string_view response);

}  // namespace quintet::link
