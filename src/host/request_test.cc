#include "host/request.h"

#include <gtest/gtest.h>

namespace quintet::host {
namespace {

HttpRequest with_header(std::string_view name, std::string_view value) {
  HttpRequest request;
  request.headers.push_back({name, value});
  return request;
}

std::string chosen(std::string_view accept) {
  const auto format = answer_format(with_header("Accept", accept),
                                    {{"json", "application/json"}, {"csv", "text/csv"}});
  return format ? std::string(*format) : format.error().id();
}

TEST(Request, TheAnswersFormIsTheOneThatAcceptLikesBest) {
  EXPECT_EQ(chosen(""), "json");
  EXPECT_EQ(chosen("*/*"), "json");
  EXPECT_EQ(chosen("text/csv"), "csv");
  EXPECT_EQ(chosen("TEXT/*"), "csv");
  EXPECT_EQ(chosen("application/json;q=0.2, text/csv;q=0.8"), "csv");
  EXPECT_EQ(chosen("application/json;q=0, */*"), "csv");
  EXPECT_EQ(chosen("text/html, application/xhtml+xml"), "not_acceptable");
}

TEST(Request, TheFormatParameterGoesBeforeAccept) {
  HttpRequest request = with_header("Accept", "text/html");
  request.query.emplace_back("format", "csv");
  EXPECT_EQ(*answer_format(request, {{"json", "application/json"}, {"csv", "text/csv"}}), "csv");
  request.query[0].second = "xml";
  const auto refused = answer_format(request, {{"json", "application/json"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().place(), "format");
}

TEST(Request, PreferencesAreFoundAmongOthers) {
  const HttpRequest request =
      with_header("Prefer", "return=minimal; x=1, Wait=\"10\", respond-async");
  EXPECT_EQ(preference(request, "return"), "minimal");
  EXPECT_EQ(preference(request, "wait"), "10");
  EXPECT_EQ(preference(request, "respond-async"), "");
  EXPECT_EQ(preference(request, "handling"), std::nullopt);
}

TEST(Request, ANumberOutOfRangeIsRefusedWithItsName) {
  HttpRequest request;
  EXPECT_EQ(*number_of(request, "limit", 7, 10), 7U);
  for (const char* text : {"-1", "11", "x", "", "1.5"}) {
    request.query = {{"limit", text}};
    const auto number = number_of(request, "limit", 7, 10);
    ASSERT_FALSE(number) << text;
    EXPECT_EQ(number.error().place(), "limit");
  }
}

TEST(Request, AnUnknownNameIsAnsweredWithTheOneThatWasMeantOrThoseThereAre) {
  const std::vector<std::string_view> known = {"payment", "report"};
  const Error meant = unknown_name("event", "paymnet", known);
  EXPECT_EQ(meant.code(), Code::not_found);
  EXPECT_EQ(meant.message(), "the application has no event \"paymnet\"; did you mean payment?");
  EXPECT_EQ(unknown_name("event", "xyz", known).message(),
            "the application has no event \"xyz\"; there is payment, report");
  EXPECT_EQ(unknown_name("view", "xyz", {}).message(), "the application has no view \"xyz\"");
  const std::vector<std::string_view> many(12, "shop");
  EXPECT_TRUE(unknown_name("event", "qqqqq", many).message().ends_with(", shop and others"));
}

TEST(Request, AParameterThatTheRouteDoesNotKnowIsRefused) {
  HttpRequest request;
  request.query.emplace_back("limit", "3");
  EXPECT_TRUE(only_parameters(request, {"from", "limit"}));
  request.query.emplace_back("fron", "3");
  const auto refused = only_parameters(request, {"from", "limit"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().place(), "fron");
  EXPECT_NE(refused.error().message().find("did you mean from?"), std::string::npos);
}

}  // namespace
}  // namespace quintet::host
