// TLS for the server's streams: a ByteStream over another one. TLS 1.2 and 1.3, HTTP/1.1 by ALPN.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/expected.h"
#include "host/http_stream.h"
#include "host/loop.h"

namespace quintet::host {

// Certificate and key, read once. Immutable; any thread.
class TlsContext {
 public:
  virtual ~TlsContext() = default;
  // PEM files; the first holds the certificate and its chain. What cannot be read, or does not fit
  // together, is invalid.
  static Expected<std::shared_ptr<const TlsContext>> load(const std::string& certificate,
                                                          const std::string& key);
};

// The handshake comes with the first read. write_now() takes nothing: TLS writes are never
// immediate. The loop outlives the stream.
std::unique_ptr<ByteStream> make_tls_stream(Loop& loop, std::shared_ptr<const TlsContext> context,
                                            std::unique_ptr<ByteStream> inner);

// One request over TLS and all that comes back until the server ends the stream, for a server that
// is to be asked and not trusted: its certificate is not judged. Blocks, for `timeout` without an
// answer at the most.
Expected<std::string> ask_over_tls(const std::string& address, std::uint16_t port,
                                   std::string_view request, Micros timeout);

}  // namespace quintet::host
