// What strangers send: each gets its status or is closed, and the server goes on serving others.
#include <random>
#include <thread>

#include "host/http_parser.h"
#include "host/http_server_fixture.h"

namespace quintet::host {
namespace {

class HttpHostileTest : public ServerFixture {
 protected:
  void TearDown() override {
    // Under a hasty limit a busy machine may need several tries.
    bool survived = false;
    for (int i = 0; i < 100 && !survived; ++i) {
      HttpClient one = client();
      const auto response = one.ask({"GET", "/hello", {}, {}});
      survived = response && response->body == "hello";
    }
    EXPECT_TRUE(survived);
    ServerFixture::TearDown();
  }

  static HttpLimits hasty(Micros HttpLimits::*limit) {
    HttpLimits limits;
    limits.*limit = 40'000;
    return limits;
  }

  std::string status_of(std::string_view bytes) {
    const std::string all = exchange_bytes(bytes);
    return all.starts_with("HTTP/1.1 ") ? all.substr(9, 3) : all;
  }
};

constexpr const char* kGet = "GET /hello HTTP/1.1\r\nHost: localhost\r\n";
constexpr const char* kPost = "POST /echo HTTP/1.1\r\nHost: localhost\r\n";

TEST_F(HttpHostileTest, MalformedHeadsAreRefused) {
  start();
  const std::pair<const char*, const char*> cases[] = {
      {"GET\r\n\r\n", "400"},
      {"GET /hello\r\n\r\n", "400"},
      {"GET /hello HTTP/2.0\r\n\r\n", "505"},
      {"GET /hello HTTP/1.1 \r\nHost: localhost\r\n\r\n", "505"},
      {"GET  /hello HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"},
      {"G@T /hello HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"},
      {"GET /he\x01llo HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"},
      {"GET hello HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"},
      {"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"},
      {"GET /hello?a=%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"},
      {"GET /hello?a=%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"},
      {"GET /hello HTTP/1.1\r\nHost : localhost\r\n\r\n", "400"},
      {"GET /hello HTTP/1.1\r\nHost: localhost\r\nNoColon\r\n\r\n", "400"},
      {"GET /hello HTTP/1.1\r\nHost: localhost\r\nA: \x01\r\n\r\n", "400"},
      {"GET /hello HTTP/1.1\r\nHost: localhost\r\n: empty\r\n\r\n", "400"},
      {"GET /hello HTTP/1.1\nHost: localhost\n\n", "505"},
      {"\x16\x03\x01\x02\x01\x01\xfc", ""},
      {"\r\nGET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"},
      {"GET http://localhost/hello HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"},
  };
  for (const auto& [bytes, wanted] : cases) {
    const std::string status = status_of(bytes);
    EXPECT_TRUE(*wanted == '\0' || status == wanted) << bytes << status;
  }
}

TEST_F(HttpHostileTest, SmuggledLengthsAreRefused) {
  start();
  const std::string chunks = "\r\n0\r\n\r\n";
  const std::string cases[] = {
      "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" + chunks,
      "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n" + chunks,
      "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
      "Content-Length: -1\r\n\r\n",
      "Content-Length: +5\r\n\r\nhello",
      "Content-Length: 0x5\r\n\r\nhello",
      "Content-Length: 5 5\r\n\r\nhello",
      "Content-Length: 99999999999999999999999\r\n\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" + chunks,
  };
  for (const auto& one : cases) EXPECT_EQ(status_of(kPost + one), "400") << one;
  for (const char* coding : {"gzip", "gzip, chunked", "chunked, identity", "xchunked",
                             "\x0b"
                             "chunked"}) {
    const std::string status =
        status_of(kPost + std::string("Transfer-Encoding: ") + coding + "\r\n" + chunks);
    EXPECT_TRUE(status == "501" || status == "400") << coding << " " << status;
  }
  EXPECT_EQ(status_of("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n" + chunks), "400");
}

TEST_F(HttpHostileTest, BadChunksAreRefused) {
  start();
  const std::string head = std::string(kPost) + "Transfer-Encoding: chunked\r\n\r\n";
  for (const char* body : {"zz\r\n", "5\r\nhelloXX0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n",
                           "fffffffffffffffff\r\n", "5;=\r\nhello\r\n0\r\n\r\n", "\r\n\r\n",
                           "0x5\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\nbad trailer\r\n\r\n"}) {
    EXPECT_EQ(status_of(head + body), "400") << body;
  }
  EXPECT_EQ(status_of(head + "5;a=b\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n"), "200");
}

TEST_F(HttpHostileTest, AnEmptyChunkedBodyMayComeByteByByte) {
  const HttpLimits limits;
  const std::string text = std::string(kPost) + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  RequestParser parser(limits);
  std::string held;
  for (std::size_t i = 0; i < text.size(); ++i) {
    held.push_back(text[i]);
    const auto step = parser.next(held);
    ASSERT_NE(step.event, RequestParser::Event::failed) << i;
    held.erase(0, step.used);
  }
  EXPECT_TRUE(parser.done());
  start();
}

TEST_F(HttpHostileTest, OversizesAreNamed) {
  start();
  const std::string long_url(5000, 'a');
  EXPECT_EQ(status_of("GET /" + long_url + " HTTP/1.1\r\nHost: localhost\r\n\r\n"), "414");
  EXPECT_EQ(status_of("GET /" + std::string(40'000, 'a')), "414");
  EXPECT_EQ(status_of(kGet + ("A: " + std::string(17'000, 'b')) + "\r\n\r\n"), "431");
  std::string many = kGet, total = kGet;
  for (int i = 0; i < 120; ++i) many += "A: b\r\n";
  EXPECT_EQ(status_of(many + "\r\n"), "431");
  for (int i = 0; i < 30; ++i) total += "A: " + std::string(1000, 'b') + "\r\n";
  EXPECT_EQ(status_of(total + "\r\n"), "431");
  EXPECT_EQ(status_of(kPost + std::string("Content-Length: 2000000\r\n\r\n")), "413");
  const std::string chunked = kPost + std::string("Transfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(status_of(chunked + "200000\r\n" + std::string(0x200000, 'x') + "\r\n0\r\n\r\n"),
            "413");
  std::string shreds = chunked;
  for (int i = 0; i < 5000; ++i) shreds += "1\r\nx\r\n";
  EXPECT_EQ(status_of(shreds + "0\r\n\r\n"), "413");
  EXPECT_EQ(status_of(chunked + "1;" + std::string(100'000, 'e')), "400");
  EXPECT_EQ(status_of(std::string(kPost) + "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"),
            "415");
}

TEST_F(HttpHostileTest, TruncatedRequestsAreForgotten) {
  start();
  const std::string whole = kPost + std::string("Content-Length: 5\r\n\r\nhello");
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_EQ(exchange_bytes(whole.substr(0, cut)), "") << cut;
  }
  EXPECT_TRUE(exchange_bytes(whole).ends_with("hello"));
}

TEST_F(HttpHostileTest, RequestsCutAnywhereAreReadWhole) {
  start();
  const std::string chunked = kPost + std::string("Transfer-Encoding: chunked\r\n\r\n") +
                              "5\r\nhello\r\n4;x=y\r\n you\r\n0\r\n\r\n";
  for (std::size_t cut = 1; cut < chunked.size(); ++cut) {
    HttpClient one = client();
    ASSERT_TRUE(one.send_bytes(chunked.substr(0, cut)));
    ASSERT_TRUE(one.send_bytes(chunked.substr(cut)));
    one.finish_sending();
    EXPECT_TRUE(read_all(one).ends_with("hello you")) << cut;
  }
}

TEST_F(HttpHostileTest, ASlowHeaderIsTimedOut) {
  start(hasty(&HttpLimits::header_time));
  EXPECT_TRUE(exchange_bytes("GET /hello HTT", false).starts_with("HTTP/1.1 408 "));
  EXPECT_EQ(exchange_bytes("", false), "");
}

TEST_F(HttpHostileTest, ASlowHeaderIsTimedOutThoughBytesKeepComing) {
  start(hasty(&HttpLimits::header_time));
  HttpClient one = client();
  ASSERT_TRUE(one.send_bytes("GET /hello HTTP/1.1\r\n"));
  std::string all;
  for (int i = 0; all.empty(); ++i) {
    ASSERT_LT(i, 1'000'000);
    if (!one.send_bytes("X: y\r\n")) break;
    on_loop([] {});
    on_loop([this, &all] { all = server_->connections() == 0 ? "gone" : ""; });
  }
  SUCCEED();
}

TEST_F(HttpHostileTest, ASlowBodyIsTimedOut) {
  start(hasty(&HttpLimits::whole_body_time));
  EXPECT_TRUE(exchange_bytes(std::string(kPost) + "Content-Length: 5\r\n\r\nhel", false)
                  .starts_with("HTTP/1.1 408 "));
}

TEST_F(HttpHostileTest, AnIdleConnectionIsClosed) {
  start(hasty(&HttpLimits::keep_alive));
  HttpClient one = client();
  ASSERT_TRUE(one.ask({"GET", "/hello", {}, {}}));
  EXPECT_EQ(*one.read_bytes(), std::nullopt);
}

TEST_F(HttpHostileTest, AClientThatNeverReadsIsClosed) {
  route("GET", "/flood", [](std::shared_ptr<Exchange> exchange) {
    exchange->respond({200, kPlainText, std::string(32'000'000, 'x'), {}});
  });
  start(hasty(&HttpLimits::write_idle));
  HttpClient one = client();
  ASSERT_TRUE(one.send_bytes("GET /flood HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  for (std::size_t open = 1; open != 0;) on_loop([&] { open = server_->connections(); });
}

TEST_F(HttpHostileTest, PipelinedFloodsAreHeldBack) {
  start();
  HttpClient one = client();
  std::string flood;
  for (int i = 0; i < 20'000; ++i) flood += kGet + std::string("\r\n");
  std::thread writer([&] {
    (void)one.send_bytes(flood);
    one.finish_sending();
  });
  const std::string all = read_all(one);
  writer.join();
  std::size_t answers = 0;
  for (std::size_t at = 0; (at = all.find("HTTP/1.1 200", at)) != all.npos; ++at) ++answers;
  EXPECT_EQ(answers, 20'000U);
}

TEST_F(HttpHostileTest, TooManyConnectionsAreToldToComeBack) {
  HttpLimits limits;
  limits.connections = 2;
  start(limits);
  {
    HttpClient first = client(), second = client();
    ASSERT_TRUE(first.ask({"GET", "/hello", {}, {}}));
    ASSERT_TRUE(second.ask({"GET", "/hello", {}, {}}));
    EXPECT_TRUE(exchange_bytes("", false).starts_with("HTTP/1.1 503 "));
  }
  for (std::size_t open = 1; open != 0;) on_loop([&] { open = server_->connections(); });
}

TEST_F(HttpHostileTest, NoiseNeverHurts) {
  start();
  std::mt19937 random(20260131);
  const std::string seeds[] = {
      kGet + std::string("Connection: keep-alive\r\nAccept: */*\r\n\r\n"),
      kPost + std::string("Content-Length: 5\r\n\r\nhello"),
      kPost + std::string("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")};
  static constexpr char kPieces[] =
      "\r\n :;,%/?\0\x7f\xff"
      "0aZ";
  for (int i = 0; i < 600; ++i) {
    std::string text = seeds[random() % 3] + (random() % 2 ? seeds[random() % 3] : "");
    for (unsigned edits = random() % 6; edits > 0 && !text.empty(); --edits) {
      const std::size_t at = random() % text.size();
      switch (random() % 4) {
        case 0: text[at] = kPieces[random() % (sizeof kPieces - 1)]; break;
        case 1: text.erase(at, random() % 20); break;
        case 2: text.insert(at, text.substr(random() % text.size(), random() % 40)); break;
        default: text.insert(at, 1, static_cast<char>(random()));
      }
    }
    const std::string all = exchange_bytes(text);
    EXPECT_TRUE(all.empty() || all.starts_with("HTTP/1.1 ")) << text;
  }
}

}  // namespace
}  // namespace quintet::host
