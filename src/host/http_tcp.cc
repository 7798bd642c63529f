#include "host/http_tcp.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

namespace quintet::host {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

StreamUser::End end_of(error_code ec) {
  if (!ec) return StreamUser::End::none;
  return ec == asio::error::eof ? StreamUser::End::closed : StreamUser::End::broken;
}

class TcpStream final : public ByteStream {
 public:
  explicit TcpStream(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
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
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  }

  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  asio::ip::tcp::socket socket_;
  StreamUser* user_ = nullptr;
};

}  // namespace

std::unique_ptr<ByteStream> make_tcp_stream(asio::ip::tcp::socket socket) {
  return std::make_unique<TcpStream>(std::move(socket));
}

}  // namespace quintet::host
