// Folding by chain, and rows put together from parts: what lets any link carry them (A3, A6).
#include "stage/fold.h"

#include "stage/join.h"
#include "stage/stage_fixture.h"

namespace quintet::stage {
namespace {

constexpr std::string_view kApp = R"(quintet: 1
app: test
events:
  e:
    id: id
    time: at
    fields: {id: string, at: timestamp, a: string, b: string}
features:
  f:
    of: e
    columns: {by_a: count() over all by a, by_b: count() over all by b}
)";

std::vector<Admitted> records(PlayedLog& log, int count) {
  std::vector<Admitted> all;
  for (int i = 0; i < count; ++i) {
    log.offer("e", R"({"id": ")" + std::to_string(i) + R"(", "at": 1, "a": "a)" +
                       std::to_string(i % 3) + R"(", "b": "b)" + std::to_string(i % 5) + "\"}");
    all.push_back(std::move(log.last));
    log.last = {};
  }
  return all;
}

TEST(Fold, RefusesARecordWhoseForerunnerIsMissingAndChangesNothing) {  // S1.3, A3
  PlayedLog log(kApp);
  const auto all = records(log, 8);
  Fold fold(log.spec, all_shards());
  Part part;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(fold.apply(all[static_cast<std::size_t>(i)], part));
  ASSERT_TRUE(fold.apply(all[5], part));  // a2 and b0 stand at #3 and #1, which it follows
  const std::string before = fold.digest();
  const auto gap = fold.apply(all[7], part);  // a1 lacks #5
  ASSERT_FALSE(gap);
  EXPECT_EQ(gap.error().code(), Code::conflict);
  EXPECT_EQ(fold.digest(), before);
}

TEST(Fold, DropsADuplicate) {  // A3
  PlayedLog log(kApp);
  const auto all = records(log, 4);
  Fold fold(log.spec, all_shards());
  Part part;
  for (const Admitted& each : all) ASSERT_TRUE(fold.apply(each, part));
  const std::string once = fold.digest();
  ASSERT_TRUE(fold.apply(all[1], part));
  EXPECT_TRUE(part.shards.empty());
  EXPECT_TRUE(part.cells.cells.empty());
  EXPECT_EQ(fold.digest(), once);
}

TEST(Fold, InTwoPlacesMakesTheRowsOfOne) {  // A2, A6
  PlayedLog log(kApp);
  const auto all = records(log, 30);
  std::vector<ShardId> even, odd;
  for (const ShardId id : all_shards()) (id % 2 == 0 ? even : odd).push_back(id);
  Fold left(log.spec, even), right(log.spec, odd);
  Infer whole(log.spec);
  Score score(log.spec);
  Join join;
  std::vector<Part> late;
  for (const Admitted& each : all) {
    Part part;
    ASSERT_TRUE(left.apply(each, part));
    Part twice;  // a link may deliver twice
    twice.position = part.position;
    twice.shards = part.shards;
    join.add(std::move(part));
    if (!twice.shards.empty()) join.add(std::move(twice));
    Part other;
    ASSERT_TRUE(right.apply(each, other));
    late.push_back(std::move(other));
    Admitted copy;
    copy.record = each.record;
    ASSERT_TRUE(decode_record(*log.spec, *log.spec, 1, log.sealer, copy));
    join.expect(std::move(copy));
  }
  for (auto part = late.rbegin(); part != late.rend(); ++part) join.add(std::move(*part));
  for (const Admitted& each : all) {
    Outcome expected, made;
    ASSERT_TRUE(whole.apply(each, expected));
    const auto ready = join.take();
    ASSERT_TRUE(ready);
    std::vector<const feature::PartialRow*> parts;
    for (const auto& part : ready->parts) parts.push_back(&part);
    score.score(ready->admitted, parts, made);
    std::string a, b;
    ByteWriter first(a), second(b);
    write_outcome(first, *log.spec, expected);
    write_outcome(second, *log.spec, made);
    EXPECT_EQ(a, b) << "position " << made.position;
  }
  EXPECT_FALSE(join.take());
}

TEST(Fold, GoesOnFromASnapshotAsIfItHadNeverStopped) {  // S1.3, A6
  PlayedLog log(kApp);
  const auto all = records(log, 40);
  Fold whole(log.spec, all_shards()), resumed(log.spec, all_shards());
  Part part, other;
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_TRUE(whole.apply(all[i], part));
    if (i == 19) {
      const Position position = all[i].record.position;
      for (const ShardId id : all_shards()) {
        ASSERT_TRUE(resumed.read(id, position, whole.write(id)));
      }
    }
    // From a snapshot the tail is read again from a little before it.
    if (i >= 20) {
      ASSERT_TRUE(resumed.apply(all[i - 5], other));
    }
  }
  for (std::size_t i = 35; i < 40; ++i) ASSERT_TRUE(resumed.apply(all[i], other));
  EXPECT_EQ(resumed.digest(), whole.digest());
}

}  // namespace
}  // namespace quintet::stage
