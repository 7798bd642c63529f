// Views written down and read again.
#include <algorithm>

#include "stage/views_fixture.h"

namespace quintet::stage {
namespace {

using event::Value;

class ViewsSnapshotTest : public ViewsTest {
 protected:
  // All pieces of a depth.
  static std::vector<std::string> pieces(const Views& views, unsigned depth) {
    std::vector<std::string> all;
    for (std::size_t i = 0; i >> depth == 0; ++i) all.push_back(views.write(0, {depth, i}));
    return all;
  }
  // Borrows the pieces.
  static std::vector<Views::StoredPiece> stored(const std::vector<std::string>& pieces,
                                                Position position) {
    std::vector<Views::StoredPiece> all;
    for (const std::string& bytes : pieces) all.push_back({position, bytes});
    return all;
  }
  std::unique_ptr<Views> empty(std::size_t most_bytes = kViewBytes) const {
    return std::make_unique<Views>(spec_, most_bytes);
  }
  static std::string whole(const Views& views) { return views.write(0, {}); }
};

// S9.1, S9.3: results come late by time, and one that failed becomes a result long after others.
TEST_F(ViewsSnapshotTest, EqualResultsGiveEqualBytesWhateverTheOrder) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    rows_.clear();
    load(kEveryAggregate);
    std::mt19937_64 random(seed);
    add_random(random, 300);
    fold_all();
    std::vector<const ViewRow*> order;
    for (const ViewRow& row : rows_) order.push_back(&row);
    std::shuffle(order.begin(), order.end(), random);
    const auto other = empty();
    for (const ViewRow* row : order) fold(*other, *row);
    ASSERT_EQ(whole(*other), whole(*views_)) << seed;
    ASSERT_EQ(pieces(*other, 3), pieces(*views_, 3)) << seed;
  }
}

// DESIGN 3: state from a snapshot and what came since is that of the whole fold.
TEST_F(ViewsSnapshotTest, PiecesOfAnyDepthAndPositionGiveTheStateOfTheFold) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    rows_.clear();
    load(kEveryAggregate);
    std::mt19937_64 random(seed);
    add_random(random, 400);
    const unsigned depth = seed % 7;
    const auto writer = empty();
    std::vector<std::string> bytes(std::size_t{1} << depth);
    std::vector<Views::StoredPiece> read;
    // Each piece is written somewhere on the way, as between turns of a loop.
    const std::size_t every = 200 / bytes.size();
    for (const ViewRow& row : rows_) {
      fold(*writer, row);
      const std::size_t piece = read.size();
      if (piece == bytes.size() || (row.position - 150) % every != 0) continue;
      bytes[piece] = writer->write(0, {depth, piece});
      read.push_back({row.position, bytes[piece]});
    }
    ASSERT_EQ(read.size(), bytes.size());
    std::shuffle(read.begin(), read.end(), random);
    const auto again = empty();
    const auto from = again->restore(0, read);
    ASSERT_TRUE(from) << from.error().message();
    Position least = ~Position{0};
    for (const auto& piece : read) least = std::min(least, piece.position);
    ASSERT_EQ(*from, least);
    // Another view may need more than this one.
    const Position begin = seed % 2 == 0 ? *from : 0;
    for (const ViewRow& row : rows_) {
      if (row.position > begin) fold(*again, row);
    }
    again->caught_up();
    ASSERT_EQ(whole(*again), whole(*writer)) << seed;
    // What is read goes on like what was folded.
    const auto moved = rows_.size();
    add_random(random, 200);
    for (std::size_t i = moved; i < rows_.size(); ++i) {
      fold(*again, rows_[i]);
      fold(*writer, rows_[i]);
    }
    ASSERT_EQ(whole(*again), whole(*writer)) << seed;
    ASSERT_EQ(again->size(0).lines, writer->size(0).lines);
  }
}

// A snapshot that a kill cut short: the older one has other cuts.
TEST_F(ViewsSnapshotTest, OfPiecesThatHoldTheSameSlotTheNewestCounts) {
  load(kEveryAggregate);
  std::mt19937_64 random(7);
  add_random(random, 300);
  const auto writer = empty();
  std::vector<std::string> older, newer;
  for (const ViewRow& row : rows_) {
    fold(*writer, row);
    if (row.position == 100) older = pieces(*writer, 1);
    if (row.position == 200) newer = pieces(*writer, 3);
  }
  for (std::size_t cut = 0; cut <= newer.size(); ++cut) {
    auto read = stored(older, 100);
    for (std::size_t i = 0; i < cut; ++i) read.push_back({200, newer[i]});
    const auto again = empty();
    const auto from = again->restore(0, read);
    ASSERT_TRUE(from);
    EXPECT_EQ(*from, cut == newer.size() ? 200u : 100u);
    for (const ViewRow& row : rows_) {
      if (row.position > *from) fold(*again, row);
    }
    ASSERT_EQ(whole(*again), whole(*writer)) << cut;
  }
}

// Once the tail is folded, a result at an older position is a new one: it had failed before.
TEST_F(ViewsSnapshotTest, AfterCatchingUpNothingIsPassedOver) {
  load(kEveryAggregate);
  std::mt19937_64 random(3);
  add_random(random, 100);
  const ViewRow& failed = rows_[20];
  for (const ViewRow& row : rows_) {
    if (&row != &failed) fold(*views_, row);
  }
  const auto written = pieces(*views_, 2);
  auto read = stored(written, 100);
  read[1].position = 90;
  const auto again = empty();
  ASSERT_TRUE(again->restore(0, read));
  again->caught_up();
  fold(*again, failed);
  fold(*views_, failed);
  EXPECT_EQ(whole(*again), whole(*views_));
}

TEST_F(ViewsSnapshotTest, NoMissingPieceGoesUnnoticed) {
  load(kEveryAggregate);
  std::mt19937_64 random(1);
  add_random(random, 200);
  fold_all();
  const std::string none = whole(*empty());
  for (std::size_t missing = 0; missing < 8; ++missing) {
    auto all = pieces(*views_, 3);
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(missing));
    const auto again = empty();
    const auto read = again->restore(0, stored(all, 200));
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().message().find("missing"), std::string::npos);
    EXPECT_EQ(whole(*again), none);
  }
  EXPECT_FALSE(empty()->restore(0, {}));
}

// Damage is refused; what is not refused is another state, which has these bytes.
TEST_F(ViewsSnapshotTest, DamagedBytesAreBrokenAndLeaveNothing) {
  load(kEveryAggregate);
  std::mt19937_64 random(2);
  add_random(random, 25);
  fold_all();
  const std::string bytes = whole(*views_);
  const std::string none = whole(*empty());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto again = empty();
    const auto read = again->restore(0, {{25, std::string_view(bytes).substr(0, size)}});
    ASSERT_FALSE(read) << size;
    ASSERT_EQ(read.error().code(), Code::broken);
    ASSERT_EQ(whole(*again), none);
  }
  std::size_t refused = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      const auto again = empty();
      if (again->restore(0, {{25, damaged}})) {
        ASSERT_EQ(whole(*again), damaged) << i << " " << bit;
      } else {
        ++refused;
        ASSERT_EQ(whole(*again), none);
      }
    }
  }
  EXPECT_GT(refused, 2 * bytes.size());
}

TEST_F(ViewsSnapshotTest, AnotherApplicationViewFormOrSemanticsVersionIsBroken) {
  load(kEveryAggregate);
  add(0, "a", 1, 9);
  fold_all();
  const std::string bytes = whole(*views_);
  for (const std::size_t at : {0, 1, 6}) {
    std::string other = bytes;
    other[at] = static_cast<char>(other[at] + 1);
    EXPECT_FALSE(empty()->restore(0, {{1, other}})) << at;
  }
  load("{of: tx, by: shop, aggregate: {hits: count()}}");
  const auto read = views_->restore(0, {{1, bytes}});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Code::broken);
}

// S9.5
TEST_F(ViewsSnapshotTest, AViewThatWasGivenUpStaysSo) {
  load("{of: tx, by: units, aggregate: {often: 'top_k(shop, 3)'}}", 20'000);
  for (int i = 0; i < 200; ++i) add(0, std::to_string(i), 1, i);
  fold(*views_, rows_[0]);
  const auto before = pieces(*views_, 1);
  fold_all();
  ASSERT_TRUE(views_->size(0).given_up);
  EXPECT_EQ(views_->depth(0), 0u);
  const std::string bytes = whole(*views_);
  auto read = stored(before, 1);
  read.push_back({200, bytes});
  const auto again = empty();
  ASSERT_TRUE(again->restore(0, read));
  EXPECT_TRUE(again->size(0).given_up);
  EXPECT_EQ(again->read(0, ViewQuery{}).error().id(), "view_too_large");
  EXPECT_EQ(whole(*again), bytes);
}

// One that has outgrown the memory of a build that reads it is given up there.
TEST_F(ViewsSnapshotTest, APieceTooLargeToReadGivesTheViewUp) {
  load("{of: tx, by: units, aggregate: {often: 'top_k(shop, 3)'}}");
  for (int i = 0; i < 200; ++i) add(0, std::to_string(i), 1, i);
  fold_all();
  const auto all = pieces(*views_, 2);
  const auto again = empty(20'000);
  ASSERT_TRUE(again->restore(0, stored(all, 200)));
  EXPECT_TRUE(again->size(0).given_up);
  EXPECT_EQ(again->size(0).lines, 0u);
}

TEST_F(ViewsSnapshotTest, ALargeViewIsCutIntoSmallPieces) {
  load("{of: tx, by: [units, shop], aggregate: {latest: 'list(shop, 3)'}}");
  for (int i = 0; i < 20'000; ++i) add(0, std::to_string(i), 1, i);
  fold_all();
  const unsigned depth = views_->depth(0);
  EXPECT_GE(depth, 4u);
  std::size_t bytes = 0, largest = 0;
  for (const std::string& piece : pieces(*views_, depth)) {
    bytes += piece.size();
    largest = std::max(largest, piece.size());
  }
  EXPECT_LT(largest, 2 * bytes >> depth);
}

// What a read view counts is what the folded one does, so both are given up at the same size.
TEST_F(ViewsSnapshotTest, AReadViewTakesAsMuchMemoryAsItsLinesNeed) {
  load(
      "{of: tx, by: shop, aggregate: {hits: count(), money: sum(amount), often: 'top_k(shop, "
      "2)'}}");
  for (int i = 0; i < 500; ++i) add(0, std::to_string(i), 1, i);
  fold_all();
  const auto written = pieces(*views_, 0);
  const auto again = empty();
  ASSERT_TRUE(again->restore(0, stored(written, 500)));
  EXPECT_EQ(again->size(0).bytes, views_->size(0).bytes);
}

}  // namespace
}  // namespace quintet::stage
