#include "app/diff.h"

#include <gtest/gtest.h>

#include "app/marked_test.h"

namespace quintet::app {
namespace {

std::shared_ptr<const Spec> shop(const std::string& columns, const std::string& more = "") {
  return accepted(kShop, "features:\n  f:\n    of: order\n    columns:\n" + columns + more);
}

constexpr const char* kModel =
    "models:\n  m: {of: order, type: xgboost, inputs: [amount, ca], train: {label: back}}\n";

const ColumnChange& find(const Difference& difference, std::string_view name) {
  for (const ColumnChange& each : difference.columns) {
    if (each.name == name) return each;
  }
  static const ColumnChange none;
  ADD_FAILURE() << "no column " << name;
  return none;
}

TEST(Diff, SaysNothingOfAFileThatMeansTheSame) {
  auto a = shop("      ca: amount + 1\n", kModel), b = shop("      ca: (amount+1)\n", kModel);
  const Difference same = compare(*a, *b);
  EXPECT_FALSE(same.any());
  EXPECT_TRUE(same.same_meaning);
  EXPECT_EQ(to_text(same), "model m: unchanged, its versions stay in use\n1 column unchanged\n");
}

TEST(Diff, NamesColumnsThatAreNewChangedRemovedAndRenamed) {
  auto a = shop("      ca: amount + 1\n      cb: amount * 2\n      cc: amount * 3\n      cd: ca\n",
                kModel);
  auto b =
      shop("      ca: amount + 2\n      cx: amount * 2\n      cd: ca\n      ce: 1 + 1\n", kModel);
  const Difference d = compare(*a, *b);
  EXPECT_EQ(find(d, "ca").change, Change::changed);
  EXPECT_EQ(find(d, "ca").unbound, (std::vector<std::string>{"m"}));
  EXPECT_EQ(find(d, "cx").change, Change::renamed);
  EXPECT_EQ(find(d, "cx").was, "cb");
  EXPECT_EQ(find(d, "cc").change, Change::removed);
  EXPECT_EQ(find(d, "cd").change, Change::changed);
  EXPECT_EQ(find(d, "ce").change, Change::added);
  ASSERT_EQ(d.models.size(), 1U);
  EXPECT_EQ(d.models[0].change, Change::changed);
  EXPECT_EQ(d.models[0].why, "the input `ca` changed");
}

TEST(Diff, SaysWhichStateIsFoldedAgainAndWhatStartsCold) {
  auto a = shop("      ca: count() over 7d by customer\n      cb: count() over 7d by sku\n");
  auto b = shop(
      "      ca: count() over 14d by customer\n      cb: count() over 7d by sku\n"
      "      cc: ca * 2\n      cd: count() over all by note\n");
  const Difference d = compare(*a, *b, 10 * kDay);
  EXPECT_EQ(find(d, "ca").reach, 14 * kDay);
  EXPECT_TRUE(find(d, "ca").cold);
  EXPECT_TRUE(find(d, "cc").cold);
  EXPECT_TRUE(find(d, "cd").cold);
  EXPECT_FALSE(find(d, "cb").cold);
  ASSERT_EQ(d.groups.size(), 3U);
  EXPECT_EQ(d.groups[0].change, Change::changed);
  EXPECT_EQ(d.groups[2].change, Change::added);
  EXPECT_FALSE(find(compare(*a, *b), "ca").cold);
  EXPECT_NE(to_text(d).find("column order.ca: changed, looks back 14d; starts incomplete"),
            std::string::npos);
  EXPECT_NE(to_json(d).find("\"cold\":true"), std::string::npos);
}

TEST(Diff, NamesFieldsThatTheLogHasNoLongerAndWhatReadsThem) {
  const std::string head =
      "quintet: 1\napp: t\nevents:\n  e:\n    id: id\n    time: at\n    fields:\n"
      "      {id: string, at: timestamp, ";
  const std::string rest =
      "}\nfeatures:\n  f:\n    of: e\n    columns:\n"
      "      a: count() over 7d by k\n      b: sum(m) over 7d by c\n"
      "      c2: count() where m > 1 over 7d by c\n      d: a + 1\n      e2: m + 1\n";
  auto before = accepted(head + "k: int64, c: string, m: int64", rest);
  auto after =
      accepted(head + "k: string, c: {type: string, privacy: pseudonymize}, m: int64", rest);
  const Difference d = compare(*before, *after);
  ASSERT_EQ(d.fields.size(), 2U);
  EXPECT_EQ(d.fields[0].was, "int64");
  EXPECT_EQ(d.fields[1].is, "string, pseudonymize");
  EXPECT_EQ(find(d, "a").blank, std::vector<std::string>{"e.k"});
  EXPECT_EQ(find(d, "d").blank, std::vector<std::string>{"e.k"});
  EXPECT_EQ(find(d, "b").blank, std::vector<std::string>{"e.c"});
  EXPECT_TRUE(find(d, "c2").cold);
  EXPECT_FALSE(find(d, "e2").cold);
  EXPECT_NE(to_text(d).find("a: changed, looks back 7d; starts incomplete: records from before "
                            "have no e.k"),
            std::string::npos);
  EXPECT_EQ(find(compare(*before, *before), "a").blank.size(), 0U);
}

TEST(Diff, SaysWhatTheNextVersionOfAModelIsMadeFrom) {
  const std::string columns = "      ca: amount + 1\n";
  const auto with = [&](const std::string& rules) {
    return shop(columns,
                "models:\n  m: {of: order, type: xgboost, inputs: [amount, ca], train: "
                "{label: back, " +
                    rules + "}}\n");
  };
  const auto a = with("max_depth: 5, rounds: 9"), b = with("max_depth: 6, eta: 0.1, rounds: 9");
  const Difference d = compare(*a, *b);
  ASSERT_EQ(d.models.size(), 1U);
  EXPECT_EQ(d.models[0].change, Change::same);
  EXPECT_EQ(d.models[0].training, (std::vector<std::string>{"max_depth", "eta"}));
  EXPECT_NE(to_text(d).find("model m: unchanged, its versions stay in use; the next is made "
                            "otherwise: max_depth, eta changed\n"),
            std::string::npos);
  std::string later(a->text);
  const std::size_t at = later.find("after: ");
  ASSERT_NE(at, std::string::npos);
  later.insert(at + 7, "1");
  const Loaded loaded = load(later);
  ASSERT_TRUE(loaded.spec);
  EXPECT_EQ(compare(*a, *loaded.spec).models[0].training,
            (std::vector<std::string>{"the label `back`"}));
}

TEST(Diff, NamesAnApplicationThatIsCalledOtherwiseAndStateThatStaysEmpty) {
  const auto app = [](const std::string& name, const std::string& event) {
    return accepted("quintet: 1\napp: " + name + "\nevents:\n  " + event +
                        ":\n    id: id\n    time: at\n    fields: {id: string, at: timestamp, "
                        "k: int64}\nfeatures:\n  f:\n    of: " +
                        event + "\n    columns:\n      seen: count() over 7d by k\n",
                    "");
  };
  const std::string text = to_text(compare(*app("a", "e"), *app("b", "rec")));
  EXPECT_NE(text.find("application a to b: renamed; it has a log of its own\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("state of rec by k: new, empty: the log has no such records\n"),
            std::string::npos)
      << text;
}

TEST(Diff, NamesOtherPartsThatChanged) {
  auto a = shop("      ca: 1 + 1\n");
  auto b = shop("      ca: 1 + 1\n",
                "decisions:\n  d: {of: order, cases: [{then: go}]}\n"
                "views:\n  v: {of: order, aggregate: {n: count()}}\n");
  const Difference d = compare(*a, *b);
  EXPECT_NE(to_text(d).find("decision d: new\nview v: new\n"), std::string::npos);
  EXPECT_NE(to_text(compare(*b, *a)).find("view v: removed\n"), std::string::npos);
}

}  // namespace
}  // namespace quintet::app
