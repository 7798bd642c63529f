// TLS over a connected socket, for HttpClient: version 1.2 or later, the server's certificate
// signed by a known authority and made out to the name that was asked for. One thread may write
// while another reads.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/expected.h"

namespace quintet::host {

class ClientTls {
 public:
  // Shakes hands over `socket`, which stays the caller's and must outlive this. `name` is a host
  // name or an address; `ca_file` has certificates of authorities (PEM), empty: those of the
  // system. A read or write that makes no progress within the timeout is `expired`; a certificate
  // that is not trusted, and a connection that is lost, `unavailable`.
  static Expected<std::unique_ptr<ClientTls>> connect(int socket, const std::string& name,
                                                      const std::string& ca_file, Micros timeout);
  ~ClientTls();
  ClientTls(const ClientTls&) = delete;
  ClientTls& operator=(const ClientTls&) = delete;

  Expected<void> write(std::string_view bytes);
  // At least one byte into `into`; 0 at the end of the stream.
  Expected<std::size_t> read(char* into, std::size_t most);

 private:
  struct State;
  explicit ClientTls(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace quintet::host
