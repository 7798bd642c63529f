#include "expr/functions.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "expr/aggregates.h"
#include "expr/testing.h"

namespace quintet::expr {
namespace {

TEST(Functions, AnswerWhatTheirExamplesSay) {
  for (const Function& f : functions()) {
    EXPECT_FALSE(f.examples.empty()) << f.name;
    for (const Example& e : f.examples) {
      EXPECT_EQ(answer(e.expression).text, e.answer) << e.expression;
    }
  }
}

TEST(Functions, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const Function& f : functions()) EXPECT_TRUE(names.insert(f.name).second) << f.name;
  for (const AggregateFunction& f : aggregate_functions()) {
    EXPECT_TRUE(names.insert(f.name).second) << f.name;
  }
}

TEST(Functions, StandInTheOrderOfTheirNumbers) {
  int next = 0;
  for (const Function& f : functions()) EXPECT_EQ(static_cast<int>(f.id), next++) << f.name;
}

TEST(Functions, AreWhatTheReferencePageShows) {
  const char* kPage = QUINTET_SOURCE_DIR "/docs/reference/functions.md";
  std::ifstream file(kPage);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(text.str() == functions_markdown())
      << "the page is old: run this test again with QUINTET_UPDATE=1";
  if (std::getenv("QUINTET_UPDATE") != nullptr) {
    std::ofstream(kPage) << functions_markdown();
  }
}

TEST(Functions, RefuseEveryWrongNumberOfArguments) {
  for (const Function& f : functions()) {
    EXPECT_EQ(answer(std::string(f.name) + "()").problems.at(0).code, code::kArguments) << f.name;
    if (f.parameters.back().repeated) continue;
    std::string call = std::string(f.name) + "(";
    for (std::size_t i = 0; i <= f.parameters.size(); ++i) call += i == 0 ? "n" : ", n";
    EXPECT_EQ(answer(call + ")").problems.at(0).code, code::kArguments) << f.name;
  }
}

TEST(Functions, NeverCrashOnAnyMixOfArguments) {
  const std::string_view kArguments[] = {"n",   "amount", "x",    "flag", "name",    "at",
                                         "gap", "tags",   "null", "-1",   "missing", "0.5"};
  for (const Function& f : functions()) {
    const std::string name(f.name);
    for (std::string_view a : kArguments) {
      answer(name + "(" + std::string(a) + ")");
      for (std::string_view b : kArguments) {
        const std::string two = name + "(" + std::string(a) + ", " + std::string(b);
        answer(two + ")");
        for (std::string_view c : kArguments) answer(two + ", " + std::string(c) + ")");
      }
    }
  }
}

TEST(Functions, GiveTheFaultThatMadeThemNull) {
  EXPECT_EQ(answer("sqrt(-1)").fault, Fault::domain);
  EXPECT_EQ(answer("exp(1000)").fault, Fault::overflow);
  EXPECT_EQ(answer("log(0)").fault, Fault::domain);
  EXPECT_EQ(answer("abs(-9223372036854775808)").fault, Fault::overflow);
  EXPECT_EQ(answer("to_int64(1e19)").fault, Fault::overflow);
  EXPECT_EQ(answer("sqrt(missing)").fault, Fault::none);
}

TEST(Functions, TakeArgumentsByName) {
  EXPECT_EQ(answer("round(digits = 1, x = 2.25)").text, "2.3");
  EXPECT_EQ(answer("clamp(n, high = 5, low = 1)").text, "5");
  EXPECT_EQ(answer("round(x, digits = 1, digits = 2)").text, "problem: `digits` is given twice");
  EXPECT_EQ(answer("round(x, digit = 1)").problems.at(0).hint, "did you mean `digits`?");
  EXPECT_EQ(answer("round(digits = 1, x)").problems.at(0).code, code::kArguments);
}

TEST(Functions, ReadTimesInTheZoneOfTheApplication) {  // S6.5
  CheckOptions east, west;
  east.utc_offset_minutes = 11 * 60;
  west.utc_offset_minutes = -14 * 60;
  EXPECT_EQ(answer("hour(at)", east).text, "0");
  EXPECT_EQ(answer("weekday(at)", east).text, "5");
  EXPECT_EQ(answer("month(at)", east).text, "3");
  EXPECT_EQ(answer("day(at)", west).text, "28");
  EXPECT_EQ(answer("truncate(at, 1d)", east).text, "2024-02-29T13:00:00Z");
  EXPECT_EQ(answer("hour(at)", east).canonical, "hour@660(at)");
  EXPECT_EQ(answer("hour(at)").canonical, "hour(at)");
}

TEST(Functions, RoundHalvesAwayFromZeroByTheExactValue) {
  EXPECT_EQ(answer("round(1.005, 2)").text, "1");     // the double is below 1.005
  EXPECT_EQ(answer("round(1.015, 2)").text, "1.01");  // below, too
  EXPECT_EQ(answer("round(0.125, 2)").text, "0.13");  // exactly a half
  EXPECT_EQ(answer("round(-0.5)").text, "-1");
  EXPECT_EQ(answer("round(1e300, 15)").text, "1e+300");
  EXPECT_EQ(answer("round(5e-324, 15)").text, "0");
  EXPECT_EQ(answer("round(amount, 1)").text, "12.50");
  EXPECT_EQ(answer("round(-amount)").text, "-13.00");
}

}  // namespace
}  // namespace quintet::expr
