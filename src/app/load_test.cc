#include "app/load.h"

#include <gtest/gtest.h>

#include "app/marked_test.h"
#include "app/report.h"

namespace quintet::app {
namespace {

constexpr std::string_view kEvents = "events:\n  e: {fields: {k: string}}\n";

std::string with(std::string_view more) {
  return std::string(kEvents) + std::string(more);
}

TEST(Load, AcceptsTheSmallestApplication) {
  auto spec = accepted(kHead, kEvents);
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->app, "test");
  EXPECT_EQ(spec->pattern, "monolithic");
  EXPECT_EQ(spec->late, kDay);
  EXPECT_EQ(spec->ahead, 5 * kMinute);
  EXPECT_EQ(spec->digest.size(), 64U);
}

TEST(Load, RefusesUnknownKeysWithTheNearestOne) {
  EXPECT_EQ(refused("QNT-0101", kHead, with("«timezome»: UTC\n")).hint, "did you mean `timezone`?");
  refused("QNT-0101", kHead, "events:\n  e: {fields: {k: {type: string, «optionl»: true}}}\n");
}

TEST(Load, RefusesMissingKeysAtTheBlocksName) {
  refused("QNT-0102", kHead, "events:\n  «e»: {}\n");
  refused("QNT-0102", "", "«»quintet: 1\nevents:\n  e: {fields: {k: string}}\n");
}

TEST(Load, RefusesValuesOfTheWrongKind) {
  refused("QNT-0103", kHead, with("late: «5 days»\n"));
  refused("QNT-0109", kHead, with("retain: «0d»\n"));
  refused("QNT-0109", kHead,
          with("views: {v: {of: e, every: «0s», aggregate: {rows: count()}}}\n"));
  refused("QNT-0103", kHead, with("labels: «[a]»\n"));
  refused("QNT-0103", kHead, "events:\n  e: {fields: {k: {type: string, optional: «yes»}}}\n");
  refused("QNT-0103", kHead, "events:\n  e: {fields: {k: string}, time: «[at]»}\n");
  refused("QNT-0103", kHead, with("sets: {days: «1d»}\n"));
  refused("QNT-0103", kHead, with("constants: {x: «[1]»}\n"));
  refused("QNT-0103", "", "«just a text»\n");
}

TEST(Load, RefusesNamesThatCannotStandInExpressions) {
  EXPECT_NE(refused("QNT-0104", kHead, "events:\n  e: {fields: {«TX_AMOUNT»: double}}\n")
                .hint.find("`tx_amount`, with `from: TX_AMOUNT`"),
            std::string::npos);
  refused("QNT-0104", kHead, "events:\n  «my-event»: {fields: {k: string}}\n");
  refused("QNT-0104", kHead, "events:\n  e: {fields: {«where»: double}}\n");
  refused("QNT-0104", "quintet: 1\n", "app: «My App»\nevents:\n  e: {fields: {k: string}}\n");
  refused("QNT-0104", kHead, with("sets: {days: [1d, «2 d»]}\n"));
}

TEST(Load, RefusesTheBooleansOfYaml11AsNames) {
  for (const char* word : {"on", "off", "yes", "no", "y", "n", "On", "YES"}) {
    refused("QNT-0105", kHead,
            "events:\n  e: {fields: {k: string, «" + std::string(word) + "»: string}}\n");
  }
  EXPECT_EQ(refused("QNT-0105", kHead,
                    with("views:\n  v: {of: e, «on»: e, aggregate: {n: "
                         "count()}}\n"))
                .hint,
            "write `of:`");
}

TEST(Load, RefusesWordsThatAreKeptForLater) {
  refused("QNT-0106", kHead, "events:\n  e: {fields: {k: string}, «emit»: gap 30m}\n");
  refused("QNT-0106", kHead, "events:\n  e: {fields: {k: string}, «from»: x}\n");
  refused("QNT-0106", kHead, "events:\n  e: {fields: {k: string}, «each»: x}\n");
  refused("QNT-0106", kHead, with("«functions»: {}\n"));
  for (const char* type : {"lightgbm", "onnx", "remote", "function", "command"}) {
    refused("QNT-0106", kHead,
            with("models:\n  m: {of: e, type: «" + std::string(type) + "», inputs: [k]}\n"));
  }
}

TEST(Load, RefusesWordsThatAreNotOnTheList) {
  EXPECT_EQ(refused("QNT-0108", kHead, with("pattern: «monolith»\n")).hint,
            "did you mean `monolithic`?");
  refused("QNT-0108", kHead,
          "events:\n  e: {fields: {k: string}, input: {timestamps: «minutes»}}\n");
}

TEST(Load, RefusesAnotherVersionOfTheLanguage) {
  refused("QNT-0110", "", "quintet: «2»\napp: a\nevents:\n  e: {fields: {k: string}}\n");
}

TEST(Load, TakesFixedOffsetsAlone) {
  EXPECT_EQ(accepted(kHead, with("timezone: \"-03:30\"\n"))->utc_offset_minutes, -210);
  refused("QNT-0111", kHead, with("timezone: «Europe/Brussels»\n"));
  refused("QNT-0111", kHead, with("timezone: «+25:00»\n"));
}

TEST(Load, RefusesPatternsThatAreNotInThisVersion) {
  for (const char* name : {"event-driven", "lambda", "serverless"}) {
    refused("QNT-0112", kHead, with("pattern: «" + std::string(name) + "»\n"));
    const Loaded loaded = load(std::string(kHead) + std::string(kEvents), name);
    ASSERT_EQ(loaded.diagnostics.size(), 1U);
    EXPECT_EQ(loaded.diagnostics[0].code, "QNT-0112");
  }
  EXPECT_TRUE(load(std::string(kHead) + with("pattern: microservices\n")).spec);
  const Loaded loaded = load(std::string(kHead) + std::string(kEvents), "monolith");
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(loaded.diagnostics[0].code, "QNT-0108");
  EXPECT_TRUE(load(std::string(kHead) + with("pattern: lambda\n"), "monolithic").spec);
}

TEST(Load, RefusesNamesThatAreTakenWithBothPlaces) {
  const Diagnostic taken = refused("QNT-0113", kHead,
                                   "constants: {e: 1}\nevents:\n  «e»: {fields: "
                                   "{k: string}}\n");
  ASSERT_EQ(taken.related.size(), 1U);
  EXPECT_EQ(taken.related[0].place.line, 3);
  refused("QNT-0113", kShop, "features:\n  f: {of: order, columns: {«amount»: amount * 2}}\n");
  refused("QNT-0113", kShop, "features:\n  f: {of: order, columns: {«back»: amount * 2}}\n");
}

TEST(Load, KnowsThePlaceOfAModelFileThatCannotBeUsed) {
  const auto spec = load(std::string(kShop) +
                         "models:\n  m: {of: order, type: xgboost, inputs: [amount],\n"
                         "      file: there.ubj}\n")
                        .spec;
  ASSERT_TRUE(spec);
  const Diagnostic found = unusable_file(spec->models[0], "not there");
  EXPECT_EQ(found.code, "QNT-0513");
  EXPECT_EQ(found.message, "not there");
  EXPECT_EQ(found.place.column, 13);
  EXPECT_EQ(found.place.end_column, 22);
}

TEST(Load, RefusesARetentionShorterThanTheWindows) {
  refused(
      "QNT-0114", kShop,
      "retain: «7d»\nfeatures:\n  f: {of: order, columns: {c: count() over 30d by customer}}\n");
  // Of a window nothing is known if its column is wrong.
  const Loaded loaded = load(std::string(kShop) +
                             "retain: 1h\nfeatures:\n"
                             "  f: {of: order, columns: {c: count() over 30d by nobody}}\n");
  ASSERT_EQ(loaded.diagnostics.size(), 2U);
  const auto& length = loaded.diagnostics[loaded.diagnostics[0].code == "QNT-0114" ? 0 : 1];
  EXPECT_EQ(length.message, "records are kept for 1h, and late events may come 1d after others");
  EXPECT_EQ(length.hint, "keep at least 1d");
}

// S10.5
TEST(Load, RefusesARetentionThatKeepsWhatCouldNotBeErased) {
  const std::string head = std::string(kHead) + R"(retain: «90d»
events:
  pay:
    id: nr
    time: at
    fields:
      nr: string
      at: timestamp
      person: {type: string, privacy: pseudonymize}
      card: {type: string, privacy: mask}
      shop: string
)";
  const auto columns = [&](const std::string& column) {
    return head + "features:\n  f:\n    of: pay\n    columns:\n      c: " + column + "\n";
  };
  for (const char* column :
       {"last(card) over 5 events by shop", "distinct(person) over all by shop",
        "count() over all by card", "count() over 3 events where card == \"1\" by shop"}) {
    refused("QNT-0115", "", columns(column));
  }
  for (const char* column :
       {"last(card) over 5 events by person", "distinct(person) over 7d by shop",
        "count() over all by (person, card)", "count() over all by shop"}) {
    std::string text = columns(column);
    std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) > 127; });
    EXPECT_TRUE(load(text).spec) << column;
  }
  refused("QNT-0115", "",
          head +
              "tables: {t: {key: a, fields: {a: {type: string, privacy: mask}, "
              "b: {type: string, privacy: pseudonymize}}}}\n");
  refused("QNT-0115", "", head + "views: {v: {of: pay, every: 1h, aggregate: {n: count()}}}\n");
}

TEST(Load, ReportsIndependentErrorsInOneRunInFileOrder) {
  const std::string text = std::string(kShop) + R"(features:
  f:
    of: order
    columns:
      a: amuont + 1
      b: a + 1
      c: weekday(amount)
      d: count() over 7d by custmer
models:
  m: {of: order, type: xgboost, inputs: [a, nothing], train: {label: bak}}
veiws: {}
)";
  const Loaded loaded = load(text);
  std::vector<int> lines;
  for (const Diagnostic& each : loaded.diagnostics) lines.push_back(each.place.line);
  EXPECT_TRUE(std::is_sorted(lines.begin(), lines.end()));
  // `b` and the input `a` follow from what is wrong with `a`, and are not reported again.
  EXPECT_EQ(loaded.diagnostics.size(), 6U) << describe(loaded, text);
}

TEST(Load, StopsAfterAHundredErrors) {
  std::string text = std::string(kShop) + "features:\n  f:\n    of: order\n    columns:\n";
  for (int i = 0; i < 4000; ++i) {
    text += "      c" + std::to_string(i) + ": x" + std::to_string(i) + "\n";
  }
  EXPECT_EQ(load(text).diagnostics.size(), kMaxDiagnostics);
}

TEST(Load, GivesTheSameDigestForTheSameMeaning) {
  const std::string a =
      std::string(kShop) + "features:\n  f: {of: order, columns: {x: amount+1, v: amount * 2}}\n";
  const std::string b = "# a comment\n" + std::string(kShop) +
                        "features:\n  f:\n    columns:\n      v:  (amount*2)\n      x: amount + 1\n"
                        "    of: order\npattern: monolithic\n";
  const std::string c =
      std::string(kShop) + "features:\n  f: {of: order, columns: {x: amount+2, v: amount * 2}}\n";
  EXPECT_EQ(load(a).spec->digest, load(b).spec->digest);
  EXPECT_NE(load(a).spec->digest, load(c).spec->digest);
}

TEST(Load, ExplainsAnExpressionThatYamlCutAtAComma) {
  refused("QNT-0107", kShop,
          "features:\n  f: {of: order, columns: {x: «coalesce(mean(amount) over 7d by customer, "
          "0)»}}\n");
  refused(
      "QNT-0107", kShop,
      "features:\n  f: {of: order, columns: {x: «count() over 7d by customer, sku», v: amount}}\n");
  refused("QNT-0107", kShop,
          "features:\n  f: {of: order, columns: {x: «if(amount > 1, 2, 3)», v: amount}}\n");
}

}  // namespace
// One run finds them all: a doubled key and a name that cannot be hide nothing.
TEST(Load, FindsEveryIndependentErrorInOneRun) {
  const Loaded loaded = load(
      "quintet: 1\napp: t\nretain: 0d\nlate: 1d\nlate: 2d\nevents:\n"
      "  on:\n    fields: {yes: string, off: strng, k: string}\n"
      "  e:\n    fields: {k: string, k: int64}\n"
      "decisions: {d: {of: e, cases: [{when: z > 1, then: no}]}}\n");
  std::multiset<std::string> codes;
  for (const Diagnostic& d : loaded.diagnostics) codes.insert(d.code);
  EXPECT_FALSE(loaded.spec);
  EXPECT_EQ(codes,
            (std::multiset<std::string>{"QNT-0008", "QNT-0008", "QNT-0105", "QNT-0105", "QNT-0105",
                                        "QNT-0105", "QNT-0109", "QNT-0204", "QNT-0310"}));
}

}  // namespace quintet::app
