// A server on a free port of 127.0.0.1 with a loop of its own, for the tests of this room.
#pragma once

#include <future>

#include "host/http_client.h"
#include "host/http_server.h"

namespace quintet::host {

class ServerFixture : public ::testing::Test {
 protected:
  using Answer = std::function<void(std::shared_ptr<Exchange>)>;

  void route(const std::string& method, const std::string& pattern, Answer answer,
             Scope scope = Scope::read) {
    router_.add({method, pattern, scope, make_handler(std::move(answer))});
  }

  // Adds the routes that most tests use, then starts.
  void start(HttpLimits limits = {}, std::vector<AccessToken> tokens = {},
             std::optional<TlsFiles> tls = {}) {
    route("GET", "/hello", [](auto exchange) {
      exchange->respond({200, kPlainText, "hello", {}});
    });
    route("POST", "/echo", [](auto exchange) {
      exchange->respond({200, kPlainText, std::string(exchange->request().body), {}});
    });
    route("POST", "/v2/echo", [](auto exchange) { exchange->respond({}); });
    ServerOptions options;
    options.limits = limits;
    options.tokens = std::move(tokens);
    options.tls = std::move(tls);
    auto server = HttpServer::start(loop_, router_, options, metrics_, log_);
    ASSERT_TRUE(server) << server.error().message();
    server_ = std::move(*server);
    port_ = server_->port();
    loop_.start("test door");
  }

  void TearDown() override {
    on_loop([this] { server_.reset(); });
    loop_.stop();
    loop_.join();
  }

  // Runs the job on the loop and waits for it.
  void on_loop(std::function<void()> job) {
    std::promise<void> done;
    loop_.post([&] {
      job();
      done.set_value();
    });
    done.get_future().wait();
  }

  HttpClient client() {
    auto made = HttpClient::connect("127.0.0.1", port_, 20 * kSecond);
    check(made.has_value(), "the test server cannot be reached");
    return std::move(*made);
  }

  ClientResponse ask(const ClientRequest& request) {
    HttpClient one = client();
    auto response = one.ask(request);
    EXPECT_TRUE(response) << response.error().message();
    return response ? *response : ClientResponse{};
  }

  // Sends the bytes, then all that comes until the server ends the connection. A reset counts as an
  // end, since the server owes no lingering to those who keep sending.
  std::string exchange_bytes(std::string_view bytes, bool finish = true) {
    HttpClient one = client();
    (void)one.send_bytes(bytes);
    if (finish) one.finish_sending();
    return read_all(one);
  }

  static std::string read_all(HttpClient& one) {
    std::string all;
    for (;;) {
      auto more = one.read_bytes();
      if (!more) {
        EXPECT_NE(more.error().code(), Code::expired) << "the server left the connection open";
        return all;
      }
      if (!*more) return all;
      all += **more;
    }
  }

  SystemClock clock_;
  Logger log_{clock_, LogLevel::off};
  Metrics metrics_;
  Router router_;
  Loop loop_;
  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0;
};

}  // namespace quintet::host
