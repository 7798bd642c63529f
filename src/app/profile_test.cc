#include "app/profile.h"

#include <gtest/gtest.h>

#include "app/load.h"
#include "app/marked_test.h"

namespace quintet::app {
namespace {

Profile of(std::string_view header, const std::vector<std::string>& lines) {
  std::vector<std::string_view> views(lines.begin(), lines.end());
  Expected<Profile> out = profile(header, views);
  EXPECT_TRUE(out.has_value());
  return out ? *std::move(out) : Profile();
}

std::shared_ptr<const Spec> loads(const Profile& profile) {
  const std::string text = first_application(profile, "My data.csv");
  Loaded loaded = load(text);
  EXPECT_TRUE(loaded.spec) << describe(loaded, text) << text;
  return loaded.spec;
}

std::vector<std::string> payments() {
  std::vector<std::string> lines;
  for (int i = 0; i < 40; ++i) {
    lines.push_back(std::to_string(1000 + i) + ",2024-01-0" + std::to_string(1 + i / 10) +
                    " 10:00:" + std::to_string(10 + i % 7) + "," + std::to_string(i % 5) + "," +
                    std::to_string(i) + ".5" + std::to_string(i % 10) + "," +
                    (i % 3 == 0 ? "?" : "chip") + "," + (i % 9 == 0 ? "1" : "0") + ",x\r");
  }
  return lines;
}

TEST(Profile, FindsTypesNullsAndRoles) {
  const Profile p =
      of("\xEF\xBB\xBFTX_ID,TX_TIME,CUSTOMER_ID,Amount,entry,TX_FRAUD,on\r", payments());
  ASSERT_EQ(p.columns.size(), 7U);
  EXPECT_EQ(p.rows, 40U);
  EXPECT_EQ(p.columns[0].name, "tx_id");
  EXPECT_EQ(p.columns[0].type.kind, event::Kind::int64);
  EXPECT_EQ(p.columns[1].type.kind, event::Kind::timestamp);
  EXPECT_GT(p.columns[1].disorder, 0U);
  EXPECT_EQ(p.columns[3].type, event::Type::decimal(2));
  EXPECT_EQ(p.columns[4].nulls, 14U);
  EXPECT_EQ(p.columns[4].levels, (std::vector<std::string>{"chip"}));
  EXPECT_EQ(p.columns[5].type.kind, event::Kind::boolean);
  EXPECT_EQ(p.columns[6].name, "on_field");
  EXPECT_EQ(p.id, 0);
  EXPECT_EQ(p.time, 1);
  EXPECT_EQ(p.label, 5);
  EXPECT_EQ(p.keys, (std::vector<int>{2}));
  EXPECT_EQ(p.amounts, (std::vector<int>{3}));
}

TEST(Profile, WritesAFileThatLoads) {
  auto spec = loads(of("TX_ID,TX_TIME,CUSTOMER_ID,Amount,entry,TX_FRAUD,on", payments()));
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->app, "my-data-csv");
  EXPECT_EQ(spec->events[0].id_field, 0);
  EXPECT_EQ(spec->events[0].time_field, 1);
  EXPECT_EQ(spec->models.size(), 1U);
  EXPECT_EQ(spec->rows[0].columns.size(), 3U);
}

TEST(Profile, KeepsAColumnNamedAfterTheLabelOutOfTheModel) {
  const Profile p = of("a,fraud,fraud_kind", {"1,0,1", "2,1,2", "3,0,3"});
  EXPECT_TRUE(hints_at_label(p, 2));
  auto spec = loads(p);
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->events[0].fields[2].use, event::Use::audit);
}

TEST(Profile, CopesWithWhatFilesAreLike) {
  loads(of("timestamp,value", {"2013-12-02 21:15:00,73.96732207", "2013-12-02 21:20:00,74.9"}));
  loads(of("a;b;c", {"1;2;3", "1;2;4"}));
  loads(of("x", {}));
  loads(of(",a b,a_b,\"q\"\"uote\"", {"1,2,3,4"}));
  loads(of("record,outcome,score,verdict,fraud,where,yes",
           {"1,2,3,4,true,x,no", "2,2,3,5,false,y,no"}));
  auto millis = loads(of("ts,user_id", {"1700000000000,a", "1700000000001,a"}));
  ASSERT_TRUE(millis);
  EXPECT_EQ(millis->events[0].input.epoch, event::InputRules::Epoch::millis);
}

TEST(Profile, KeepsDigitsThatANumberWouldNotGiveBack) {
  const Profile p = of(
      "zip,ref,n", {"00001,10000000000000000000000001,1", "00002,10000000000000000000000002,0.5"});
  EXPECT_EQ(p.columns[0].type.kind, event::Kind::text);
  EXPECT_EQ(p.columns[1].type.kind, event::Kind::text);
  EXPECT_EQ(p.columns[1].distinct, 2U);
  EXPECT_EQ(p.columns[2].type, event::Type::decimal(1));
}

TEST(Profile, MakesAKeyForOneSeries) {
  const Profile p = of("timestamp,value", {"2013-12-02 21:15:00,73.9", "2013-12-02 21:20:00,74.8",
                                           "2013-12-02 21:25:00,74.7"});
  const auto spec = loads(p);
  ASSERT_TRUE(spec);
  ASSERT_EQ(spec->groups.size(), 1U);
  EXPECT_EQ(spec->groups[0].name, "record by series");
  EXPECT_NE(first_application(p, "x").find("mean(value) over 7d by series"), std::string::npos);
}

TEST(Profile, SaysWhatKeepsATextFromBeingATimeOrAnOutcome) {
  const std::string text =
      first_application(of("when,churn", {"2024-01-01 10:00,yes", "2024-01-02 10:00,no"}), "x");
  EXPECT_NE(text.find("a time? it is a timestamp once"), std::string::npos) << text;
  EXPECT_NE(text.find("an outcome? it can be learned once"), std::string::npos) << text;
}

TEST(Profile, LeavesLinesOutThatCannotBeRead) {
  const Profile p = of("a,b", {"1,2", "\"open", "1,2,3", "", "3"});
  EXPECT_EQ(p.rows, 2U);
  EXPECT_EQ(p.columns[1].nulls, 1U);
}

TEST(Profile, RefusesAHeaderThatNamesNothingOrOneNameTwice) {
  EXPECT_FALSE(profile("", {}).has_value());
  EXPECT_FALSE(profile("a,a", {}).has_value());
  EXPECT_FALSE(profile("a,\"b", {}).has_value());
  EXPECT_FALSE(profile("a,\xff", {}).has_value());
}

TEST(Templates, LoadUnderTheirNewName) {
  for (std::string_view name : template_names()) {
    const std::string text = from_template(name, "Shop 7");
    EXPECT_TRUE(text.starts_with("# yaml-language-server: $schema=app.schema.json\n"));
    const Loaded loaded = load(text);
    ASSERT_TRUE(loaded.spec) << name << "\n" << describe(loaded, text);
    EXPECT_EQ(loaded.spec->app, "shop-7");
  }
  EXPECT_EQ(from_template("nothing", "x"), "");
}

}  // namespace
}  // namespace quintet::app
