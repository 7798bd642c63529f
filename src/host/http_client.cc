#include "host/http_client.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/text.h"
#include "host/client_tls.h"
#include "host/http_text.h"

namespace quintet::host {

namespace {

constexpr std::size_t kReadSize = 64 * 1024, kLongestLine = 64 * 1024, kMostFields = 200;
constexpr std::size_t kLargestWhole = 1024u * 1024 * 1024;

Error io_error(std::string_view doing, int code) {
  std::string text(doing);
  if (code == EAGAIN || code == EWOULDBLOCK || code == EINPROGRESS) {
    return expired(text + ": no progress in time");
  }
  return unavailable(text + ": " + std::strerror(code));
}

Expected<void> send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return io_error("writing to the server", errno);
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

template <class N>
bool read_number(std::string_view text, N& value, int base) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return !text.empty() && failed == std::errc() && end == text.data() + text.size();
}

Error bad_answer(std::string_view what) {
  return broken("the server's answer is not HTTP/1.1: " + std::string(what));
}

struct Addresses {
  addrinfo* list = nullptr;
  ~Addresses() {
    if (list) freeaddrinfo(list);
  }
};

}  // namespace

std::string_view ClientResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

HttpClient::HttpClient(int socket, std::string authority)
    : socket_(socket), authority_(std::move(authority)) {}

HttpClient::HttpClient(HttpClient&& other) noexcept {
  *this = std::move(other);
}

HttpClient& HttpClient::operator=(HttpClient&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(tls_, other.tls_);
  std::swap(authority_, other.authority_);
  std::swap(in_, other.in_);
  std::swap(in_from_, other.in_from_);
  std::swap(framing_, other.framing_);
  std::swap(left_, other.left_);
  std::swap(first_chunk_, other.first_chunk_);
  std::swap(usable_, other.usable_);
  std::swap(head_only_, other.head_only_);
  return *this;
}

HttpClient::~HttpClient() {
  tls_.reset();
  if (socket_ >= 0) ::close(socket_);
}

Expected<HttpClient> HttpClient::connect(const std::string& host, std::uint16_t port,
                                         Micros timeout) {
  const std::string place = host + ":" + std::to_string(port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  Addresses found;
  if (const int failed =
          getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found.list)) {
    return unavailable("cannot find " + host + ": " + gai_strerror(failed));
  }
  const timeval limit{static_cast<time_t>(timeout / kSecond),
                      static_cast<suseconds_t>(timeout % kSecond)};
  int last = ECONNREFUSED;
  for (const addrinfo* one = found.list; one; one = one->ai_next) {
    const int socket = ::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, 0);
    if (socket < 0) continue;
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (::connect(socket, one->ai_addr, one->ai_addrlen) == 0) {
      const bool v6 = host.find(':') != host.npos;
      return HttpClient(socket, v6 ? "[" + host + "]:" + std::to_string(port) : place);
    }
    last = errno;
    ::close(socket);
  }
  return io_error("connecting to " + place, last);
}

Expected<HttpClient> HttpClient::connect(const Url& url, const std::string& ca_file,
                                         Micros timeout) {
  TRY(auto client, connect(url.host, url.port, timeout));
  if (url.tls) {
    TRY(client.tls_, ClientTls::connect(client.socket_, url.host, ca_file, timeout));
  }
  return client;
}

Expected<void> HttpClient::write(std::string_view bytes) {
  return tls_ ? tls_->write(bytes) : send_all(socket_, bytes);
}

std::string HttpClient::head_of(const ClientRequest& request) const {
  std::string head =
      request.method + " " + request.target + " HTTP/1.1\r\nHost: " + authority_ + "\r\n";
  for (const auto& [name, value] : request.headers) head += name + ": " + value + "\r\n";
  return head;
}

Expected<ClientResponse> HttpClient::ask(const ClientRequest& request) {
  std::string head = head_of(request);
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  head_only_ = request.method == "HEAD";
  head += "\r\n";
  // An error while writing may be a refusal that is there to read.
  const auto sent = write(head + request.body);
  auto response = read_head();
  if (!response) return sent ? std::move(response).error() : sent.error();
  for (;;) {
    TRY(auto piece, read_piece());
    if (!piece) break;
    if (response->body.size() + piece->size() > kLargestWhole) {
      return exhausted("the server's answer is larger than 1 GiB");
    }
    response->body += *piece;
  }
  if (!sent) usable_ = false;
  return response;
}

Expected<void> HttpClient::start(const ClientRequest& request) {
  head_only_ = request.method == "HEAD";
  TRY_DO(write(head_of(request) + "Transfer-Encoding: chunked\r\n\r\n"));
  return send(request.body);
}

Expected<void> HttpClient::send(std::string_view piece) {
  if (piece.empty()) return {};
  char size[20];
  std::string chunk(size, std::to_chars(size, size + sizeof size, piece.size(), 16).ptr);
  chunk += "\r\n";
  chunk += piece;
  chunk += "\r\n";
  return write(chunk);
}

Expected<void> HttpClient::finish() {
  return write("0\r\n\r\n");
}

Expected<void> HttpClient::send_bytes(std::string_view bytes) {
  return write(bytes);
}

void HttpClient::finish_sending() {
  shutdown(socket_, SHUT_WR);
}

Expected<bool> HttpClient::fill() {
  if (in_from_ == in_.size()) {
    in_.clear();
    in_from_ = 0;
  }
  const std::size_t had = in_.size();
  in_.resize(had + kReadSize);
  if (tls_) {
    const auto read = tls_->read(in_.data() + had, kReadSize);
    in_.resize(had + (read ? *read : 0));
    if (!read) return read.error();
    return *read > 0;
  }
  ssize_t count;
  do {
    count = ::recv(socket_, in_.data() + had, kReadSize, 0);
  } while (count < 0 && errno == EINTR);
  const int code = errno;
  in_.resize(had + static_cast<std::size_t>(count < 0 ? 0 : count));
  if (count < 0) return io_error("reading from the server", code);
  return count > 0;
}

Expected<std::optional<std::string>> HttpClient::read_bytes() {
  if (in_from_ == in_.size()) {
    TRY(const bool more, fill());
    if (!more) return std::optional<std::string>();
  }
  std::optional<std::string> bytes = in_.substr(in_from_);
  in_from_ = in_.size();
  return bytes;
}

Expected<std::string> HttpClient::read_line() {
  std::size_t seen = in_from_;
  for (;;) {
    const std::size_t end = in_.find("\r\n", seen);
    if (end != in_.npos) {
      std::string line = in_.substr(in_from_, end - in_from_);
      in_from_ = end + 2;
      return line;
    }
    if (in_.size() - in_from_ > kLongestLine) return bad_answer("a line is too long");
    const std::size_t kept = in_.size() - in_from_;
    in_.erase(0, in_from_);
    in_from_ = 0;
    seen = kept == 0 ? 0 : kept - 1;
    TRY(const bool more, fill());
    if (!more) {
      usable_ = false;
      return unavailable("the server ended the connection");
    }
  }
}

Expected<void> HttpClient::read_fields(ClientResponse& response) {
  for (;;) {
    TRY(const std::string line, read_line());
    if (line.empty()) return {};
    const std::size_t colon = line.find(':');
    if (colon == line.npos || response.headers.size() >= kMostFields) {
      return bad_answer("a header field is malformed or one too many");
    }
    const std::string_view name = std::string_view(line).substr(0, colon);
    response.headers.emplace_back(lower_ascii(name),
                                  trim(std::string_view(line).substr(colon + 1)));
  }
}

Expected<ClientResponse> HttpClient::read_head() {
  for (;;) {
    TRY(const std::string line, read_line());
    ClientResponse response;
    const std::string_view text = line;
    if (!text.starts_with("HTTP/1.") || text.size() < 12 ||
        !read_number(text.substr(9, 3), response.status, 10)) {
      return bad_answer("no status line");
    }
    if (text[7] == '0') usable_ = false;
    TRY_DO(read_fields(response));
    if (response.status >= 100 && response.status < 200) continue;
    TRY_DO(choose_framing(response));
    return response;
  }
}

Expected<void> HttpClient::choose_framing(const ClientResponse& response) {
  const std::string_view length = response.header("content-length");
  if (equal_but_for_case(response.header("connection"), "close")) usable_ = false;
  left_ = 0;
  first_chunk_ = true;
  if (head_only_ || response.status == 204 || response.status == 304) {
    framing_ = Framing::none;
  } else if (equal_but_for_case(response.header("transfer-encoding"), "chunked")) {
    framing_ = Framing::chunked;
  } else if (!length.empty()) {
    framing_ = Framing::length;
    if (!read_number(length, left_, 10)) return bad_answer("a malformed Content-Length");
  } else {
    framing_ = Framing::until_close;
    usable_ = false;
  }
  return {};
}

Expected<std::optional<std::string>> HttpClient::read_chunk() {
  if (left_ == 0) {
    if (!first_chunk_) {
      TRY(const std::string end, read_line());
      if (!end.empty()) return bad_answer("a chunk without its end");
    }
    first_chunk_ = false;
    TRY(const std::string line, read_line());
    if (!read_number(trim(std::string_view(line).substr(0, line.find(';'))), left_, 16)) {
      return bad_answer("a malformed chunk size");
    }
    if (left_ == 0) {
      ClientResponse trailer;
      TRY_DO(read_fields(trailer));
      framing_ = Framing::none;
      return std::optional<std::string>();
    }
  }
  if (in_from_ == in_.size()) {
    TRY(const bool more, fill());
    if (!more) return unavailable("the server ended the connection inside its answer");
  }
  const std::size_t count = std::min<std::uint64_t>(left_, in_.size() - in_from_);
  std::optional<std::string> piece = in_.substr(in_from_, count);
  in_from_ += count;
  left_ -= count;
  return piece;
}

Expected<std::optional<std::string>> HttpClient::read_piece() {
  if (framing_ == Framing::chunked) return read_chunk();
  if (framing_ == Framing::none || (framing_ == Framing::length && left_ == 0)) {
    return std::optional<std::string>();
  }
  if (in_from_ == in_.size()) {
    TRY(const bool more, fill());
    if (!more && framing_ == Framing::until_close) return std::optional<std::string>();
    if (!more) return unavailable("the server ended the connection inside its answer");
  }
  std::size_t count = in_.size() - in_from_;
  if (framing_ == Framing::length) count = std::min<std::uint64_t>(count, left_);
  std::optional<std::string> piece = in_.substr(in_from_, count);
  in_from_ += count;
  left_ -= framing_ == Framing::length ? count : 0;
  return piece;
}

Expected<Url> parse_url(std::string_view text) {
  constexpr std::string_view kPlain = "http://", kSecure = "https://";
  const Error wrong = invalid("\"" + std::string(text) + "\" is no URL as http://localhost:8080");
  Url url;
  url.tls = equal_but_for_case(text.substr(0, kSecure.size()), kSecure);
  if (url.tls) {
    url.port = 443;
    text.remove_prefix(kSecure.size());
  } else if (equal_but_for_case(text.substr(0, kPlain.size()), kPlain)) {
    text.remove_prefix(kPlain.size());
  } else {
    return wrong;
  }
  const std::string_view authority = text.substr(0, text.find_first_of("/?#"));
  const auto host = host_of_authority(authority);
  if (!host) return wrong;
  url.host = *host;
  const std::size_t colon = authority.rfind(':');
  if (colon != authority.npos && authority.back() != ']' &&
      !read_number(authority.substr(colon + 1), url.port, 10)) {
    return wrong;
  }
  if (authority.size() < text.size()) url.path = text.substr(authority.size());
  return url;
}

}  // namespace quintet::host
