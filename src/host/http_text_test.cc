#include "host/http_text.h"

namespace quintet::host {
namespace {

TEST(PercentDecode, UndoesEscapesOnce) {
  EXPECT_EQ(percent_decode("a%20b%2Fc"), "a b/c");
  EXPECT_EQ(percent_decode("%252F"), "%2F");
  EXPECT_EQ(percent_decode("%C3%A9"), "\xC3\xA9");
}

TEST(PercentDecode, RefusesBrokenEscapesNulAndBadUtf8) {
  for (const char* text : {"%", "%4", "%zz", "%00", "%C0%AF", "%ED%A0%80", "%FF", "%F5%80%80%80",
                           "%E0%80%80", "%F0%80%80%80", "%C3"}) {
    EXPECT_FALSE(percent_decode(text)) << text;
  }
}

TEST(ParseQuery, KeepsOrderAndRepeatedNames) {
  const auto fields = parse_query("a=1&b=x+y%2B&a=&flag&&c==");
  ASSERT_TRUE(fields);
  const std::vector<std::pair<std::string, std::string>> wanted = {
      {"a", "1"}, {"b", "x y+"}, {"a", ""}, {"flag", ""}, {"c", "="}};
  EXPECT_EQ(*fields, wanted);
  EXPECT_FALSE(parse_query("a=%"));
}

TEST(ParseTarget, TakesOriginAndAbsoluteForm) {
  EXPECT_EQ(parse_target("/a?b=1?")->path, "/a");
  EXPECT_EQ(parse_target("/a?b=1?")->query, "b=1?");
  EXPECT_EQ(parse_target("HTTP://host:80/a?b")->path, "/a");
  for (const char* bad : {"", "*", "a", "http://host", "http://host?x", "?"}) {
    EXPECT_FALSE(parse_target(bad)) << bad;
  }
}

constexpr const char* kParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(Traceparent, GivesIdParentAndFlag) {
  const auto trace = parse_traceparent(kParent);
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(trace->parent, "b7ad6b7169203331");
  EXPECT_TRUE(trace->sampled);
}

std::string with_version(std::string_view version, std::string_view more) {
  std::string text(version);
  text.append(kParent + 2).append(more);
  return text;
}

TEST(Traceparent, OfALaterVersionIsReadByItsPrefix) {
  EXPECT_TRUE(parse_traceparent(with_version("01", "-more")));
  EXPECT_FALSE(parse_traceparent(with_version("00", "-more")));
  EXPECT_FALSE(parse_traceparent(with_version("01", "more")));
}

TEST(Traceparent, ThatIsInvalidIsNone) {
  for (std::string bad : {"", "00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                          "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                          "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                          "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                          "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}) {
    EXPECT_FALSE(parse_traceparent(bad)) << bad;
  }
}

TEST(Authority, GivesTheHostWithoutPort) {
  EXPECT_EQ(host_of_authority("LocalHost:8080"), "localhost");
  EXPECT_EQ(host_of_authority("[::1]:80"), "::1");
  EXPECT_EQ(host_of_authority("127.0.0.1"), "127.0.0.1");
  for (const char* bad : {"", ":80", "[::1", "a:b", "a:123456", "u@localhost", "[::1]x"}) {
    EXPECT_FALSE(host_of_authority(bad)) << bad;
  }
  EXPECT_TRUE(is_loopback_name("localhost"));
  EXPECT_FALSE(is_loopback_name("localhost.evil.example"));
}

TEST(HttpRequest, FindsHeadersWithoutCaseAndTrimsTheMediaType) {
  HttpRequest request;
  request.headers = {{"X-A", "1"}, {"Content-TYPE", "Application/JSON ; charset=utf-8"}};
  request.query = {{"a", "1"}};
  EXPECT_EQ(request.header("x-a"), "1");
  EXPECT_EQ(request.header("x-b"), "");
  EXPECT_EQ(request.content_type(), "application/json");
  EXPECT_EQ(request.query_value("a"), "1");
  EXPECT_FALSE(request.query_value("b"));
}

}  // namespace
}  // namespace quintet::host
