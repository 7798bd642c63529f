#include "host/tokens.h"

#include <gtest/gtest.h>

namespace quintet::host {
namespace {

std::string why(std::string_view text) {
  const auto tokens = parse_tokens(text);
  return tokens ? "" : tokens.error().place() + ": " + tokens.error().message();
}

TEST(Tokens, AreReadFromLinesOfScopesAndASecret) {
  const auto tokens = parse_tokens(
      "# who may do what\n\nsend,read 0123456789abcdef\r\noperate\tABCDEFGHIJKLMNOP\n");
  ASSERT_TRUE(tokens);
  ASSERT_EQ(tokens->size(), 2u);
  EXPECT_EQ(tokens->front().secret, "0123456789abcdef");
  EXPECT_EQ(tokens->front().scopes, (std::vector{Scope::send, Scope::read}));
  EXPECT_EQ(tokens->back().scopes, std::vector{Scope::operate});
}

TEST(Tokens, AreRefusedWithTheirLine) {
  EXPECT_EQ(why("admin 0123456789abcdef"),
            "line 1: \"admin\" is no scope; there are send, read and operate");
  EXPECT_EQ(why("\n0123456789abcdef"),
            "line 2: a line holds scopes and a secret, as: send,read SECRET");
  EXPECT_TRUE(why("send short").starts_with("line 1: a token must have at least 16 characters"));
  EXPECT_EQ(why("send 0123456789abcdef\nread 0123456789abcdef"),
            "line 2: the secret is there twice");
  EXPECT_EQ(why("# none\n"), ": the file holds no token");
}

}  // namespace
}  // namespace quintet::host
