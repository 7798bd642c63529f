#include "host/client_tls.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <mutex>

namespace quintet::host {

namespace {

// How long one wait for the socket is: the other thread may have taken what this one waits for.
constexpr Micros kSlice = kSecond / 10;

std::string last_reason() {
  const unsigned long code = ERR_get_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "the connection was lost" : reason;
}

// As OpenSSL's own, but no signal comes of a connection that the server has ended.
int write_quietly(BIO* bio, const char* bytes, int size) {
  const auto socket = static_cast<int>(BIO_get_fd(bio, nullptr));
  BIO_clear_retry_flags(bio);
  const auto sent =
      static_cast<int>(::send(socket, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL));
  if (sent <= 0 && BIO_sock_should_retry(sent) != 0) BIO_set_retry_write(bio);
  return sent;
}

BIO_METHOD* quiet_socket() {
  BIO_METHOD* const method = BIO_meth_new(BIO_TYPE_SOCKET, "socket");
  if (method == nullptr) return nullptr;
  BIO_meth_set_write(method, write_quietly);
  BIO_meth_set_read(method, BIO_meth_get_read(BIO_s_socket()));
  BIO_meth_set_ctrl(method, BIO_meth_get_ctrl(BIO_s_socket()));
  BIO_meth_set_create(method, BIO_meth_get_create(BIO_s_socket()));
  BIO_meth_set_destroy(method, BIO_meth_get_destroy(BIO_s_socket()));
  return method;
}

struct FreeMethod {
  void operator()(BIO_METHOD* method) const { BIO_meth_free(method); }
};
Error lost(const std::string& doing) {
  return unavailable(doing + ": " + last_reason());
}
Error stuck(const std::string& doing) {
  return expired(doing + ": no progress in time");
}

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeSession {
  void operator()(SSL* session) const { SSL_free(session); }
};

bool is_address(const std::string& name) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, name.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

}  // namespace

struct ClientTls::State {
  int socket = -1;
  Micros timeout = 0;
  std::unique_ptr<SSL_CTX, FreeContext> context;
  std::unique_ptr<BIO_METHOD, FreeMethod> method;
  std::unique_ptr<SSL, FreeSession> session;  // goes before what it stands on
  std::mutex mutex;  // of the session: OpenSSL's are for one thread at a time

  Expected<void> trust(const std::string& ca_file);
  Expected<void> expect(const std::string& name);
  bool wait(short events) const;
  // What an operation of OpenSSL gives once it has done something; 0 at the end of the stream.
  template <class Operation>
  Expected<int> perform(const std::string& doing, Operation operation);
};

Expected<void> ClientTls::State::trust(const std::string& ca_file) {
  context.reset(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return broken("TLS is not to be had: " + last_reason());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY);
  const int found = ca_file.empty()
                        ? SSL_CTX_set_default_verify_paths(context.get())
                        : SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr);
  if (found != 1) {
    return unavailable("no certificates of authorities in " + ca_file + ": " + last_reason());
  }
  return {};
}

Expected<void> ClientTls::State::expect(const std::string& name) {
  session.reset(SSL_new(context.get()));
  if (session == nullptr) return broken("TLS is not to be had: " + last_reason());
  method.reset(quiet_socket());
  BIO* const bio = method == nullptr ? nullptr : BIO_new(method.get());
  if (bio == nullptr) return broken("TLS is not to be had: " + last_reason());
  BIO_set_fd(bio, socket, BIO_NOCLOSE);
  SSL_set_bio(session.get(), bio, bio);
  X509_VERIFY_PARAM* const rules = SSL_get0_param(session.get());
  bool done = true;
  if (is_address(name)) {
    done = done && X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str()) == 1;
  } else {
    done = done && X509_VERIFY_PARAM_set1_host(rules, name.c_str(), name.size()) == 1 &&
           SSL_set_tlsext_host_name(session.get(), name.c_str()) == 1;
  }
  if (!done) return unavailable("TLS with " + name + " cannot begin: " + last_reason());
  return {};
}

bool ClientTls::State::wait(short events) const {
  pollfd one{socket, events, 0};
  return ::poll(&one, 1, static_cast<int>(kSlice / 1000)) != 0;
}

template <class Operation>
Expected<int> ClientTls::State::perform(const std::string& doing, Operation operation) {
  for (Micros waited = 0;;) {
    int result = 0, why = 0;
    {
      const std::lock_guard lock(mutex);
      ERR_clear_error();
      result = operation(session.get());
      why = SSL_get_error(session.get(), result);
      if (result <= 0 && why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
        if (why == SSL_ERROR_ZERO_RETURN) return 0;
        return lost(doing);
      }
    }
    if (result > 0) return result;
    if (waited >= timeout) return stuck(doing);
    if (!wait(why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT)) waited += kSlice;
  }
}

ClientTls::ClientTls(std::unique_ptr<State> state) : state_(std::move(state)) {}

ClientTls::~ClientTls() {
  // A farewell, if it costs no wait.
  if (SSL_is_init_finished(state_->session.get())) (void)SSL_shutdown(state_->session.get());
}

Expected<std::unique_ptr<ClientTls>> ClientTls::connect(int socket, const std::string& name,
                                                        const std::string& ca_file,
                                                        Micros timeout) {
  auto state = std::make_unique<State>();
  state->socket = socket;
  state->timeout = timeout;
  TRY_DO(state->trust(ca_file));
  TRY_DO(state->expect(name));
  const int flags = fcntl(socket, F_GETFL);
  if (flags < 0 || fcntl(socket, F_SETFL, flags | O_NONBLOCK) < 0) {
    return broken("a socket that cannot be read without waiting");
  }
  const auto shaken = state->perform("TLS with the server", SSL_connect);
  if (!shaken) {
    const long verified = SSL_get_verify_result(state->session.get());
    if (verified == X509_V_OK) return shaken.error();
    return unavailable("the certificate of " + name +
                       " is not trusted: " + X509_verify_cert_error_string(verified) +
                       (ca_file.empty() ? "; name its authority with --ca FILE" : ""));
  }
  if (*shaken == 0) return unavailable("TLS with the server: it ended the connection");
  return std::unique_ptr<ClientTls>(new ClientTls(std::move(state)));
}

Expected<void> ClientTls::write(std::string_view bytes) {
  while (!bytes.empty()) {
    TRY(const int sent, state_->perform("writing to the server", [&](SSL* session) {
      return SSL_write(session, bytes.data(),
                       static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 20)));
    }));
    if (sent == 0) return unavailable("writing to the server: it ended the connection");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Expected<std::size_t> ClientTls::read(char* into, std::size_t most) {
  TRY(const int count, state_->perform("reading from the server", [&](SSL* session) {
    return SSL_read(session, into, static_cast<int>(most));
  }));
  return static_cast<std::size_t>(count);
}

}  // namespace quintet::host
