#include "base/bytes.h"
#include "feature/fixture.h"

namespace quintet::feature {

using app::Aggregate;
using app::Function;
using event::Type;
using event::Value;

namespace {

// One group of tx by customer with one aggregate; events are (second, value of n).
class One {
 public:
  One(Function function, app::Window window, bool including_this = false) {
    const int group = builder_.group("tx by customer", {kCustomer});
    aggregate_.function = function;
    aggregate_.window = window;
    aggregate_.including_this = including_this;
    aggregate_.input = builder_.input(group, kN);
    aggregate_.type = Type::of(event::Kind::int64);
    aggregate_.limit = 100;
    aggregate_.q = 0.5;
  }
  Aggregate& aggregate() { return aggregate_; }
  SpecBuilder& builder() { return builder_; }

  // The answer for this event, which then enters.
  std::string at(double second, Value n = Value::int64(1)) {
    if (!world_) start();
    tx_.time = static_cast<Micros>(second * kSecond);
    tx_.fields[kCustomer] = Value::text("c");
    tx_.fields[kN] = n;
    FoldInput input;
    input.position = ++position_;
    input.time = tx_.time;
    input.low_time = low_time;
    input.event_type = 0;
    input.fields = tx_.fields;
    input.labels = tx_.labels;
    return show(world_->feed(input, row_)[kTxFields + 1]);
  }
  std::string at(double second, std::int64_t n) { return at(second, Value::int64(n)); }
  void report(Position target, double target_second, Value value) {
    Tx tx;
    tx.fields[kCustomer] = Value::text("c");
    FoldInput report, of;
    report.position = ++position_;
    report.time = static_cast<Micros>((target_second + 1) * kSecond);
    report.low_time = low_time;
    of.position = target;
    of.time = static_cast<Micros>(target_second * kSecond);
    of.fields = tx.fields;
    world_->report(1, report, of, value);
  }
  World& world() { return *world_; }
  Tx& tx() { return tx_; }

  Micros low_time = kNoTime;

 private:
  void start() {
    builder_.aggregate(0, aggregate_);
    world_ = std::make_unique<World>(builder_.build());
  }

  SpecBuilder builder_;
  Aggregate aggregate_;
  std::unique_ptr<World> world_;
  Tx tx_;
  PartialRow row_;
  Position position_ = 0;
};

}  // namespace

// S3.1
TEST(TimeWindow, KeepsAnEventExactlyAtItsLeftEdgeOut) {
  One one(Function::count, over(10 * kSecond));
  EXPECT_EQ(one.at(100), "0");
  EXPECT_EQ(one.at(109.999999), "1");
  EXPECT_EQ(one.at(110), "1");
  EXPECT_EQ(one.at(119.999999), "1");
}

// S3.1
TEST(TimeWindow, TakesAnEventOfEqualTimeAndSmallerPosition) {
  One one(Function::count, over(10 * kSecond));
  EXPECT_EQ(one.at(100), "0");
  EXPECT_EQ(one.at(100), "1");
  EXPECT_EQ(one.at(99), "0");
  EXPECT_EQ(one.at(100), "3");
}

// S3.1
TEST(TimeWindow, IsMovedBackByItsDelay) {
  One one(Function::sum, over(10 * kSecond, 5 * kSecond));
  one.at(100, 1);
  EXPECT_EQ(one.at(104, 2), "0");
  EXPECT_EQ(one.at(105, 4), "1");
  EXPECT_EQ(one.at(110, 8), "7");
  EXPECT_EQ(one.at(115, 16), "14");
}

// S3.1
TEST(TimeWindow, AddsTheEventItselfIfAsked) {
  One one(Function::sum, over(10 * kSecond), true);
  EXPECT_EQ(one.at(100, 1), "1");
  EXPECT_EQ(one.at(105, 2), "3");
  EXPECT_EQ(one.at(110, 4), "6");
}

// S3.5, B7
TEST(TimeWindow, WithEveryRoundsBothTimesDownFirst) {
  One one(Function::sum, over(60 * kSecond, 0, 60 * kSecond));
  one.at(59, 1);
  one.at(61, 2);
  // (0, 60] in minutes of its own: the event at 61 is in the running minute, that at 59 is not.
  EXPECT_EQ(one.at(119, 4), "2");
  EXPECT_EQ(one.at(62, 8), "6");  // late inside the running minute: all of it counts
  EXPECT_EQ(one.at(120, 16), "0");
}

// S3.5
TEST(TimeWindow, WithEveryRoundsTimesBefore1970DownToo) {
  One one(Function::sum, over(60 * kSecond, 0, 60 * kSecond));
  one.at(-61, 1);
  EXPECT_EQ(one.at(-60, 2), "0");
  EXPECT_EQ(one.at(-1, 4), "2");
  EXPECT_EQ(one.at(0, 8), "0");
}

// S3.2
TEST(CountWindow, HoldsTheGreatestPositionsWhateverTheirTimes) {
  One one(Function::list, last(2));
  one.aggregate().type = Type::list(Type::of(event::Kind::int64));
  one.at(100, 1);
  one.at(200, 2);
  EXPECT_EQ(one.at(50, 3), "[1,2,]");
  // Positions 2 and 3, in the order of their times.
  EXPECT_EQ(one.at(300, 4), "[3,2,]");
  EXPECT_EQ(one.at(300, 5), "[3,4,]");
}

// S3.2
TEST(CountWindow, WithThisEventTakesOneFewerBefore) {
  One one(Function::sum, last(3), true);
  EXPECT_EQ(one.at(1, 1), "1");
  EXPECT_EQ(one.at(2, 2), "3");
  EXPECT_EQ(one.at(3, 4), "7");
  EXPECT_EQ(one.at(4, 8), "14");
}

// S3.2, S3.8
TEST(CountWindow, IsFilledBeforeWhereChooses) {
  One one(Function::sum, last(2));
  one.aggregate().filter = one.builder().filter(0, kOk);
  const auto at = [&](double second, std::int64_t n, bool ok) {
    one.tx().fields[kOk] = Value::boolean(ok);
    return one.at(second, n);
  };
  at(1, 1, true);
  at(2, 2, true);
  at(3, 4, false);
  EXPECT_EQ(at(4, 8, true), "2");
}

// S3.3
TEST(WindowWithoutEdge, HoldsLaterTimesAndForgetsNothing) {
  One one(Function::count, everything());
  one.at(100);
  one.at(200);
  one.low_time = 1'000'000 * kSecond;
  EXPECT_EQ(one.at(50), "2");
  one.world().compact(one.low_time);
  EXPECT_EQ(one.at(60), "3");
}

// S3.4
TEST(Session, IsTheChainOfSmallGapsThatReachesTheEvent) {
  One one(Function::count, session(10 * kSecond));
  EXPECT_EQ(one.at(100), "0");
  EXPECT_EQ(one.at(110), "1");
  EXPECT_EQ(one.at(120.000001), "0");
  EXPECT_EQ(one.at(131), "0");
  EXPECT_EQ(one.at(141), "1");
}

// S3.4
TEST(Session, IsJoinedToAnEarlierOneByALateEvent) {
  One one(Function::count, session(10 * kSecond));
  one.at(100);
  one.at(115);
  EXPECT_EQ(one.at(116), "1");
  EXPECT_EQ(one.at(108), "1");
  EXPECT_EQ(one.at(117), "4");
}

// S3.6
TEST(FirstAndLast, FollowTimeThenPosition) {
  One first(Function::first, over(100 * kSecond)), last(Function::last, over(100 * kSecond));
  for (One* one : {&first, &last}) {
    one->at(50, 1);
    one->at(40, 2);
    one->at(50, 3);
    one->at(40, 4);
  }
  EXPECT_EQ(first.at(60, 0), "2");
  EXPECT_EQ(last.at(60, 0), "3");
}

// S3.7
TEST(Group, ANullKeyGivesTheAnswersOfAnEmptyWindowAndEntersNothing) {
  SpecBuilder builder;
  const int group = builder.group("tx by customer, terminal", {kCustomer, kTerminal});
  Aggregate count;
  count.window = everything();
  builder.aggregate(group, count);
  World world(builder.build());
  PartialRow row;
  Tx tx;
  tx.fields[kCustomer] = Value::text("c");
  FoldInput input;
  input.event_type = 0;
  input.fields = tx.fields;
  for (input.position = 1; input.position < 4; ++input.position) {
    EXPECT_EQ(show(world.feed(input, row)[kTxFields + 1]), "0");
  }
  EXPECT_EQ(world.size().keys, 0u);
}

// S2.3, S2.4, A4
TEST(Forgetting, IsPartOfTheMeaningNotOfTheMemory) {
  // reach 7 s, late 20 s.
  One one(Function::count, over(7 * kSecond));
  one.at(1);
  one.at(100);
  EXPECT_EQ(one.at(2), "1");  // late, but without low time nothing is forgotten
  one.low_time = 28 * kSecond;
  EXPECT_EQ(one.at(3), "1");  // the horizon is 1 s: the event at 1 is forgotten, that at 2 is not
  one.low_time = 31 * kSecond;
  EXPECT_EQ(one.at(5), "0");
  one.world().compact(one.low_time);
  one.world().restore();
  EXPECT_EQ(one.at(5), "1");  // its predecessor at 5 is not forgotten by 4
}

// S2.4
TEST(Forgetting, AnEventThatIsForgottenItselfIsStillThisEvent) {
  One one(Function::count, over(7 * kSecond), true);
  one.low_time = 127 * kSecond;
  EXPECT_EQ(one.at(100), "1");
  EXPECT_EQ(one.at(100), "1");
  EXPECT_EQ(one.at(100.000001), "1");
}

// B5
TEST(Greatest, FindsAnEventThatALaterGreaterOneHides) {
  One one(Function::max, over(7 * kSecond));
  one.at(1, 5);
  one.at(3, 9);
  EXPECT_EQ(one.at(2, 1), "5");
  EXPECT_EQ(one.at(4, 1), "9");
}

// S4.4
TEST(Aggregates, OfNothingAreNullOrEmpty) {
  const std::map<Function, std::string> wanted = {
      {Function::count, "0"},  {Function::distinct, "0"}, {Function::sum, "0"},
      {Function::list, "[]"},  {Function::top_k, "[]"},   {Function::mean, ""},
      {Function::min, ""},     {Function::max, ""},       {Function::var, ""},
      {Function::std, ""},     {Function::first, ""},     {Function::last, ""},
      {Function::quantile, ""}};
  for (const auto& [function, text] : wanted) {
    One one(function, over(10 * kSecond));
    EXPECT_EQ(one.at(100, Value()), text) << static_cast<int>(function);
    EXPECT_EQ(one.at(101, Value()), text) << static_cast<int>(function) << " of a null";
    EXPECT_EQ(show(empty_answer(one.aggregate())), text);
  }
}

// S4.2
TEST(Sums, AreNullBeyondInt64AndComeBack) {
  One one(Function::sum, over(10 * kSecond));
  one.at(100, INT64_MAX);
  EXPECT_EQ(one.at(101, 1), "9223372036854775807");
  EXPECT_EQ(one.at(102, -1), "");
  EXPECT_EQ(one.at(103, 0), "9223372036854775807");
  EXPECT_EQ(one.at(110, 0), "0");
}

// S4.6
TEST(Quantile, IsTheLowerEdgeOfTheBucketOfItsRank) {
  One one(Function::quantile, everything());
  one.at(1, 1000);
  EXPECT_EQ(one.at(2, 3), "1000");
  EXPECT_EQ(one.at(3, 1), "3");
  EXPECT_EQ(one.at(4, 1003), "3");
  one.at(5, 1003);
  EXPECT_EQ(one.at(6, 0), "1000");  // 1003 shares the bucket of 1000
}

// S4.6
TEST(Quantile, TakesItsRankFromTheDecimalThatWasWritten) {
  One one(Function::quantile, everything());
  one.aggregate().q = 0.07;  // times 100 in doubles is a little more than 7
  for (int i = 1; i <= 100; ++i) one.at(i, i);
  EXPECT_EQ(one.at(101, 0), "7");
}

// S4.6, B6
TEST(TopK, BreaksTiesByValueAndForgetsWhatLeft) {
  One one(Function::top_k, over(10 * kSecond));
  one.aggregate().limit = 2;
  one.at(1, 7);
  one.at(2, 5);
  one.at(3, 7);
  one.at(4, 9);
  EXPECT_EQ(one.at(5, 1), "[7,5,]");
  EXPECT_EQ(one.at(13, 1), "[1,9,]");
}

// S5.3, B8
TEST(Labels, CountOtherwiseUntilAReportComes) {
  One one(Function::mean, over(10 * kSecond, 7 * kSecond));
  one.aggregate().input = one.builder().input(0, kFraud);
  one.at(100);
  one.at(101);
  EXPECT_EQ(one.at(106), "");
  EXPECT_EQ(one.at(108), "0");
  one.report(1, 100, Value::boolean(true));
  EXPECT_EQ(one.at(108), "0.5");
  one.report(2, 101, Value::boolean(true));
  EXPECT_EQ(one.at(108), "1");
  one.report(1, 100, Value::boolean(false));  // of several the latest counts
  EXPECT_EQ(one.at(108), "0.5");
  one.report(2, 101, Value());  // a report without value
  EXPECT_EQ(one.at(108), "0");
}

// S5.2
TEST(Labels, ThatCameBeforeTheirEventRideOnIt) {
  One one(Function::mean, over(10 * kSecond, 7 * kSecond));
  one.aggregate().input = one.builder().input(0, kFraud);
  one.tx().labels[1] = Value::boolean(true);
  one.at(100);
  one.tx().labels[1] = Value();
  EXPECT_EQ(one.at(107), "1");
}

// S5.1
TEST(Labels, IgnoreReportsOutsideOfWithin) {
  One one(Function::mean, over(10 * kSecond, 7 * kSecond));
  one.aggregate().input = one.builder().input(0, kFraud);
  one.builder().spec().labels[1].within = kSecond - 1;
  one.at(100);
  one.report(1, 100, Value::boolean(true));
  EXPECT_EQ(one.at(107), "0");
}

// B8
TEST(Labels, OfAForgottenEventChangeNothing) {
  One one(Function::mean, over(10 * kSecond, 7 * kSecond));
  one.aggregate().input = one.builder().input(0, kFraud);
  one.at(100);
  one.low_time = 1000 * kSecond;
  one.at(1000);
  one.world().compact(one.low_time);
  one.report(1, 100, Value::boolean(true));
  EXPECT_EQ(one.at(1001), "");
}

}  // namespace quintet::feature
