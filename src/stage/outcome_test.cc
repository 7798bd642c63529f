// The wire form of outcomes: what was written comes back, what was damaged is refused.
#include "stage/outcome.h"

#include "stage/stage_fixture.h"

namespace quintet::stage {
namespace {

constexpr std::string_view kApp = R"(quintet: 1
app: test
events:
  e:
    id: id
    time: at
    fields: {id: string, at: timestamp, k: string, m: int64, words: {type: list(string)}}
features:
  f:
    of: e
    columns:
      seen: list(m, 5) over all by k including this
      square: m * m
      mean: mean(m) over 2 events by k
decisions:
  size: {of: e, cases: [{when: m > 10, then: large}, {when: m > 5, then: middle}]}
)";

struct Outcomes : testing::Test {
  PlayedLog log{kApp};
  OutcomeRunWriter writer;
  std::vector<Outcome> written;

  void add(const std::string& n) {
    auto told = log.offer("e", R"({"id": "i)" + std::to_string(written.size()) +
                                   R"(", "at": 7, "k": "k", "m": )" + n + R"(, "words": ["a"]})");
    writer.add(*log.spec, told.outcome);
    written.push_back(std::move(told.outcome));
  }
  std::string bytes_of(const Outcome& outcome) const {
    std::string bytes;
    ByteWriter out(bytes);
    write_outcome(out, *log.spec, outcome);
    return bytes;
  }
};

TEST_F(Outcomes, ComeBackAsTheyWereWritten) {  // S7.2, S6.7
  for (const char* n : {"1", "6", "11", "4000000000"}) add(n);
  const OutcomeBytes run = writer.take();
  EXPECT_EQ(run.first, 1U);
  EXPECT_EQ(run.last, 4U);
  const auto views = read_run(run);
  ASSERT_TRUE(views);
  ASSERT_EQ(views->size(), 4U);
  for (std::size_t i = 0; i < views->size(); ++i) {
    ByteReader in((*views)[i].bytes);
    const auto read = read_outcome(in, *log.spec, i + 1);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(bytes_of(*read), bytes_of(written[i]));
    EXPECT_EQ(read->cases, written[i].cases);
  }
  ByteReader in(views->back().bytes);
  const auto last = read_outcome(in, *log.spec, 4);
  ASSERT_EQ(last->faults.size(), 1U);  // 4e9 squared is out of range
  EXPECT_EQ(last->faults[0].fault, expr::Fault::overflow);
  EXPECT_EQ(log.spec->rows[0].slot_names[static_cast<std::size_t>(last->faults[0].slot)],
            "square");
}

TEST_F(Outcomes, AreRefusedWithAnyFlippedBit) {  // S7.2
  add("6");
  add("7");
  const OutcomeBytes run = writer.take();
  for (std::size_t bit = 0; bit < run.bytes.size() * 8; ++bit) {
    OutcomeBytes damaged = run;
    damaged.bytes[bit / 8] = static_cast<char>(damaged.bytes[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_FALSE(read_run(damaged)) << "bit " << bit;
  }
  OutcomeBytes moved = run;
  moved.first = 2;
  moved.last = 3;
  EXPECT_FALSE(read_run(moved));
}

TEST_F(Outcomes, NameNothingThatTheApplicationLacks) {  // S7.2
  add("4000000000");
  Outcome outcome = std::move(written[0]);
  const auto refused = [&] {
    const std::string bytes = bytes_of(outcome);
    ByteReader in(bytes);
    const auto read = read_outcome(in, *log.spec, 1);
    return !read && read.error().code() == Code::broken;
  };
  EXPECT_FALSE(refused());
  outcome.faults[0].slot = static_cast<app::Slot>(log.spec->rows[0].slot_types.size());
  EXPECT_TRUE(refused());
  outcome.faults.clear();
  outcome.models.push_back({0, 1});  // the application has no model
  EXPECT_TRUE(refused());
}

TEST_F(Outcomes, OfErasedPositionsKeepNothing) {  // S7.2
  add("6");
  Outcome erased;
  erased.position = 1;
  erased.status = OutcomeStatus::erased;
  erased.app_version = 3;
  const std::string bytes = bytes_of(erased);
  EXPECT_LE(bytes.size(), 2U);
  ByteReader in(bytes);
  const auto read = read_outcome(in, *log.spec, 1);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->status, OutcomeStatus::erased);
}

}  // namespace
}  // namespace quintet::stage
