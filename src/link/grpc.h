// The transport between processes: gRPC over TCP or unix sockets, plain or with TLS. A method's
// bytes are those of its protobuf message, so any gRPC client can call what a Service offers.
//
// Addresses are HOST:PORT (port 0: the system chooses) and unix:/absolute/path.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "link/transport.h"

namespace quintet::link {

// A directory with ca.pem, cert.pem (with its chain) and key.pem, read again within some seconds
// after they change; replace the three together, as by renaming a directory. Both sides show their
// certificate, and each takes only what that authority has signed.
struct TlsOptions {
  std::string directory;
  // The name a server's certificate must hold; empty: the host of its address.
  std::string server_name = {};
};

// gRPC's own threads stay for the life of the process once the first object is made. They only
// post to the schedulers.
class GrpcTransport final : public Transport {
 public:
  explicit GrpcTransport(std::optional<TlsOptions> tls = {}) : tls_(std::move(tls)) {}

  // What is wrong with the certificates is `invalid`, an address in use `conflict`.
  Expected<std::unique_ptr<Server>> listen(Local local, const std::string& address,
                                           std::shared_ptr<const Service> service,
                                           ServerOptions options) override;
  Expected<std::unique_ptr<Channel>> connect(Local local, const std::string& address,
                                             ChannelOptions options) override;

 private:
  const std::optional<TlsOptions> tls_;
};

}  // namespace quintet::link
