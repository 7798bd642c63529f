// Streamed bodies and answers, with back-pressure both ways.
#include <thread>

#include "event/line_cutter.h"
#include "host/http_server_fixture.h"

namespace quintet::host {
namespace {

using HttpStreamTest = ServerFixture;

// Answers each line of the body with the line, upper-case, as it comes.
class UpperCase final : public BodyReader {
 public:
  explicit UpperCase(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {
    exchange_->begin({200, kNdjson, "", {}});
  }
  void on_body(std::string_view piece) override {
    lines_.add(piece);
    answer();
    if (exchange_->unsent() < kUnsentHigh) return exchange_->resume();
    exchange_->when_writable([exchange = exchange_] { exchange->resume(); });
  }
  void on_end() override {
    lines_.end();
    answer();
    exchange_->end();
  }
  void on_abort(const Error& why) override {
    exchange_->write("aborted: " + std::string(name_of(why.code())) + "\n");
    exchange_->end();
  }

 private:
  void answer() {
    while (const auto line = lines_.next()) {
      std::string text(line->text);
      for (char& c : text) c = static_cast<char>(std::toupper(c));
      exchange_->write(text + "\n");
    }
  }
  std::shared_ptr<Exchange> exchange_;
  event::LineCutter lines_;
};

class UpperCaseHandler final : public Handler {
 public:
  BodyMode body_mode(const HttpRequest&) const override { return BodyMode::stream; }
  void handle(std::shared_ptr<Exchange> exchange) override {
    Exchange& one = *exchange;
    one.read_body(std::make_shared<UpperCase>(std::move(exchange)));
  }
};

// A handler made of a function, that takes the body as a stream.
class StreamHandler final : public Handler {
 public:
  explicit StreamHandler(std::function<void(std::shared_ptr<Exchange>)> f) : f_(std::move(f)) {}
  BodyMode body_mode(const HttpRequest&) const override { return BodyMode::stream; }
  void handle(std::shared_ptr<Exchange> exchange) override { f_(std::move(exchange)); }

 private:
  std::function<void(std::shared_ptr<Exchange>)> f_;
};

std::string read_body(HttpClient& one) {
  std::string all;
  for (;;) {
    auto piece = one.read_piece();
    EXPECT_TRUE(piece) << piece.error().message();
    if (!piece || !*piece) return all;
    all += **piece;
  }
}

TEST_F(HttpStreamTest, AnswersLinesWhileTheBodyStillComes) {
  router_.add({"POST", "/upper", Scope::send, std::make_shared<UpperCaseHandler>()});
  start();
  HttpClient one = client();
  ASSERT_TRUE(one.start({"POST", "/upper", {}, "a\nb"}));
  ASSERT_EQ(one.read_head()->status, 200);
  EXPECT_EQ(**one.read_piece(), "A\n");
  ASSERT_TRUE(one.send("c\nlast"));
  EXPECT_EQ(**one.read_piece(), "BC\n");
  ASSERT_TRUE(one.finish());
  EXPECT_EQ(read_body(one), "LAST\n");
  EXPECT_EQ(one.ask({"GET", "/hello", {}, {}})->body, "hello");
}

TEST_F(HttpStreamTest, MovesManyMegabytesBothWaysWithBoundedMemory) {
  router_.add({"POST", "/upper", Scope::send, std::make_shared<UpperCaseHandler>()});
  start();
  HttpClient one = client();
  const std::string line(999, 'a');
  std::string piece;
  for (int i = 0; i < 100; ++i) piece += line + "\n";
  constexpr int kPieces = 200;
  ASSERT_TRUE(one.start({"POST", "/upper", {}, {}}));
  std::thread writer([&] {
    for (int i = 0; i < kPieces; ++i) ASSERT_TRUE(one.send(piece));
    ASSERT_TRUE(one.finish());
  });
  EXPECT_EQ(one.read_head()->status, 200);
  const std::string all = read_body(one);
  writer.join();
  EXPECT_EQ(all.size(), piece.size() * kPieces);
  EXPECT_EQ(all.find_first_not_of("A\n"), std::string::npos);
}

TEST_F(HttpStreamTest, TakesAStreamOfKnownLengthAndAnEmptyOne) {
  router_.add({"POST", "/upper", Scope::send, std::make_shared<UpperCaseHandler>()});
  start();
  HttpClient one = client();
  EXPECT_EQ(one.ask({"POST", "/upper", {}, "x\ny"})->body, "X\nY\n");
  EXPECT_EQ(one.ask({"POST", "/upper", {}, ""})->body, "");
  EXPECT_EQ(one.ask({"POST", "/upper", {}, "z"})->body, "Z\n");
}

TEST_F(HttpStreamTest, AsksForTheNextPieceOnlyWhenTheHandlerResumes) {
  struct Slow final : BodyReader {
    void on_body(std::string_view piece) override {
      bytes += piece.size();
      ++calls;
      first.set_value();
    }
    void on_end() override {}
    void on_abort(const Error& why) override { aborted.set_value(why.code()); }
    std::size_t bytes = 0, calls = 0;
    std::promise<void> first;
    std::promise<Code> aborted;
  };
  auto slow = std::make_shared<Slow>();
  std::shared_ptr<Exchange> held;
  router_.add({"POST", "/slow", Scope::send, std::make_shared<StreamHandler>([&](auto exchange) {
                 held = std::move(exchange);
                 held->read_body(slow);
               })});
  start();
  {
    HttpClient one = client();
    ASSERT_TRUE(one.start({"POST", "/slow", {}, std::string(1000, 'x')}));
    slow->first.get_future().wait();
    ASSERT_TRUE(one.send("more"));
    ASSERT_TRUE(one.send("and more"));
    EXPECT_EQ(ask({"GET", "/hello", {}, {}}).status, 200);
    on_loop([&] { EXPECT_EQ(slow->calls, 1U); });
  }
  on_loop([&] {
    slow->first = {};
    held->resume();
  });
  slow->first.get_future().wait();
  on_loop([&] { held.reset(); });
}

TEST_F(HttpStreamTest, AbortsTheReaderWhenTheBodyBreaksOffOrIsNonsense) {
  std::promise<Code> first, second;
  std::vector<std::promise<Code>*> results = {&first, &second};
  struct Keeps final : BodyReader {
    Keeps(std::shared_ptr<Exchange> e, std::promise<Code>* r) : exchange(std::move(e)), result(r) {}
    void on_body(std::string_view) override { exchange->resume(); }
    void on_end() override {}
    void on_abort(const Error& why) override { result->set_value(why.code()); }
    std::shared_ptr<Exchange> exchange;
    std::promise<Code>* result;
  };
  std::size_t next = 0;
  router_.add({"POST", "/keeps", Scope::send, std::make_shared<StreamHandler>([&](auto exchange) {
                 Exchange& one = *exchange;
                 one.read_body(std::make_shared<Keeps>(std::move(exchange), results.at(next++)));
               })});
  start();
  const std::string head =
      "POST /keeps HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked"
      "\r\n\r\n5\r\nhello\r\n";
  EXPECT_EQ(exchange_bytes(head), "");
  EXPECT_EQ(first.get_future().get(), Code::unavailable);
  // The handler gave no answer, so the server gives the reason.
  EXPECT_TRUE(exchange_bytes(head + "zz\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_EQ(second.get_future().get(), Code::invalid);
}

TEST_F(HttpStreamTest, MayRefuseAStreamBeforeItsEnd) {
  router_.add(
      {"POST", "/full", Scope::send, std::make_shared<StreamHandler>([](auto exchange) {
         exchange->respond(HttpResponse{429, kPlainText, "full", {}}.with("Retry-After", "1"));
       })});
  start();
  HttpClient one = client();
  ASSERT_TRUE(one.start({"POST", "/full", {}, std::string(100'000, 'x')}));
  for (int i = 0; i < 10; ++i) (void)one.send(std::string(100'000, 'x'));
  const auto head = one.read_head();
  ASSERT_TRUE(head) << head.error().message();
  EXPECT_EQ(head->status, 429);
  EXPECT_EQ(head->header("retry-after"), "1");
  EXPECT_FALSE(one.usable());
}

TEST_F(HttpStreamTest, CallsBackWhenASlowReaderHasCaughtUp) {
  std::promise<void> writable;
  std::shared_ptr<Exchange> held;
  route("GET", "/much", [&](std::shared_ptr<Exchange> exchange) {
    exchange->begin({200, kPlainText, "", {}});
    const std::string piece(64 * 1024, 'x');
    while (exchange->unsent() < kUnsentHigh) exchange->write(piece);
    exchange->when_writable([&, kept = exchange] {
      EXPECT_LT(kept->unsent(), kUnsentLow);
      kept->write("end");
      kept->end();
      writable.set_value();
    });
  });
  start();
  HttpClient one = client();
  ASSERT_TRUE(one.send_bytes("GET /much HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  ASSERT_EQ(one.read_head()->status, 200);
  EXPECT_TRUE(read_body(one).ends_with("xend"));
  writable.get_future().wait();
}

TEST_F(HttpStreamTest, StreamsToAnOldClientUntilTheConnectionEnds) {
  route("GET", "/stream", [](std::shared_ptr<Exchange> exchange) {
    exchange->begin({200, kEventStream, "a", {}});
    exchange->write("b");
    exchange->end();
  });
  start();
  const std::string all = exchange_bytes("GET /stream HTTP/1.0\r\n\r\n", false);
  EXPECT_EQ(all.find("chunked"), std::string::npos);
  EXPECT_TRUE(all.ends_with("\r\n\r\nab")) << all;
}

TEST_F(HttpStreamTest, EndsAnAnswerThatItsHandlerDroppedHalfWay) {
  route("GET", "/half", [](std::shared_ptr<Exchange> exchange) {
    exchange->begin({200, kPlainText, "a", {}});
  });
  start();
  HttpClient one = client();
  EXPECT_FALSE(one.ask({"GET", "/half", {}, {}}));
}

}  // namespace
}  // namespace quintet::host
