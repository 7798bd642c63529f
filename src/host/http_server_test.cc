#include <fcntl.h>
#include <unistd.h>

#include "host/http_server_fixture.h"
#include "host/http_tcp.h"

namespace quintet::host {
namespace {

using HttpServerTest = ServerFixture;

TEST_F(HttpServerTest, AnswersSeveralRequestsOnOneConnection) {
  start();
  HttpClient one = client();
  for (int i = 0; i < 3; ++i) {
    auto response = one.ask({"GET", "/hello", {}, {}});
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "hello");
    EXPECT_EQ(response->header("content-type"), kPlainText);
    EXPECT_TRUE(response->header("date").ends_with(" GMT"));
    EXPECT_TRUE(one.usable());
  }
  EXPECT_NE(metrics_.text().find("quintet_http_requests_total{method=\"GET\",route=\"/hello\","
                                 "status=\"2xx\"} 3"),
            std::string::npos);
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrderEvenWhenTheFirstIsSlow) {
  std::shared_ptr<Exchange> held;
  std::promise<void> arrived;
  route("GET", "/slow", [&](auto exchange) {
    held = std::move(exchange);
    arrived.set_value();
  });
  start();
  HttpClient one = client();
  ASSERT_TRUE(
      one.send_bytes("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n"
                     "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
                     "GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
  arrived.get_future().wait();
  on_loop([&] {
    held->respond({200, kPlainText, "slow", {}});
    held.reset();
  });
  const std::string all = read_all(one);
  const std::size_t slow = all.find("slow"), first = all.find("hello");
  const std::size_t second = all.find("hello", first + 1);
  ASSERT_NE(second, std::string::npos) << all;
  EXPECT_LT(slow, first);
}

TEST_F(HttpServerTest, GivesTheHandlerPathQueryParametersAndTrace) {
  route("GET", "/v1/results/{id}", [](auto exchange) {
    const HttpRequest& request = exchange->request();
    exchange->respond(json_response(
        200, std::string(request.param("id")) + "|" + std::string(*request.query_value("a")) + "|" +
                 request.trace.id + "|" + std::string(request.header("x-MINE"))));
  });
  start();
  const auto response =
      ask({"GET",
           "/v1/results/a%2Fb?a=x%20y",
           {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
            {"X-Mine", "m"}},
           {}});
  EXPECT_EQ(response.body, "a/b|x y|0af7651916cd43dd8448eb211c80319c|m");
}

TEST_F(HttpServerTest, MakesATraceIdWhenTheClientSendsNone) {
  route("GET", "/trace",
        [](auto exchange) { exchange->respond(json_response(200, exchange->request().trace.id)); });
  start();
  const std::string first = ask({"GET", "/trace", {}, {}}).body;
  EXPECT_EQ(first.size(), 32U);
  EXPECT_NE(first, ask({"GET", "/trace", {{"traceparent", "nonsense"}}, {}}).body);
}

TEST_F(HttpServerTest, TakesAWholeBodyByLengthAndByChunks) {
  start();
  const std::string body(300'000, 'x');
  EXPECT_EQ(ask({"POST", "/echo", {}, body}).body, body);
  HttpClient one = client();
  ASSERT_TRUE(one.start({"POST", "/echo", {}, "ab"}));
  ASSERT_TRUE(one.send("c"));
  ASSERT_TRUE(one.finish());
  auto head = one.read_head();
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(**one.read_piece(), "abc");
}

TEST_F(HttpServerTest, AnswersHeadWithoutABody) {
  start();
  HttpClient one = client();
  const auto response = one.ask({"HEAD", "/hello", {}, {}});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->header("content-length"), "5");
  EXPECT_EQ(response->body, "");
  EXPECT_EQ(one.ask({"GET", "/hello", {}, {}})->body, "hello");
}

TEST_F(HttpServerTest, NamesTheMethodsOfAPathAndKnowsNoOtherPaths) {
  start();
  const auto wrong = ask({"DELETE", "/hello", {}, {}});
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.header("allow"), "GET, HEAD");
  EXPECT_EQ(wrong.header("content-type"), "application/problem+json");
  EXPECT_EQ(ask({"GET", "/nothing", {}, {}}).status, 404);
  EXPECT_EQ(ask({"GET", "/v2/nothing", {}, {}}).body,
            R"({"error":"there is nothing at this path"})");
}

TEST_F(HttpServerTest, SaysContinueOnlyToThoseWhoAskAndMayGoOn) {
  start();
  HttpClient one = client();
  ASSERT_TRUE(
      one.send_bytes("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
                     "Expect: 100-continue\r\n\r\n"));
  EXPECT_EQ(**one.read_bytes(), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(one.send_bytes("ok"));
  EXPECT_EQ(one.read_head()->status, 200);
  const std::string refused = exchange_bytes(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n"
      "Expect: 100-continue\r\n\r\n");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 413 ")) << refused;
  EXPECT_TRUE(exchange_bytes("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
                             "Expect: gold\r\n\r\n")
                  .starts_with("HTTP/1.1 417 "));
}

TEST_F(HttpServerTest, SpeaksHttp10) {
  start();
  const std::string closed = exchange_bytes("GET /hello HTTP/1.0\r\n\r\n", false);
  EXPECT_TRUE(closed.starts_with("HTTP/1.1 200 OK\r\n")) << closed;
  EXPECT_NE(closed.find("Connection: close"), std::string::npos);
  EXPECT_NE(exchange_bytes("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                .find("Connection: keep-alive"),
            std::string::npos);
}

TEST_F(HttpServerTest, Answers500ForAHandlerThatDropsItsExchange) {
  route("GET", "/dropped", [](auto) {});
  start();
  HttpClient one = client();
  EXPECT_EQ(one.ask({"GET", "/dropped", {}, {}})->status, 500);
  EXPECT_EQ(one.ask({"GET", "/hello", {}, {}})->status, 200);
}

TEST_F(HttpServerTest, TellsTheHandlerThatItsClientLeft) {
  std::promise<void> arrived, left;
  std::shared_ptr<Exchange> held;
  route("GET", "/wait", [&](std::shared_ptr<Exchange> exchange) {
    exchange->when_closed([&] { left.set_value(); });
    exchange->begin({200, kEventStream, "", {}});
    held = std::move(exchange);
    arrived.set_value();
  });
  start();
  {
    HttpClient one = client();
    ASSERT_TRUE(one.send_bytes("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    arrived.get_future().wait();
  }
  left.get_future().wait();
  on_loop([&] {
    held->write("nobody hears this");
    held->end();
    held.reset();
  });
}

TEST_F(HttpServerTest, RefusesToOpenItselfToTheNetworkWithoutTlsAndToken) {
  ServerOptions options;
  options.address = "0.0.0.0";
  const auto server = HttpServer::start(loop_, router_, options, metrics_, log_);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code(), Code::invalid);
  EXPECT_NE(server.error().message().find("TLS and a token"), std::string::npos);
  options.address = "nowhere";
  EXPECT_FALSE(HttpServer::start(loop_, router_, options, metrics_, log_));
  start();
  options.address = "127.0.0.1";
  options.port = port_;
  Expected<std::unique_ptr<HttpServer>> second = invalid("not tried");
  on_loop([&] { second = HttpServer::start(loop_, router_, options, metrics_, log_); });
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::conflict);
}

TEST_F(HttpServerTest, AnswersOnlyUnderLoopbackNames) {
  start();
  const auto status_for = [&](const std::string& more) {
    return exchange_bytes("GET /hello HTTP/1.1\r\n" + more + "\r\n").substr(9, 3);
  };
  EXPECT_EQ(status_for("Host: localhost:1\r\n"), "200");
  EXPECT_EQ(status_for("Host: [::1]:80\r\n"), "200");
  EXPECT_EQ(status_for("Host: evil.example\r\n"), "421");
  EXPECT_EQ(status_for("Host: localhost.evil.example\r\n"), "421");
  EXPECT_EQ(status_for(""), "400");
  EXPECT_EQ(status_for("Host: localhost\r\nHost: localhost\r\n"), "400");
  EXPECT_EQ(status_for("Host: a b\r\n"), "400");
  EXPECT_EQ(status_for("Host: localhost:5\r\nOrigin: http://localhost:5\r\n"), "200");
  EXPECT_EQ(status_for("Host: localhost:5\r\nOrigin: http://localhost:6\r\n"), "403");
  EXPECT_EQ(status_for("Host: localhost\r\nOrigin: null\r\n"), "403");
}

TEST_F(HttpServerTest, AsksForATokenOfTheRightScope) {
  route(
      "GET", "/livez", [](auto exchange) { exchange->respond({}); }, Scope::open);
  route(
      "POST", "/train", [](auto exchange) { exchange->respond({}); }, Scope::operate);
  start({}, {{"0123456789abcdef-read", {Scope::read}},
             {"0123456789abcdef-all", {Scope::read, Scope::operate}}});
  const auto with = [&](const char* method, const char* path, const std::string& token) {
    return ask({method, path, {{"Authorization", token}}, {}});
  };
  EXPECT_EQ(ask({"GET", "/livez", {}, {}}).status, 200);
  EXPECT_EQ(ask({"GET", "/hello", {}, {}}).status, 401);
  EXPECT_EQ(ask({"GET", "/hello", {}, {}}).header("www-authenticate"), "Bearer");
  EXPECT_EQ(with("GET", "/hello", "Bearer 0123456789abcdef-nope").status, 401);
  EXPECT_EQ(with("GET", "/hello", "Basic 0123456789abcdef-read").status, 401);
  EXPECT_EQ(with("GET", "/hello", "bearer 0123456789abcdef-read").status, 200);
  EXPECT_EQ(with("POST", "/train", "Bearer 0123456789abcdef-read").status, 403);
  EXPECT_EQ(with("POST", "/train", "Bearer 0123456789abcdef-all").status, 200);
  ServerOptions options;
  options.tokens = {{"short", {}}};
  EXPECT_FALSE(HttpServer::start(loop_, router_, options, metrics_, log_));
}

TEST_F(HttpServerTest, DrainsByFinishingWhatItBegan) {
  std::shared_ptr<Exchange> held;
  std::promise<void> arrived;
  route("GET", "/slow", [&](auto exchange) {
    held = std::move(exchange);
    arrived.set_value();
  });
  start();
  HttpClient idle = client(), busy = client();
  ASSERT_TRUE(idle.ask({"GET", "/hello", {}, {}}));
  ASSERT_TRUE(busy.send_bytes("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  arrived.get_future().wait();
  std::promise<void> drained;
  on_loop([&] { server_->drain(kMinute, [&] { drained.set_value(); }); });
  EXPECT_EQ(*idle.read_bytes(), std::nullopt);
  EXPECT_FALSE(HttpClient::connect("127.0.0.1", port_, kSecond));
  on_loop([&] {
    held->respond({200, kPlainText, "late", {}});
    held.reset();
  });
  const std::string all = read_all(busy);
  EXPECT_NE(all.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(all.ends_with("late"));
  busy.finish_sending();
  drained.get_future().wait();
}

TEST_F(HttpServerTest, AnswersAnotherRequestOfAnIdleConnectionWhileItDrains) {
  start();
  HttpClient idle = client(), active = client();
  ASSERT_TRUE(idle.ask({"GET", "/hello", {}, {}}));
  ASSERT_TRUE(active.ask({"GET", "/hello", {}, {}}));
  std::promise<void> drained;
  on_loop([&] { server_->drain(kMinute, [&] { drained.set_value(); }, kSecond); });
  const auto answer = active.ask({"GET", "/hello", {}, {}});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->header("connection"), "close");
  active.finish_sending();
  EXPECT_EQ(*idle.read_bytes(), std::nullopt);  // that was its second
  drained.get_future().wait();
}

// Two servers on one socket: the second takes over whoever comes once the first has stopped.
TEST_F(HttpServerTest, AcceptsOnASocketThatAnotherHolds) {
  auto socket = ListeningSocket::open("127.0.0.1", 0);
  ASSERT_TRUE(socket);
  HttpClient early = *HttpClient::connect("127.0.0.1", socket->port(), kMinute);  // nobody accepts
  route("GET", "/hello", [](auto exchange) {
    exchange->respond({200, kPlainText, "hello", {}});
  });
  std::unique_ptr<HttpServer> first, second;
  const auto serve = [&](std::unique_ptr<HttpServer>& server) {
    ServerOptions options;
    options.descriptor = ::dup(socket->descriptor());
    auto made = HttpServer::start(loop_, router_, options, metrics_, log_);
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ((*made)->port(), socket->port());
    server = *std::move(made);
  };
  serve(first);
  loop_.start("test door");
  EXPECT_EQ(early.ask({"GET", "/hello", {}, {}})->body, "hello");
  std::promise<void> drained;
  on_loop([&] {
    serve(second);
    first->drain(kMinute, [&] { drained.set_value(); });
  });
  drained.get_future().wait();
  on_loop([&] { first.reset(); });
  auto late = HttpClient::connect("127.0.0.1", socket->port(), kMinute);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->ask({"GET", "/hello", {}, {}})->body, "hello");
  on_loop([&] { second.reset(); });
}

TEST_F(HttpServerTest, RefusesADescriptorThatIsNoListeningSocket) {
  start();
  ServerOptions options;
  options.descriptor = ::open("/dev/null", O_RDONLY);
  EXPECT_FALSE(HttpServer::start(loop_, router_, options, metrics_, log_));
}

TEST_F(HttpServerTest, DropsWhatDoesNotDrainWithinTheGrace) {
  std::shared_ptr<Exchange> held;
  std::promise<void> arrived, drained;
  route("GET", "/never", [&](auto exchange) {
    held = std::move(exchange);
    arrived.set_value();
  });
  start();
  HttpClient busy = client();
  ASSERT_TRUE(busy.send_bytes("GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  arrived.get_future().wait();
  on_loop([&] { server_->drain(1000, [&] { drained.set_value(); }); });
  drained.get_future().wait();
  EXPECT_EQ(read_all(busy), "");
  on_loop([&] {
    held->respond({});
    held.reset();
  });
}

}  // namespace
}  // namespace quintet::host
