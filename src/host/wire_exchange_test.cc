#include "host/wire_exchange.h"

#include <unistd.h>

#include <filesystem>

#include "host/snapshot_seal.h"

namespace quintet::host::wire {
namespace {

ShardTable table_of(std::uint64_t epoch) {
  ShardTable table = next_table({}, {{1, "unix:/a"}, {3, "unix:/c"}});
  table.epoch = epoch;
  return table;
}

TEST(WireExchange, AMoveSaysWhatIsAndWhatComes) {
  const auto back = read_move(write_move({table_of(4), table_of(5)}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->from.epoch, 4U);
  EXPECT_EQ(back->to.epoch, 5U);
  EXPECT_EQ(back->to.addresses, (ShardMembers{{1, "unix:/a"}, {3, "unix:/c"}}));
  EXPECT_EQ(back->to.holders, table_of(5).holders);
  EXPECT_FALSE(read_move(write_move({table_of(5), table_of(5)}))) << "no later table";
  EXPECT_FALSE(read_move(""));
  const std::string whole = write_move({table_of(4), table_of(5)});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    (void)read_move(std::string_view(whole).substr(0, size));  // is read or refused
  }
}

TEST(WireExchange, APartOfASnapshotKeepsItsBytes) {
  EXPECT_EQ(*read_part_name(write_part_name("shard/017")), "shard/017");
  const std::string odd("\0\xff\x80", 3);
  const auto back = read_stored_part(write_stored_part({"shard/017", 9, odd}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->position, 9U);
  EXPECT_EQ(back->bytes, odd);
  const auto fetched = read_fetched(write_fetched({3, 1}));
  ASSERT_TRUE(fetched);
  EXPECT_EQ(fetched->fetched, 3U);
  EXPECT_EQ(fetched->missing, 1U);
}

TEST(WireExchange, MembersHaveNumbersAndAddresses) {
  const ShardMembers members{{1, "a:1"}, {32, "b:2"}};
  EXPECT_EQ(*read_members(write_members(members)), members);
  EXPECT_EQ(read_members(write_members({})).error().message(), "shards need a holder");
  EXPECT_EQ(read_members(write_members({{2, ""}})).error().message(), "infer-2 has no address");
  EXPECT_EQ(read_members(write_members({{33, "c"}})).error().message(),
            "replicas have numbers from 1 to 32");
  EXPECT_EQ(read_in_force(write_in_force(table_of(7)))->epoch, 7U);
  const auto count = read_replica_count(write_replica_count({"infer", 3}));
  ASSERT_TRUE(count);
  EXPECT_EQ(count->service, "infer");
  EXPECT_EQ(count->count, 3U);
  EXPECT_EQ(*read_count_before(write_count_before(2)), 2U);
}

TEST(WireExchange, ATableIsKeptForItsReplicasAndALaterOneForOthers) {
  const std::string file =
      (std::filesystem::temp_directory_path() / ("shards-" + std::to_string(::getpid()))).string();
  const auto first = kept_table(file, {{1, "a"}, {2, "b"}});
  ASSERT_TRUE(first);
  const auto again = kept_table(file, {{1, "c"}, {2, "d"}});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->epoch, first->epoch);
  EXPECT_EQ(again->addresses.at(2), "d");
  ShardTable later = next_table(*again, {{1, "c"}, {2, "d"}, {3, "e"}});
  ASSERT_TRUE(keep_table(file, later));
  EXPECT_EQ(kept_table(file, later.addresses)->epoch, later.epoch);
  EXPECT_EQ(kept_table(file, {{1, "c"}})->epoch, later.epoch + 1);
  std::filesystem::remove(file);
}

TEST(ShardTable, ReplicasAreGivenAsANumberOfInfer) {
  EXPECT_EQ(*host::read_replica_count("infer=3"), 3U);
  EXPECT_EQ(*host::read_replica_count("infer=32"), 32U);
  for (const char* wrong : {"", "infer", "infer=", "infer=0", "infer=33", "infer=-1", "infer=3x",
                            "train=2", "=3", "3", "infer=3=3"}) {
    const auto read = host::read_replica_count(wrong);
    ASSERT_FALSE(read) << wrong;
    EXPECT_EQ(read.error().message(), "write infer=N, N from 1 to 32");
  }
}

TEST(ShardTable, OneThatIsNewFetchesWhatGoesWithEveryShard) {
  const ShardTable from = next_table({}, {{1, "a"}, {2, "b"}});
  const ShardTable to = next_table(from, {{1, "a"}, {2, "b"}, {3, "c"}});
  const auto news = parts_to_fetch(from, to, 3);
  EXPECT_EQ(news.size(), to.shards_of(3).size() + 1);
  EXPECT_EQ(news.back().second, kInferPart);
  EXPECT_TRUE(parts_to_fetch(from, to, 1).empty());
  const ShardTable back = next_table(to, {{1, "a"}, {2, "b"}});
  const auto given = parts_to_fetch(to, back, 1);
  EXPECT_EQ(given.size(), back.shards_of(1).size() - to.shards_of(1).size());
  for (const auto& [holder, name] : given) EXPECT_EQ(holder, 3U) << name;
}

}  // namespace
}  // namespace quintet::host::wire
