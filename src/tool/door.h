// Requests to a running application, for commands. Blocking; any thread.
#pragma once

#include <memory>
#include <string>

#include "app/spec.h"
#include "host/http_client.h"
#include "host/http_text.h"

namespace quintet::tool {

struct Door {
  std::string url;
  std::string token;
  std::string ca_file;  // for https: certificates of authorities; empty: those of the system
  Micros timeout = 30 * kSecond;
};
// GET or POST with the token; an answer that is not 2xx is an error with what its body says.
struct DoorRequest {
  std::string method = "GET";
  std::string target;
  std::string body;
  std::string content_type = "application/json";
};
Expected<host::ClientResponse> ask(const Door& door, DoorRequest request);
Expected<host::ClientResponse> ask(const Door& door, const std::string& method,
                                   const std::string& target, std::string body = {});
// The error in an answer that is not 2xx.
Error error_of(const host::ClientResponse& response);

using host::percent_encode;

// The application file that runs behind the door.
Expected<std::shared_ptr<const app::Spec>> application_of(const Door& door);

}  // namespace quintet::tool
