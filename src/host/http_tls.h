// TLS for the server's streams: a ByteStream over another one. TLS 1.2 and 1.3, HTTP/1.1 by ALPN.
#pragma once

#include <memory>
#include <string>

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

}  // namespace quintet::host
