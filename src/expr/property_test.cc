// Random expressions from fixed seeds: the checker and the program against a plain evaluator that
// knows whole numbers of 128 bits only, and nonsense that must not crash.
#include <gtest/gtest.h>

#include "base/decimal.h"
#include "base/hash.h"
#include "base/wide.h"
#include "expr/testing.h"

namespace quintet::expr {
namespace {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : seed_(seed) {}
  // 0 ... n - 1
  int roll(int n) {
    const std::string key = std::to_string(seed_) + "/" + std::to_string(++count_);
    return static_cast<int>(hash64(key) % static_cast<std::uint64_t>(n));
  }
  template <class T, std::size_t N>
  const T& of(const T (&items)[N]) {
    return items[roll(static_cast<int>(N))];
  }

 private:
  std::uint64_t seed_;
  std::uint64_t count_ = 0;
};

// A decimal of any scale, int64 at scale 0; nothing for null.
struct Exact {
  bool null = false;
  Int128 mantissa = 0;
  int scale = 0;
};

Int128 ten_to(int n) {
  Int128 p = 1;
  while (n-- > 0) p *= 10;
  return p;
}

Exact limited(Int128 mantissa, int scale) {
  const bool fits = mantissa >= INT64_MIN && mantissa <= INT64_MAX;
  return fits ? Exact{false, mantissa, scale} : Exact{true, 0, scale};
}

Exact at_scale(Exact a, int scale) {
  return a.null ? Exact{true, 0, scale} : limited(a.mantissa * ten_to(scale - a.scale), scale);
}

struct Made {
  std::string text;
  Exact value;
};

// Sums, differences and products (of two int64, or a decimal and an int64) of numbers near the
// edges.
Made arithmetic(Dice& dice, int depth) {
  static const Made kLeaves[] = {{"n", {false, 7, 0}},
                                 {"amount", {false, 1250, 2}},
                                 {"missing", {true, 0, 0}},
                                 {"3", {false, 3, 0}},
                                 {"-1", {false, -1, 0}},
                                 {"0", {false, 0, 0}},
                                 {"4294967296", {false, Int128{1} << 32, 0}},
                                 {"9223372036854775807", {false, INT64_MAX, 0}},
                                 {"-9223372036854775808", {false, INT64_MIN, 0}}};
  if (depth == 0) return dice.of(kLeaves);
  const Made a = arithmetic(dice, depth - 1 - dice.roll(depth));
  const Made b = arithmetic(dice, depth - 1 - dice.roll(depth));
  const int scale = std::max(a.value.scale, b.value.scale);
  const bool decimals = a.value.scale > 0 && b.value.scale > 0;
  const int op = dice.roll(decimals ? 2 : 3);
  Made out{"(" + a.text + " " + "+-*"[op] + " " + b.text + ")", {true, 0, scale}};
  if (op == 2) {
    if (!a.value.null && !b.value.null) {
      out.value = limited(a.value.mantissa * b.value.mantissa, scale);
    }
    return out;
  }
  const Exact x = at_scale(a.value, scale), y = at_scale(b.value, scale);
  if (x.null || y.null) return out;
  out.value = limited(op == 0 ? x.mantissa + y.mantissa : x.mantissa - y.mantissa, scale);
  return out;
}

std::string shown(const Exact& e) {
  if (e.null) return "null";
  const auto m = static_cast<std::int64_t>(e.mantissa);
  return e.scale == 0 ? std::to_string(m) : format_decimal(m, e.scale);
}

TEST(Property, SumsAndProductsAreWhatWholeNumbersSay) {  // S6.3
  int nulls = 0;
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    Dice dice(seed);
    const Made made = arithmetic(dice, 1 + dice.roll(5));
    const Answer a = answer(made.text);
    ASSERT_TRUE(a.problems.empty()) << made.text << " " << a.text;
    ASSERT_EQ(a.text, shown(made.value)) << made.text;
    nulls += made.value.null;
  }
  EXPECT_GT(nulls, 500);
  EXPECT_LT(nulls, 4500);
}

TEST(Property, ComparisonsAreWhatWholeNumbersSay) {  // S6.4
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    Dice dice(1'000'000 + seed);
    const Made a = arithmetic(dice, dice.roll(4)), b = arithmetic(dice, dice.roll(4));
    std::string expected = "null";
    if (!a.value.null && !b.value.null) {
      // At scale 2 both fit 128 bits.
      const Int128 x = a.value.mantissa * ten_to(2 - a.value.scale);
      const Int128 y = b.value.mantissa * ten_to(2 - b.value.scale);
      expected = x < y ? "true" : "false";
    }
    ASSERT_EQ(answer(a.text + " < " + b.text).text, expected) << a.text << " < " << b.text;
  }
}

// Anything the grammar allows, of any types.
std::string anything(Dice& dice, int depth) {
  static const std::string kLeaves[] = {"n",         "amount", "x",      "flag",    "name",
                                        "at",        "gap",    "tags",   "nothing", "missing",
                                        "shop.size", "1",      "-2.5",   "'a'",     "true",
                                        "null",      "1h30m",  "broken", "what",    "1e300"};
  static const std::string kOps[] = {"+",  "-", "*",  "/",   "%",  "==", "!=",    "<",
                                     "<=", ">", ">=", "and", "or", "in", "not in"};
  if (depth == 0) return dice.of(kLeaves);
  const auto part = [&] { return anything(dice, depth - 1 - dice.roll(depth)); };
  switch (dice.roll(6)) {
    case 0: return "(not " + part() + ")";
    case 1: return "(-" + part() + ")";
    case 2: return "(" + part() + (dice.roll(2) == 0 ? " is null)" : " is not null)");
    case 3: return "[" + part() + ", " + part() + "]";
    case 4: {
      const Function& f =
          functions()[static_cast<std::size_t>(dice.roll(static_cast<int>(functions().size())))];
      std::string out = std::string(f.name) + "(" + part();
      for (int i = dice.roll(4); i > 0; --i) out += ", " + part();
      return out + ")";
    }
    default: return "(" + part() + " " + dice.of(kOps) + " " + part() + ")";
  }
}

TEST(Property, NothingThatParsesCrashesTheChecker) {
  int good = 0;
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    Dice dice(2'000'000 + seed);
    const std::string text = anything(dice, 1 + dice.roll(4));
    const Parsed p = parse(text);
    ASSERT_TRUE(p.ok()) << text << ": " << p.problems[0].message;
    ASSERT_EQ(print(*parse(print(*p.ast)).ast), print(*p.ast)) << text;
    const Answer a = answer(text);
    good += !a.text.empty() && a.problems.empty();
    for (const Problem& problem : a.problems) {
      ASSERT_LE(problem.span.begin, problem.span.end) << text;
      ASSERT_LE(problem.span.end, text.size()) << text;
      ASSERT_FALSE(problem.message.empty()) << text;
    }
  }
  EXPECT_GT(good, 1000);
}

TEST(Property, NoPrefixOfAnExpressionCrashesTheParser) {
  const std::string text =
      "coalesce(mean(a / 2) from b where c == \"x\" over 7d every 1h delayed 1d by (d = e, f) "
      "including this, [1.5, -2], t[k].f) is not null and not g in ['h']";
  for (std::size_t n = 0; n < text.size(); ++n) {
    for (char c : {' ', '(', ')', ',', '"', '.', '\xff', '\0'}) {
      const std::string cut = text.substr(0, n) + c;
      const Parsed p = parse(cut);
      EXPECT_NE(p.ok(), !p.problems.empty()) << cut;
    }
  }
}

}  // namespace
}  // namespace quintet::expr
