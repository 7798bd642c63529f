// Asks a door that this process has just opened, as a client would, before anyone is told that it
// is open.
#pragma once

#include <cstdint>
#include <string>

#include "base/expected.h"

namespace quintet::host {

struct ProbeTarget {
  std::string address;  // the one listened on; "0.0.0.0" and "::" are asked over loopback
  std::uint16_t port = 0;
  std::string name = "localhost";  // for the Host header
  bool tls = false;                // the certificate is not judged: it is our own
};

// One GET /livez; anything but 200 is an error. Blocks for a few seconds at the most, so it is
// called from a thread that no loop needs.
Expected<void> probe(const ProbeTarget& target);

}  // namespace quintet::host
