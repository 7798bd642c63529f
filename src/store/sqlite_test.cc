// What only a store on disk has: a lock, a format, damage.
#include "store/sqlite.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "store/sql.h"
#include "store/store.h"
#include "store/store_fixture.h"

namespace quintet::store {
namespace {

using stage::Commit;

// Three blocks of ten records with their outcomes.
void fill(const std::string& directory) {
  const auto store = value_of(open_sqlite(directory));
  const Epoch epoch = value_of(store->open_epoch());
  Chain chain(epoch);
  for (int i = 0; i < 3; ++i) {
    Commit one;
    one.blocks.push_back(chain.next(10));
    one.outcomes.push_back({one.blocks[0].first, one.blocks[0].last, std::string(100, 'o')});
    one.changes.push_back({one.blocks[0].first, "changed"});
    ASSERT_TRUE(store->commit(one, epoch));
  }
}

void patch(const std::string& file, const std::string& sql) {
  Database database = value_of(Database::open({file, "", 100}));
  const auto done = database.run(sql);
  ASSERT_TRUE(done) << done.error().message();
}

// Runs `body` in a process of its own and gives its exit status.
template <class Body>
int in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Sqlite, RefusesASecondProcessAndNamesTheFirst) {
  const TemporaryDirectory directory;
  const auto store = value_of(open_sqlite(directory.path()));
  const std::string holder = "process " + std::to_string(::getpid());
  const int status = in_child([&] {
    const auto second = open_sqlite(directory.path());
    if (second) return 1;
    if (second.error().code() != Code::conflict) return 2;
    return second.error().message().find(holder) == std::string::npos ? 3 : 0;
  });
  EXPECT_EQ(status, 0);
}

TEST(Sqlite, TakesADirectoryWhoseHolderDied) {
  const TemporaryDirectory directory;
  const int status = in_child([&] {
    const auto store = open_sqlite(directory.path());
    return store ? ::kill(::getpid(), SIGKILL) : 1;
  });
  EXPECT_EQ(status, -1);
  EXPECT_TRUE(open_sqlite(directory.path()));
}

TEST(Sqlite, MakesDirectoriesForItsOwnerAlone) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/a/b";
  ASSERT_TRUE(open_sqlite(path));
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700u);
}

TEST(Sqlite, RefusesWhatIsNoDirectory) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() + "/file") << "x";
  const auto store = open_sqlite(directory.path() + "/file");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code(), Code::invalid);
}

TEST(Sqlite, RefusesTheFileOfAnotherProgram) {
  const TemporaryDirectory directory;
  const std::string file = directory.path() + "/quintet.db";
  patch(file, "CREATE TABLE other(x)");
  auto store = open_sqlite(directory.path());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code(), Code::invalid);
  std::ofstream(file, std::ios::trunc) << std::string(20'000, 'x');
  store = open_sqlite(directory.path());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code(), Code::invalid);
}

TEST(Sqlite, RefusesAFormatOrSemanticsThatItDoesNotKnow) {
  for (const char* sql : {"UPDATE meta SET format = 3", "UPDATE meta SET semantics = 99"}) {
    const TemporaryDirectory directory;
    fill(directory.path());
    patch(directory.path() + "/quintet.db", sql);
    const auto store = open_sqlite(directory.path());
    ASSERT_FALSE(store) << sql;
    EXPECT_EQ(store.error().code(), Code::conflict);
    EXPECT_NE(store.error().message().find("this build"), std::string::npos);
  }
}

// One byte of a stored body becomes another: verify() names the place.
TEST(Sqlite, VerifyFindsEveryFlippedBody) {
  struct Damage {
    const char* sql;
    const char* place;
  };
  const Damage all[] = {
      {"UPDATE log SET body = CAST(substr(body, 1, 60) || x'ff' || substr(body, 62) AS BLOB) "
       "WHERE first = 11",
       "11"},
      {"UPDATE log SET last = 31 WHERE first = 21", "21"},
      {"UPDATE log SET body = (SELECT body FROM log WHERE first = 1) WHERE first = 11", "11"},
      {"DELETE FROM log WHERE first = 11", "11"},
      {"UPDATE outcomes SET body = CAST('x' || substr(body, 2) AS BLOB) WHERE first = 21", "21"},
      {"UPDATE outcomes SET last = 29 WHERE first = 21", "21"},
      {"UPDATE outcome_changes SET body = CAST('changes' AS BLOB) WHERE position = 11", "11"},
  };
  for (const Damage& damage : all) {
    const TemporaryDirectory directory;
    fill(directory.path());
    EXPECT_TRUE(value_of(open_sqlite(directory.path()))->verify());
    patch(directory.path() + "/quintet.db", damage.sql);
    const auto found = value_of(open_sqlite(directory.path()))->verify();
    ASSERT_FALSE(found) << damage.sql;
    EXPECT_EQ(found.error().code(), Code::broken) << found.error().message();
    EXPECT_NE(found.error().message().find(damage.place), std::string::npos)
        << found.error().message();
  }
}

TEST(Sqlite, GivesNoOutcomeThatDoesNotMatchItsChecksum) {
  const TemporaryDirectory directory;
  fill(directory.path());
  patch(directory.path() + "/quintet.db",
        "UPDATE outcomes SET body = CAST('x' || substr(body, 2) AS BLOB) WHERE first = 11");
  const auto store = value_of(open_sqlite(directory.path()));
  EXPECT_TRUE(store->outcome_run(1));
  EXPECT_EQ(store->outcome_run(12).error().code(), Code::broken);
  EXPECT_EQ(store->read_outcomes(1, 1 << 20).error().code(), Code::broken);
}

TEST(Sqlite, TakesAnOlderSnapshotForADamagedOne) {
  const TemporaryDirectory directory;
  {
    const auto store = value_of(open_sqlite(directory.path()));
    ASSERT_TRUE(store->put_snapshots({{"ingest", 10, "ten"}, {"other", 10, "x"}}));
    ASSERT_TRUE(store->put_snapshots({{"ingest", 20, "twenty"}}));
  }
  patch(directory.path() + "/derived.db",
        "UPDATE snapshots SET body = CAST('TWENTY' AS BLOB) WHERE position = 20");
  auto found = value_of(value_of(open_sqlite(directory.path()))->snapshots(100));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].bytes, "ten");
  // The whole file may go, too.
  std::ofstream(directory.path() + "/derived.db", std::ios::trunc) << std::string(9000, 'x');
  found = value_of(value_of(open_sqlite(directory.path()))->snapshots(100));
  EXPECT_TRUE(found.empty());
}

TEST(Sqlite, IsBusyWhileAnotherProgramWritesAndGoesOnAfterwards) {
  const TemporaryDirectory directory;
  SqliteOptions options;
  options.busy_ms = 1;
  const auto store = value_of(open_sqlite(directory.path(), options));
  const Epoch epoch = value_of(store->open_epoch());
  Commit one;
  one.blocks.push_back(block_at(1, 1, epoch));
  {
    Database other = value_of(Database::open({directory.path() + "/quintet.db", "", 1}));
    ASSERT_TRUE(other.run("BEGIN IMMEDIATE"));
    EXPECT_EQ(store->commit(one, epoch).error().code(), Code::unavailable);
  }
  EXPECT_TRUE(store->commit(one, epoch));
}

// Small limits, so that many copies pass between commits.
TEST(Sqlite, KeepsItsWriteAheadLogShort) {
  for (const bool between : {true, false}) {
    const TemporaryDirectory directory;
    SqliteOptions options;
    options.checkpoint_pages = 16;
    options.copy_between_commits = between;
    const auto store = value_of(open_sqlite(directory.path(), options));
    const Epoch epoch = value_of(store->open_epoch());
    Chain chain(epoch);
    for (int i = 0; i < 300; ++i) {
      Commit one;
      one.blocks.push_back(chain.next(3, 3000));
      ASSERT_TRUE(store->commit(one, epoch));
      // A reader now and then, who keeps the log from beginning anew while it reads.
      if (i % 10 == 0) {
        ASSERT_TRUE(store->read_log(1, 1 << 20));
      }
    }
    struct stat found {};
    ASSERT_EQ(::stat((directory.path() + "/quintet.db-wal").c_str(), &found), 0);
    EXPECT_LT(found.st_size, (between ? 40 : 200) * 8192);
    EXPECT_TRUE(store->verify());
  }
}

TEST(Sqlite, MakesItsWriteAheadLogAsLongAsItWillGet) {
  const TemporaryDirectory directory;
  SqliteOptions options;
  options.checkpoint_pages = 300;
  Position last = 0;
  {
    const auto store = value_of(open_sqlite(directory.path(), options));
    const Epoch epoch = value_of(store->open_epoch());
    Chain chain(epoch);
    struct stat found {};
    while (found.st_size < 300 * (8192 + 24)) {
      Commit one;
      one.blocks.push_back(chain.next(1));
      ASSERT_TRUE(store->commit(one, epoch));
      last = one.blocks[0].last;
      ASSERT_EQ(::stat((directory.path() + "/quintet.db-wal").c_str(), &found), 0);
    }
  }
  const auto store = value_of(open_sqlite(directory.path(), options));
  EXPECT_EQ(value_of(store->end()).last, last);
  EXPECT_TRUE(store->verify());
}

TEST(OpenStore, KnowsMemoryDirectoriesAndNothingElse) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(open_store("memory:"));
  EXPECT_TRUE(open_store("sqlite:" + directory.path() + "/a"));
  EXPECT_TRUE(open_store(directory.path() + "/a"));
  for (const char* bad : {"", "sqlite:", "postgres:host/db", "memory:x"}) {
    const auto store = open_store(bad);
    ASSERT_FALSE(store) << bad;
    EXPECT_EQ(store.error().code(), Code::invalid);
  }
  const Storage both = value_of(open_storage(directory.path() + "/a"));
  EXPECT_TRUE(both.store != nullptr && both.vault != nullptr);
  EXPECT_TRUE(value_of(open_storage("memory:")).vault != nullptr);
}

}  // namespace
}  // namespace quintet::store
