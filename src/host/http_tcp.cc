#include "host/http_tcp.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace quintet::host {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr Micros kAcceptPause = 100'000;

StreamUser::End end_of(error_code ec) {
  if (!ec) return StreamUser::End::none;
  return ec == asio::error::eof ? StreamUser::End::closed : StreamUser::End::broken;
}

class TcpStream final : public ByteStream {
 public:
  explicit TcpStream(tcp::socket socket) : socket_(std::move(socket)) {
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
  }

  void attach(StreamUser& user) override { user_ = &user; }

  void read(char* buffer, std::size_t size) override {
    socket_.async_read_some(asio::buffer(buffer, size),
                            [user = user_->shared_from_this()](error_code ec, std::size_t count) {
                              user->on_read(count, end_of(ec));
                            });
  }

  Written write_now(std::string_view bytes) override {
    error_code ec;
    const std::size_t count = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), ec);
    if (!ec) return {count, false};
    return {0, ec != asio::error::would_block && ec != asio::error::try_again};
  }

  void write(std::string_view bytes) override {
    socket_.async_write_some(asio::buffer(bytes.data(), bytes.size()),
                             [user = user_->shared_from_this()](error_code ec, std::size_t count) {
                               user->on_written(count, end_of(ec));
                             });
  }

  void finish_sending() override {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
  }

  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  tcp::socket socket_;
  StreamUser* user_ = nullptr;
};

std::string text_of(const tcp::endpoint& peer) {
  std::string text = peer.address().to_string();
  if (peer.address().is_v6()) text = "[" + text + "]";
  return text + ":" + std::to_string(peer.port());
}

error_code listen_on(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  error_code ec;
  if (acceptor.open(endpoint.protocol(), ec)) return ec;
  if (acceptor.set_option(tcp::acceptor::reuse_address(true), ec)) return ec;
  if (acceptor.bind(endpoint, ec)) return ec;
  (void)acceptor.listen(tcp::acceptor::max_listen_connections, ec);
  return ec;
}

Error cannot_listen(const tcp::endpoint& endpoint, const error_code& why) {
  const std::string text = "cannot listen on " + text_of(endpoint) + ": " + why.message();
  return why == asio::error::address_in_use ? conflict(text) : invalid(text);
}

class TcpListener final : public Listener {
 public:
  TcpListener(Loop& loop, Events events)
      : state_(std::make_shared<State>(loop, std::move(events))) {}
  ~TcpListener() override { stop(); }

  error_code listen(const tcp::endpoint& endpoint) {
    if (const error_code ec = listen_on(state_->acceptor, endpoint)) return ec;
    state_->accept();
    return {};
  }

  error_code adopt(int descriptor) {
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &size) != 0) {
      return {errno, boost::system::system_category()};
    }
    error_code ec;
    if (state_->acceptor.assign(own.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), descriptor,
                                ec)) {
      return ec;
    }
    // Another process may have taken the connection that woke this one.
    if (state_->acceptor.non_blocking(true, ec)) return ec;
    state_->accept();
    return ec;
  }

  std::uint16_t port() const override {
    error_code ec;
    return state_->acceptor.local_endpoint(ec).port();
  }

  void stop() override {
    error_code ignored;
    state_->acceptor.close(ignored);
    state_->pause.reset();
    state_->events = {};
  }

 private:
  // Shared with the handler that asio holds, which may be called once more after stop().
  struct State : std::enable_shared_from_this<State> {
    State(Loop& l, Events e) : loop(l), acceptor(l.context()), events(std::move(e)) {}

    void accept() {
      acceptor.async_accept([self = shared_from_this()](error_code ec, tcp::socket socket) {
        if (self->acceptor.is_open()) self->take(ec, std::move(socket));
      });
    }

    void take(error_code ec, tcp::socket socket) {
      if (ec) {
        events.on_trouble(ec.message());
        pause = loop.after(kAcceptPause, [this] { accept(); });
        return;
      }
      const tcp::endpoint peer = socket.remote_endpoint(ec);
      if (!ec) events.on_connection(std::make_unique<TcpStream>(std::move(socket)), text_of(peer));
      if (acceptor.is_open()) accept();
    }

    Loop& loop;
    tcp::acceptor acceptor;
    Events events;
    std::unique_ptr<Timer> pause;
  };
  std::shared_ptr<State> state_;
};

}  // namespace

Expected<bool> is_loopback_address(const std::string& address) {
  error_code ec;
  const auto number = asio::ip::make_address(address, ec);
  if (ec) return invalid("\"" + address + "\" is no IP address");
  return number.is_loopback();
}

Expected<std::unique_ptr<Listener>> Listener::open(Loop& loop, const std::string& address,
                                                   std::uint16_t port, Events events) {
  TRY_DO(is_loopback_address(address));
  const tcp::endpoint endpoint(asio::ip::make_address(address), port);
  auto listener = std::make_unique<TcpListener>(loop, std::move(events));
  if (const error_code ec = listener->listen(endpoint)) return cannot_listen(endpoint, ec);
  return std::unique_ptr<Listener>(std::move(listener));
}

Expected<std::unique_ptr<Listener>> Listener::adopt(Loop& loop, int descriptor, Events events) {
  auto listener = std::make_unique<TcpListener>(loop, std::move(events));
  if (const error_code ec = listener->adopt(descriptor)) {
    return invalid("descriptor " + std::to_string(descriptor) +
                   " is no listening socket: " + ec.message());
  }
  return std::unique_ptr<Listener>(std::move(listener));
}

Expected<ListeningSocket> ListeningSocket::open(const std::string& address, std::uint16_t port) {
  TRY_DO(is_loopback_address(address));
  const tcp::endpoint endpoint(asio::ip::make_address(address), port);
  asio::io_context context;
  tcp::acceptor acceptor(context);
  if (const error_code ec = listen_on(acceptor, endpoint)) return cannot_listen(endpoint, ec);
  error_code ec;
  const std::uint16_t bound = acceptor.local_endpoint(ec).port();
  const int descriptor = acceptor.release();
  (void)::fcntl(descriptor, F_SETFD, FD_CLOEXEC);  // only who is given it has it
  return ListeningSocket(descriptor, bound);
}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), port_(other.port_) {}

ListeningSocket::~ListeningSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace quintet::host
