// What is acknowledged survives: kills at random moments, loss of power, a disk that fails.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "store/played_disk.h"
#include "store/sqlite.h"
#include "store/store_fixture.h"

namespace quintet::store {
namespace {

using stage::Commit;

// Commits blocks with outcomes one after the other, forever or until a commit fails, each on top of
// what the store holds. Sizes depend on the position alone.
class Writer {
 public:
  explicit Writer(stage::Store& store)
      : store_(store),
        epoch_(value_of(store.open_epoch())),
        end_(value_of(store.end())),
        chain_(epoch_, end_.last + 1, end_.hash) {}

  // The last position that is acknowledged by this.
  Expected<Position> next() {
    std::mt19937 random(static_cast<unsigned>(end_.last));
    Commit one;
    for (std::size_t i = 0; i < 1 + random() % 2; ++i) {
      one.blocks.push_back(chain_.next(1 + random() % 20, 10 + random() % 500));
      one.outcomes.push_back(
          {one.blocks.back().first, one.blocks.back().last, std::string(random() % 9000, 'o')});
    }
    if (random() % 4 == 0) one.dead_letters.emplace_back();
    TRY_DO(store_.commit(one, epoch_));
    end_.last = one.blocks.back().last;
    return end_.last;
  }
  Epoch epoch() const { return epoch_; }

 private:
  stage::Store& store_;
  Epoch epoch_;
  stage::LogEnd end_;
  Chain chain_;
};

SqliteOptions small_options(const std::string& vfs = {}) {
  SqliteOptions options;
  options.checkpoint_pages = 40;
  options.vfs = vfs;
  // A played disk is for one thread.
  options.copy_between_commits = !vfs.empty();
  return options;
}

// Everything up to `acked` is there, log and outcomes end together, and nothing is torn.
void expect_whole(stage::Store& store, Position acked, const std::string& where) {
  const Position last = value_of(store.end()).last;
  ASSERT_GE(last, acked) << where;
  ASSERT_EQ(value_of(store.low_mark()), last) << where;
  const auto found = store.verify();
  ASSERT_TRUE(found) << where << ": " << found.error().message();
}

// The child writes each acknowledged position into the pipe.
void write_until_killed(const std::string& directory, int pipe) {
  auto store = open_sqlite(directory, small_options());
  if (!store) return;
  Writer writer(**store);
  while (true) {
    const auto acked = writer.next();
    if (!acked || ::write(pipe, &*acked, sizeof *acked) != sizeof *acked) return;
  }
}

// Reads `count` acknowledgements, kills, and reads what was still on its way.
Position kill_after(pid_t child, int pipe, std::size_t count, unsigned spins) {
  Position acked = 0;
  for (std::size_t i = 0; i < count; ++i) {
    Position now = 0;
    if (::read(pipe, &now, sizeof now) != sizeof now) break;
    acked = now;
  }
  for (unsigned i = 0; i < spins; ++i) std::atomic_signal_fence(std::memory_order_seq_cst);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  Position now = 0;
  while (::read(pipe, &now, sizeof now) == sizeof now) acked = now;
  return acked;
}

TEST(Crash, KillsLoseNothingThatWasAcknowledged) {
  const TemporaryDirectory directory;
  std::mt19937 random(11);
  Position acked = 0;
  for (int round = 0; round < 30; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      write_until_killed(directory.path(), ends[1]);
      ::_exit(1);
    }
    ::close(ends[1]);
    acked = std::max(acked, kill_after(child, ends[0], 1 + random() % 12, random() % 4'000'000));
    ::close(ends[0]);
    const auto store = value_of(open_sqlite(directory.path(), small_options()));
    expect_whole(*store, acked, "round " + std::to_string(round));
    acked = value_of(store->end()).last;
  }
  EXPECT_GT(acked, 100u);
}

int image_count() {
  const char* asked = std::getenv("QUINTET_IMAGES");
  return asked == nullptr ? 200 : std::max(1, std::atoi(asked));
}

// Builds an image before about every third operation of a run, and opens it.
TEST(Crash, ALossOfPowerLosesNothingThatWasAcknowledged) {
  std::mt19937 random(12);
  int images = 0;
  for (int run = 0; images < image_count(); ++run) {
    const TemporaryDirectory directory;
    PlayedDisk disk;
    PlayedDisk after;
    Position acked = 0;
    bool open = false;
    disk.before_operation = [&] {
      if (!open || random() % 3 != 0 || images >= image_count()) return;
      const std::string where = "image " + std::to_string(++images);
      const std::string image = directory.path() + "/image";
      disk.lose_power(directory.path(), image, random);
      const auto left = open_sqlite(image, small_options(after.vfs()));
      ASSERT_TRUE(left) << where << ": " << left.error().message();
      expect_whole(**left, acked, where);
      std::filesystem::remove_all(image);
      after.forget(image);
    };
    const auto store = value_of(open_sqlite(directory.path(), small_options(disk.vfs())));
    open = true;
    Writer writer(*store);
    for (int i = 0; i < 60 && !HasFatalFailure(); ++i) acked = value_of(writer.next());
    open = false;
    if (HasFatalFailure()) return;
  }
}

// Even the file itself may be on its way to the disk: then there is no acknowledgement to lose.
TEST(Crash, ALossOfPowerWhileTheStoreIsMadeLeavesOneThatOpens) {
  std::mt19937 random(13);
  for (int round = 0; round < 3; ++round) {
    const TemporaryDirectory directory;
    PlayedDisk disk;
    PlayedDisk after;
    disk.before_operation = [&] {
      const std::string image = directory.path() + "/image";
      disk.lose_power(directory.path(), image, random);
      {
        const auto left = open_sqlite(image, small_options(after.vfs()));
        ASSERT_TRUE(left) << left.error().message();
        Writer writer(**left);
        ASSERT_TRUE(writer.next());
        expect_whole(**left, 1, "after " + std::to_string(disk.operations()));
      }
      std::filesystem::remove_all(image);
      after.forget(image);
    };
    ASSERT_TRUE(open_sqlite(directory.path(), small_options(disk.vfs())));
  }
}

// S10.2: a base that was stored is there, and what of the log is left is whole.
TEST(Crash, ALossOfPowerWhileOldLogGoesLeavesTheBaseAndAWholeLog) {
  std::mt19937 random(17);
  const TemporaryDirectory directory;
  PlayedDisk disk;
  PlayedDisk after;
  const auto store = value_of(open_sqlite(directory.path(), small_options(disk.vfs())));
  Writer writer(*store);
  Position acked = 0;
  for (int i = 0; i < 12; ++i) acked = value_of(writer.next());
  const Position cut = acked / 2;
  std::vector<stage::Snapshot> parts;
  for (const char* name : {"list", "shard/000", "shard/001"}) {
    parts.push_back({name, cut, std::string(5000, name[0])});
  }
  bool stored = false;
  int losses = 0;
  const auto lose_power = [&] {
    const std::string image = directory.path() + "/image";
    disk.lose_power(directory.path(), image, random);
    ++losses;
    {
      const auto left = value_of(open_sqlite(image, small_options(after.vfs())));
      expect_whole(*left, acked, "loss " + std::to_string(losses));
      EXPECT_LE(value_of(left->end()).first, cut + 1);
      for (const stage::Snapshot& part : parts) {
        const auto found = left->base_part(1, part.name);
        EXPECT_TRUE(found.has_value() || !stored) << part.name;
        EXPECT_EQ(found ? found->bytes : part.bytes, part.bytes);
      }
    }
    std::filesystem::remove_all(image);
    after.forget(image);
  };
  disk.before_operation = lose_power;
  ASSERT_TRUE(store->put_base(1, parts, writer.epoch()));
  stored = true;
  acked = value_of(writer.next());
  while (value_of(store->remove_below(cut + 1, 2, writer.epoch()))) {
  }
  acked = value_of(writer.next());
  disk.before_operation = {};
  lose_power();
  EXPECT_GT(value_of(store->end()).first, 1u);
  EXPECT_GT(losses, 10);
}

// The n-th write or sync fails. From then on nothing is acknowledged; after a loss of power, or
// after opening again, going on, and then a loss of power, all acknowledged commits are there.
TEST(Crash, AFailedWriteOrSyncStopsAcknowledgements) {
  for (unsigned n = 1; n <= 40; ++n) {
    std::mt19937 random(n);
    const std::string where = "operation " + std::to_string(n);
    const TemporaryDirectory directory;
    const std::string image = directory.path() + "/image";
    PlayedDisk disk;
    PlayedDisk after;
    Position acked = 0;
    {
      const auto store = value_of(open_sqlite(directory.path(), small_options(disk.vfs())));
      Writer writer(*store);
      acked = value_of(writer.next());
      disk.fail_operation(n);
      while (true) {
        const auto now = writer.next();
        if (!now) {
          EXPECT_EQ(now.error().code(), Code::broken) << now.error().message();
          EXPECT_NE(now.error().message().find("quintet.db"), std::string::npos);
          break;
        }
        acked = *now;
      }
      ASSERT_TRUE(disk.failed());
      Commit empty;
      EXPECT_EQ(store->commit(empty, value_of(store->end()).last).error().code(), Code::broken);
      disk.lose_power(directory.path(), image, random);
      expect_whole(*value_of(open_sqlite(image, small_options(after.vfs()))), acked, where);
    }
    const auto again = value_of(open_sqlite(directory.path(), small_options(disk.vfs())));
    expect_whole(*again, acked, where + ", opened again");
    Writer writer(*again);
    for (int i = 0; i < 5; ++i) acked = value_of(writer.next());
    std::filesystem::remove_all(image);
    after.forget(image);
    disk.lose_power(directory.path(), image, random);
    expect_whole(*value_of(open_sqlite(image, small_options(after.vfs()))), acked,
                 where + ", gone on");
    if (HasFatalFailure()) return;
  }
}

// What the process that died had written but not synced is shown to the next one; from then on it
// may be answered with, so it must be durable.
TEST(Crash, WhatIsReadAfterOpeningIsDurable) {
  for (unsigned n = 1; n <= 12; ++n) {
    std::mt19937 random(n);
    const TemporaryDirectory directory;
    const std::string image = directory.path() + "/image";
    PlayedDisk disk;
    PlayedDisk after;
    {
      const auto store = value_of(open_sqlite(directory.path(), small_options(disk.vfs())));
      Writer writer(*store);
      disk.fail_operation(n);
      while (writer.next()) {
      }
    }
    const auto again = value_of(open_sqlite(directory.path(), small_options(disk.vfs())));
    const Position seen = value_of(again->end()).last;
    disk.lose_power(directory.path(), image, random);
    expect_whole(*value_of(open_sqlite(image, small_options(after.vfs()))), seen,
                 "operation " + std::to_string(n));
  }
}

TEST(Crash, AFullDiskIsExhaustedAndGoesOnAfterOpeningWithSpace) {
  for (const std::int64_t space : {0, 5'000, 50'000, 300'000}) {
    const TemporaryDirectory directory;
    PlayedDisk disk;
    Position acked = 0;
    {
      const auto store = value_of(open_sqlite(directory.path(), small_options(disk.vfs())));
      Writer writer(*store);
      disk.leave_space(space);
      while (true) {
        const auto now = writer.next();
        if (!now) {
          EXPECT_EQ(now.error().code(), Code::exhausted);
          EXPECT_NE(now.error().message().find(directory.path()), std::string::npos);
          break;
        }
        acked = *now;
      }
      EXPECT_EQ(writer.next().error().code(), Code::exhausted);
      // Reading goes on.
      EXPECT_TRUE(store->read_log(1, 100));
      EXPECT_TRUE(store->verify());
    }
    disk.leave_space(INT64_MAX);
    const auto again = value_of(open_sqlite(directory.path(), small_options(disk.vfs())));
    expect_whole(*again, acked, "with space");
    Writer writer(*again);
    EXPECT_GT(value_of(writer.next()), acked);
  }
}

}  // namespace
}  // namespace quintet::store
