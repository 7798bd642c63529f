#include "host/http_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>

#include "base/check.h"

namespace quintet::host {

namespace {

constexpr std::size_t kCipherBuffer = 32 * 1024, kWriteAtOnce = 64 * 1024;

template <class T, void (*free)(T*)>
struct Freed {
  void operator()(T* object) const { free(object); }
};
using ContextPtr = std::unique_ptr<SSL_CTX, Freed<SSL_CTX, SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Freed<SSL, SSL_free>>;

class OpenSslContext final : public TlsContext {
 public:
  explicit OpenSslContext(ContextPtr context) : context(std::move(context)) {}
  ContextPtr context;
};

Error tls_error(const std::string& doing) {
  char text[256] = "unknown reason";
  if (const unsigned long code = ERR_get_error()) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return invalid(doing + ": " + text);
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* match = nullptr;
  if (SSL_select_next_proto(&match, size, kHttp11, sizeof kHttp11 - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = match;
  return SSL_TLSEXT_ERR_OK;
}

// The user of the inner stream, and the stream behind the handle that the session owns. While a
// callback to the session is due it keeps the session alive.
class TlsCore final : public StreamUser {
 public:
  TlsCore(Loop& loop, std::shared_ptr<const TlsContext> context, SslPtr ssl,
          std::unique_ptr<ByteStream> inner)
      : loop_(loop), context_(std::move(context)), ssl_(std::move(ssl)), inner_(std::move(inner)) {
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ssl_.get());
  }

  void attach(StreamUser& user) {
    user_ = &user;
    inner_->attach(*this);
  }

  void read(char* buffer, std::size_t size) {
    check(!wanted_, "two reads at a time on one stream");
    wanted_ = buffer;
    wanted_size_ = size;
    read_user_ = user_->shared_from_this();
    advance();
  }

  void write(std::string_view bytes) {
    check(!to_write_, "two writes at a time on one stream");
    to_write_ = bytes.substr(0, kWriteAtOnce);
    write_user_ = user_->shared_from_this();
    advance();
  }

  void finish_sending() {
    if (handshaken_ && !failed_) SSL_shutdown(ssl_.get());
    finishing_ = true;
    advance();
  }

  void close() {
    failed_ = true;
    inner_->close();
    complete_read(0, End::broken);
    complete_write(0, End::broken);
  }

  void on_read(std::size_t count, End end) override {
    reading_ = false;
    if (failed_) return;
    if (end == End::broken) return fail();
    if (end == End::closed) input_ended_ = true;
    BIO_write(SSL_get_rbio(ssl_.get()), cipher_.get(), static_cast<int>(count));
    advance();
  }

  void on_written(std::size_t count, End end) override {
    writing_ = false;
    if (failed_) return;
    if (end != End::none) return fail();
    out_.erase(0, count);
    advance();
  }

 private:
  void advance() {
    if (failed_) return;
    ERR_clear_error();
    if (!handshaken_) {
      const int done = SSL_do_handshake(ssl_.get());
      handshaken_ = done == 1;
      if (!handshaken_ && SSL_get_error(ssl_.get(), done) != SSL_ERROR_WANT_READ) {
        flush();  // the alert that says why
        return fail();
      }
    }
    if (handshaken_) {
      if (!encrypt() || !decrypt()) return fail();
    }
    flush();
    if (failed_) return;
    const bool starved = wanted_ || !handshaken_;
    if (starved && input_ended_) return complete_read(0, End::closed);
    if (!starved || reading_) return;
    if (!cipher_) cipher_ = std::make_unique_for_overwrite<char[]>(kCipherBuffer);
    reading_ = true;
    inner_->read(cipher_.get(), kCipherBuffer);
  }

  // Moves what is to be written into cipher text, once what went before has left.
  bool encrypt() {
    if (!to_write_ || encrypted_ || !out_.empty()) return true;
    const int count = SSL_write(ssl_.get(), to_write_->data(), static_cast<int>(to_write_->size()));
    if (count <= 0) return SSL_get_error(ssl_.get(), count) == SSL_ERROR_WANT_READ;
    encrypted_ = static_cast<std::size_t>(count);
    return true;
  }

  bool decrypt() {
    if (!wanted_) return true;
    const int most = static_cast<int>(std::min<std::size_t>(wanted_size_, 1 << 20));
    const int count = SSL_read(ssl_.get(), wanted_, most);
    if (count > 0) {
      complete_read(static_cast<std::size_t>(count), End::none);
      return true;
    }
    const int why = SSL_get_error(ssl_.get(), count);
    if (why == SSL_ERROR_ZERO_RETURN) complete_read(0, End::closed);
    return why == SSL_ERROR_ZERO_RETURN || why == SSL_ERROR_WANT_READ;
  }

  void flush() {
    BIO* cipher = SSL_get_wbio(ssl_.get());
    if (writing_) return;
    if (const std::size_t ready = BIO_ctrl_pending(cipher)) {
      const std::size_t had = out_.size();
      out_.resize(had + ready);
      BIO_read(cipher, out_.data() + had, static_cast<int>(ready));
    }
    if (!out_.empty()) {
      writing_ = true;
      return inner_->write(out_);
    }
    if (encrypted_) complete_write(*encrypted_, End::none);
    if (finishing_ && !to_write_ && !sent_end_) {
      sent_end_ = true;
      inner_->finish_sending();
    }
  }

  void fail() {
    if (failed_) return;
    failed_ = true;
    complete_read(0, End::broken);
    complete_write(0, End::broken);
  }

  // Callbacks come on a later turn, never from inside a call of the session.
  void complete_read(std::size_t count, End end) {
    if (!wanted_) return;
    wanted_ = nullptr;
    loop_.post([user = std::move(read_user_), count, end] { user->on_read(count, end); });
  }

  void complete_write(std::size_t count, End end) {
    if (!to_write_) return;
    to_write_.reset();
    encrypted_.reset();
    loop_.post([user = std::move(write_user_), count, end] { user->on_written(count, end); });
  }

  Loop& loop_;
  std::shared_ptr<const TlsContext> context_;
  SslPtr ssl_;
  std::unique_ptr<ByteStream> inner_;
  StreamUser* user_ = nullptr;
  std::shared_ptr<StreamUser> read_user_, write_user_;
  char* wanted_ = nullptr;
  std::size_t wanted_size_ = 0;
  std::optional<std::string_view> to_write_;
  std::optional<std::size_t> encrypted_;  // of to_write_
  std::unique_ptr<char[]> cipher_;
  std::string out_;  // cipher text not yet taken by the inner stream
  bool handshaken_ = false, reading_ = false, writing_ = false, failed_ = false;
  bool input_ended_ = false, finishing_ = false, sent_end_ = false;
};

class TlsStream final : public ByteStream {
 public:
  explicit TlsStream(std::shared_ptr<TlsCore> core) : core_(std::move(core)) {}
  void attach(StreamUser& user) override { core_->attach(user); }
  void read(char* buffer, std::size_t size) override { core_->read(buffer, size); }
  Written write_now(std::string_view) override { return {}; }
  void write(std::string_view bytes) override { core_->write(bytes); }
  void finish_sending() override { core_->finish_sending(); }
  void close() override { core_->close(); }

 private:
  std::shared_ptr<TlsCore> core_;
};

}  // namespace

Expected<std::shared_ptr<const TlsContext>> TlsContext::load(const std::string& certificate,
                                                             const std::string& key) {
  ERR_clear_error();
  ContextPtr made(SSL_CTX_new(TLS_server_method()));
  check(made != nullptr, "OpenSSL has no memory");
  SSL_CTX* context = made.get();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
    return tls_error("reading the certificate " + certificate);
  }
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return tls_error("reading the private key " + key);
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    return tls_error("fitting the private key to the certificate");
  }
  return std::shared_ptr<const TlsContext>(std::make_shared<OpenSslContext>(std::move(made)));
}

std::unique_ptr<ByteStream> make_tls_stream(Loop& loop, std::shared_ptr<const TlsContext> context,
                                            std::unique_ptr<ByteStream> inner) {
  const auto& openssl = static_cast<const OpenSslContext&>(*context);
  SslPtr ssl(SSL_new(openssl.context.get()));
  check(ssl != nullptr, "OpenSSL has no memory");
  return std::make_unique<TlsStream>(
      std::make_shared<TlsCore>(loop, std::move(context), std::move(ssl), std::move(inner)));
}

Expected<std::string> ask_over_tls(const std::string& address, std::uint16_t port,
                                   std::string_view request, Micros timeout) {
  ERR_clear_error();
  const bool v6 = address.find(':') != address.npos;
  const std::string place = (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
  const ContextPtr context(SSL_CTX_new(TLS_client_method()));
  check(context != nullptr, "OpenSSL has no memory");
  const std::unique_ptr<BIO, Freed<BIO, BIO_free_all>> wire(BIO_new_ssl_connect(context.get()));
  check(wire != nullptr, "OpenSSL has no memory");
  BIO_set_conn_hostname(wire.get(), place.c_str());
  if (BIO_do_connect(wire.get()) != 1 || BIO_do_handshake(wire.get()) != 1) {
    return tls_error("connecting to " + place);
  }
  int socket = -1;
  BIO_get_fd(wire.get(), &socket);
  const timeval limit{static_cast<time_t>(timeout / kSecond), 0};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (BIO_write(wire.get(), request.data(), static_cast<int>(request.size())) <= 0) {
    return tls_error("asking " + place);
  }
  std::string answer;
  char piece[4096];
  for (int count = 0; (count = BIO_read(wire.get(), piece, sizeof piece)) > 0;) {
    answer.append(piece, static_cast<std::size_t>(count));
  }
  return answer;
}

}  // namespace quintet::host
