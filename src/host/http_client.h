// A small HTTP/1.1 client on a socket, plain or with TLS, for commands and for tests: keep-alive,
// request bodies in pieces, answers read piece by piece.
//
// Threads: one at a time, except that while one thread writes a body another may read the answer,
// which a streamed upload needs: the server stops reading when its answers are not read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/expected.h"

namespace quintet::host {

struct ClientRequest {
  std::string method = "GET";
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> headers;  // beyond Host and the body's framing
  std::string body;
};

struct ClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;

  // Empty if there is none. The name is given in lower case.
  std::string_view header(std::string_view name) const;
};

// "https://localhost:8080/base" in its parts. Only what this client can use.
struct Url {
  std::string host;
  std::uint16_t port = 80;
  std::string path = "/";
  bool tls = false;
};
Expected<Url> parse_url(std::string_view text);

class ClientTls;

class HttpClient {
 public:
  // Connects, to a name or an address, within the timeout; each later read or write that makes no
  // progress for that long fails with expired. A server that is not there is unavailable.
  static Expected<HttpClient> connect(const std::string& host, std::uint16_t port, Micros timeout);
  // The same, and with TLS if the URL says so; `ca_file` as in client_tls.h.
  static Expected<HttpClient> connect(const Url& url, const std::string& ca_file, Micros timeout);
  HttpClient(HttpClient&& other) noexcept;
  HttpClient& operator=(HttpClient&& other) noexcept;
  ~HttpClient();

  // Sends and reads the whole answer. Afterwards usable() says if the connection can be used again.
  Expected<ClientResponse> ask(const ClientRequest& request);
  bool usable() const { return usable_; }

  // In parts. start() sends the head, with a chunked body to come (its `body` is the first piece);
  // then send() any number of times and finish().
  Expected<void> start(const ClientRequest& request);
  Expected<void> send(std::string_view piece);
  Expected<void> finish();
  // The head of the answer; interim answers (1xx) are passed over.
  Expected<ClientResponse> read_head();
  // The next piece of the answer's body, or nothing at its end.
  Expected<std::optional<std::string>> read_piece();

  // Bytes as they are, for tests of servers. read_bytes() gives nothing at the end of the stream.
  Expected<void> send_bytes(std::string_view bytes);
  Expected<std::optional<std::string>> read_bytes();
  // Says that no more will be sent.
  void finish_sending();

 private:
  explicit HttpClient(int socket, std::string authority);
  Expected<void> write(std::string_view bytes);
  Expected<bool> fill();  // false at the end of the stream
  Expected<std::string> read_line();
  Expected<std::optional<std::string>> read_chunk();
  std::string head_of(const ClientRequest& request) const;
  Expected<void> read_fields(ClientResponse& response);
  Expected<void> choose_framing(const ClientResponse& response);

  enum class Framing : unsigned char { none, length, chunked, until_close };
  int socket_ = -1;
  std::unique_ptr<ClientTls> tls_;  // null: plain
  std::string authority_;
  std::string in_;
  std::size_t in_from_ = 0;
  Framing framing_ = Framing::none;
  std::uint64_t left_ = 0;  // of the body, or of the chunk
  bool first_chunk_ = true;
  bool usable_ = true;
  bool head_only_ = false;  // the request was HEAD
};

}  // namespace quintet::host
