#include "host/http_call.h"

#include "base/json_out.h"

namespace quintet::host {
namespace {

// An exchange whose answer can be read.
class AskedExchange final : public Exchange {
 public:
  explicit AskedExchange(HttpRequest request) : request_(std::move(request)) {}
  const HttpRequest& request() const override { return request_; }
  void respond(HttpResponse given) override { response = std::move(given); }
  void read_body(std::shared_ptr<BodyReader> reader) override { this->reader = std::move(reader); }
  void resume() override { ++resumed; }
  void begin(HttpResponse) override {}
  void write(std::string_view) override {}
  void end() override {}
  std::size_t unsent() const override { return 0; }
  void when_writable(std::function<void()>) override {}
  void when_closed(std::function<void()>) override {}

  std::optional<HttpResponse> response;
  std::shared_ptr<BodyReader> reader;
  int resumed = 0;

 private:
  HttpRequest request_;
};

class Upper final : public Handler {
 public:
  BodyMode body_mode(const HttpRequest&) const override { return BodyMode::stream; }
  void handle(std::shared_ptr<Exchange> exchange) override {
    struct Reader final : BodyReader {
      std::shared_ptr<Exchange> exchange;
      std::string body;
      void on_body(std::string_view piece) override {
        body += piece;
        exchange->resume();
      }
      void on_end() override { exchange->respond({201, kPlainText, "<" + body + ">", {}}); }
      void on_abort(const Error&) override {}
    };
    auto reader = std::make_shared<Reader>();
    reader->exchange = exchange;
    exchange->read_body(reader);
  }
};

CallTraces no_traces() {
  static SystemClock clock;
  return {nullptr, clock};
}

Router router() {
  Router out;
  out.add({"GET", "/echo/{name}", Scope::read, make_handler([](const HttpRequest& r) {
             std::string body;
             JsonWriter json(body);
             json.begin_object().field("name", r.param("name"));
             json.field("q", r.query_value("q").value_or("none")).field("to", r.header("x-to"));
             json.field("trace", r.trace.id).field("token", r.header("authorization"));
             json.end_object();
             return json_response(200, body);
           })});
  out.add({"GET", "/until", Scope::read, make_handler([](const HttpRequest& r) {
             return json_response(200, std::to_string(r.deadline));
           })});
  out.add({"GET", "/gone", Scope::read, make_handler([](std::shared_ptr<Exchange>) {})});
  out.add({"GET", "/parts", Scope::read, make_handler([](std::shared_ptr<Exchange> exchange) {
             exchange->begin({200, kPlainText, "a", {}});
             exchange->write("b");
             exchange->end();
           })});
  out.add({"POST", "/upper", Scope::send, std::make_shared<Upper>()});
  return out;
}

HttpResponse answer(wire::HttpCall call) {
  std::vector<HttpResponse> answers;
  answer_call(router(), std::move(call), no_traces(),
              [&](HttpResponse one) { answers.push_back(one); });
  EXPECT_EQ(answers.size(), 1U);
  return answers.empty() ? HttpResponse{} : answers.front();
}

TEST(HttpCall, IsAnsweredByTheRouteOfItsPath) {
  const std::string trace = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01";
  const HttpResponse got =
      answer({"GET", "/echo/a%2Fb?q=x%20y", "", "peer", trace, {{"X-To", "them"}}});
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body,
            R"({"name":"a/b","q":"x y","to":"them","trace":"0123456789abcdef0123456789abcdef",)"
            R"("token":""})");
}

TEST(HttpCall, ItsDeadlineIsThatOfWhatItAsksInTurn) {
  EXPECT_EQ(answer({"GET", "/until", "", "", "", {}, 1234}).body, "1234");
}

TEST(HttpCall, WhatNobodyAnswersIsAnswered) {
  EXPECT_EQ(answer({"GET", "/nowhere", "", "", "", {}}).status, 404);
  EXPECT_EQ(answer({"GET", "nonsense", "", "", "", {}}).status, 400);
  EXPECT_EQ(answer({"GET", "/echo/a?q=%zz", "", "", "", {}}).status, 400);
  EXPECT_EQ(answer({"GET", "/gone", "", "", "", {}}).status, 500) << "the handler dropped it";
}

TEST(HttpCall, AStreamedAnswerComesWhole) {
  EXPECT_EQ(answer({"GET", "/parts", "", "", "", {}}).body, "ab");
}

TEST(HttpCall, AStreamedBodyComesInOnePiece) {
  const HttpResponse got = answer({"POST", "/upper", "some bytes", "", "", {}});
  EXPECT_EQ(got.status, 201);
  EXPECT_EQ(got.body, "<some bytes>");
  EXPECT_EQ(answer({"POST", "/upper", "", "", "", {}}).body, "<>");
}

TEST(HttpCall, TokensStayAtTheDoor) {
  HttpRequest request;
  request.method = "GET";
  request.target = "/echo/a";
  request.headers = {{"Authorization", "Bearer secret"}, {"Host", "h"}, {"X-To", "them"}};
  const wire::HttpCall call = call_of(request, "");
  ASSERT_EQ(call.headers.size(), 1U);
  EXPECT_EQ(call.headers[0].first, "X-To");
}

TEST(HttpCall, AForwardedRequestBringsTheAnswerBack) {
  const auto exchange = std::make_shared<AskedExchange>([] {
    HttpRequest request;
    request.method = "GET";
    request.target = "/echo/a";
    return request;
  }());
  ForwardHandler forward([](const wire::HttpCall& call, const auto& done) {
    answer_call(router(), call, no_traces(), [&](HttpResponse one) { done(std::move(one)); });
  });
  forward.handle(exchange);
  ASSERT_TRUE(exchange->response);
  EXPECT_EQ(exchange->response->status, 200);
}

TEST(HttpCall, AServiceThatIsAwayAnswers503) {
  const auto exchange = std::make_shared<AskedExchange>(HttpRequest{});
  ForwardHandler forward(
      [](const wire::HttpCall&, const auto& done) { done(unavailable("results is away")); });
  forward.handle(exchange);
  ASSERT_TRUE(exchange->response);
  EXPECT_EQ(exchange->response->status, 503);
  EXPECT_NE(exchange->response->body.find("results is away"), std::string::npos);
}

TEST(HttpCall, ALargeBodyIsCollectedUpToItsLimit) {
  const auto exchange = std::make_shared<AskedExchange>([] {
    HttpRequest request;
    request.method = "POST";
    request.target = "/upper";
    return request;
  }());
  ForwardHandler forward(
      [](const wire::HttpCall& call, const auto& done) {
        answer_call(router(), call, no_traces(), [&](HttpResponse one) { done(std::move(one)); });
      },
      8);
  forward.handle(exchange);
  ASSERT_NE(exchange->reader, nullptr);
  exchange->reader->on_body("1234");
  exchange->reader->on_body("5678");
  EXPECT_EQ(exchange->resumed, 2);
  exchange->reader->on_end();
  EXPECT_EQ(exchange->response->body, "<12345678>");

  exchange->response.reset();
  forward.handle(exchange);
  exchange->reader->on_body("123456789");
  ASSERT_TRUE(exchange->response);
  EXPECT_EQ(exchange->response->status, 413);
}

}  // namespace
}  // namespace quintet::host
