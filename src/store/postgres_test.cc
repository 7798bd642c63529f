// What only the store on PostgreSQL has: a server that goes and comes, sessions, rights.
#include "store/postgres.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "store/pg.h"
#include "store/postgres_fixture.h"
#include "store/store_fixture.h"

namespace quintet::store {
namespace {

using stage::Commit;

PostgresServer& server() {
  return PostgresServer::shared();
}

Error refusal(const PostgresOptions& options) {
  auto opened = open_postgres(options);
  return opened ? Error(Code::broken, "it was opened") : std::move(opened).error();
}

bool holds(const Error& error, const std::string& text) {
  return error.message().find(text) != std::string::npos;
}

// Three blocks of ten records with their outcomes.
void fill(const PostgresOptions& options) {
  const auto store = value_of(open_postgres(options));
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

// Runs `body` in a process of its own and gives its exit status.
template <class Body>
int in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Postgres, RefusesASecondProgramAndNamesTheFirst) {
  PostgresOptions options = server().options();
  const auto store = value_of(open_postgres(options));
  options.lock_ms = 0;
  const Error error = refusal(options);
  EXPECT_EQ(error.code(), Code::conflict);
  EXPECT_TRUE(holds(error, "quintet " + std::to_string(::getpid()) + " write")) << error.message();
}

TEST(Postgres, TakesASchemaWhoseHolderDied) {
  const PostgresOptions options = server().options();
  const int status = in_child([&] {
    const auto store = open_postgres(options);
    return store ? ::kill(::getpid(), SIGKILL) : 1;
  });
  EXPECT_EQ(status, -1);
  EXPECT_TRUE(open_postgres(options));
}

TEST(Postgres, RefusesTheSchemaOfAnotherApplication) {
  PostgresOptions options = server().options("a");
  fill(options);
  options.owner = "b";
  const Error error = refusal(options);
  EXPECT_EQ(error.code(), Code::conflict);
  EXPECT_TRUE(holds(error, "is the store of a, not of b")) << error.message();
  options.owner.clear();
  EXPECT_TRUE(open_postgres(options));
}

TEST(Postgres, RefusesTheSchemaOfAnotherProgram) {
  const PostgresOptions options = server().options();
  server().run("CREATE SCHEMA " + options.schema);
  server().run("CREATE TABLE other(x int)", options.schema);
  EXPECT_EQ(refusal(options).code(), Code::invalid);
}

TEST(Postgres, RefusesAFormatOrSemanticsThatItDoesNotKnow) {
  for (const char* sql : {"UPDATE meta SET format = 2", "UPDATE meta SET semantics = 99"}) {
    const PostgresOptions options = server().options();
    fill(options);
    server().run(sql, options.schema);
    const Error error = refusal(options);
    EXPECT_EQ(error.code(), Code::conflict);
    EXPECT_TRUE(holds(error, "this build")) << error.message();
  }
}

TEST(Postgres, TakesASchemaThatItWasGivenWhereItMayMakeNone) {
  PostgresOptions options = server().options();
  const std::string role = "given_" + options.schema;
  server().run("CREATE ROLE " + role + " LOGIN");
  options.url.replace(options.url.find("quintet@"), 8, role + "@");
  const Error error = refusal(options);
  EXPECT_EQ(error.code(), Code::invalid);
  EXPECT_TRUE(holds(error, "permission denied")) << error.message();
  server().run("CREATE SCHEMA " + options.schema + " AUTHORIZATION " + role);
  EXPECT_TRUE(open_postgres(options));
}

TEST(Postgres, SaysWhatIsAbsent) {
  PostgresOptions options = server().options();
  const std::string url = options.url;
  options.url.replace(options.url.find("/postgres?"), 10, "/nowhere?");
  Error error = refusal(options);
  EXPECT_EQ(error.code(), Code::invalid);
  EXPECT_TRUE(holds(error, "database \"nowhere\" does not exist")) << error.message();
  options.url = "postgres://quintet@/postgres?host=/nonexistent";
  EXPECT_EQ(refusal(options).code(), Code::unavailable);
  options.url = "postgres://quintet@127.0.0.1:1/postgres";
  EXPECT_EQ(refusal(options).code(), Code::unavailable);
  options.url = url;
  options.must_exist = true;
  EXPECT_EQ(refusal(options).code(), Code::not_found);
  EXPECT_EQ(open_postgres_reader(options).error().code(), Code::not_found);
}

TEST(Postgres, TellsThePasswordToNobody) {
  for (const char* url : {
           "postgres://me:s3cret@127.0.0.1:1/db",
           "postgres://me@127.0.0.1:1/db?password=s3cret",
           "postgres://me:s3cret/more@127.0.0.1:1/db",
           "postgres://me:s3cret@x@127.0.0.1:1/db",
           "postgres://me:s3cret@127.0.0.1:port/db",
           "postgres://me:%zzs3cret@127.0.0.1:1/db",
           "postgres://me:s3cret@127.0.0.1:1/db?unknown=1",
       }) {
    PostgresOptions options = server().options();
    options.url = url;
    const Error error = refusal(options);
    EXPECT_FALSE(holds(error, "s3cret")) << error.message();
    const auto shown = split_password(url);
    const std::string said = shown ? shown->url : shown.error().message();
    EXPECT_EQ(said.find("s3cret"), std::string::npos) << said;
  }
  const auto parts = value_of(split_password("postgres://me:s%40@h:1/db?sslmode=require"));
  EXPECT_EQ(parts.url, "postgres://me@h:1/db?sslmode=require");
  EXPECT_EQ(parts.password, "s@");
  EXPECT_EQ(value_of(split_password("postgres://h/db?password=x&port=1")).url,
            "postgres://h/db?port=1");
  EXPECT_EQ(value_of(split_password("postgresql:///db")).url, "postgresql:///db");
}

TEST(Postgres, RefusesAServerThatDoesNotSync) {
  const PostgresOptions options = server().options();
  server().set("fsync", "off");
  const Error error = refusal(options);
  server().set("fsync", "on");
  EXPECT_EQ(error.code(), Code::invalid);
  EXPECT_TRUE(holds(error, "fsync = off")) << error.message();
  EXPECT_TRUE(open_postgres(options));
}

TEST(Postgres, SyncsCommitsWhateverTheRoleIsSetTo) {
  const PostgresOptions options = server().options();
  fill(options);
  server().run("ALTER ROLE quintet SET synchronous_commit = off");
  server().run("ALTER TABLE log ADD synced text DEFAULT current_setting('synchronous_commit')",
               options.schema);
  {
    const auto store = value_of(open_postgres(options));
    const Epoch epoch = value_of(store->open_epoch());
    Commit one;
    one.blocks.push_back(block_at(31, 2, epoch));
    EXPECT_TRUE(store->commit(one, epoch));
  }
  server().run("ALTER ROLE quintet RESET synchronous_commit");
  EXPECT_EQ(server().ask("SELECT synced FROM log WHERE first = 31", options.schema), "on");
}

TEST(Postgres, SaysWhatAServerPromisesLessOf) {
  PostgresOptions options = server().options();
  std::string told;
  options.tell = [&](const std::string& less) { told += less; };
  EXPECT_TRUE(open_postgres(options));
  EXPECT_EQ(told, "");
  server().set("full_page_writes", "off");
  EXPECT_TRUE(open_postgres(options));
  const auto facts = look_at_postgres(options.url);
  server().set("full_page_writes", "on");
  EXPECT_NE(told.find("full_page_writes"), std::string::npos);
  ASSERT_TRUE(facts) << facts.error().message();
  EXPECT_EQ(facts->shortfall.size(), 1u);
  EXPECT_TRUE(facts->may_create);
}

// A writer that lost its lock without a word: the check is in the transaction itself.
TEST(Postgres, FencesAWriterWhoseEpochOrLogWasTakenOver) {
  const PostgresOptions options = server().options();
  fill(options);
  const auto store = value_of(open_postgres(options));
  const Epoch epoch = value_of(store->open_epoch());
  Commit one;
  one.blocks.push_back(block_at(31, 2, epoch));
  server().run("UPDATE meta SET epoch = epoch + 1", options.schema);
  Error error = store->commit(one, epoch).error();
  EXPECT_EQ(error.code(), Code::conflict);
  EXPECT_TRUE(holds(error, "has been replaced by epoch")) << error.message();
  server().run("UPDATE meta SET epoch = epoch - 1", options.schema);
  server().run("INSERT INTO log VALUES(31, 31, 1, 0, '')", options.schema);
  error = store->commit(one, epoch).error();
  EXPECT_EQ(error.code(), Code::conflict);
  EXPECT_TRUE(holds(error, "does not end at 30")) << error.message();
  server().run("DELETE FROM log WHERE first = 31", options.schema);
  EXPECT_TRUE(store->commit(one, epoch));
}

TEST(Postgres, ClosesForWritingWhenItsSessionEndsAndFindsTheTruthWhenOpenedAnew) {
  const PostgresOptions options = server().options();
  fill(options);
  for (const bool crash : {false, true}) {
    auto store = value_of(open_postgres(options));
    const Epoch epoch = value_of(store->open_epoch());
    EXPECT_TRUE(store->read_log(1, 1));
    if (crash) {
      server().crash();
    } else {
      server().run(
          "DO $$BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity "
          "WHERE application_name LIKE 'quintet %'; END$$");
    }
    // Reads come back by themselves, writes do not.
    EXPECT_EQ(value_of(store->end()).last, 30u);
    for (int i = 0; i < 2; ++i) {
      Commit one;
      one.blocks.push_back(block_at(31, 2, epoch));
      EXPECT_EQ(store->commit(one, epoch).error().code(), Code::unavailable);
    }
    EXPECT_EQ(store->set_alias("a", "b", 1).error().code(), Code::unavailable);
    store.reset();
    store = value_of(open_postgres(options));
    EXPECT_EQ(value_of(store->end()).last, 30u);
    EXPECT_TRUE(store->verify());
  }
}

// The server is ended again and again while blocks are committed; a commit that failed may have
// been committed, one that was said yes to must have been.
TEST(Postgres, LosesAndDoublesNothingOverCrashesOfTheServer) {
  const PostgresOptions options = server().options();
  constexpr int kMany = 30;
  Position said = 0;
  for (int round = 0; round < 2; ++round) {
    auto store = value_of(open_postgres(options));
    const Epoch epoch = value_of(store->open_epoch());
    const stage::LogEnd end = value_of(store->end());
    ASSERT_GE(end.last, said);
    ASSERT_EQ(end.last, value_of(store->low_mark()));
    Chain chain(epoch, end.last + 1, end.hash);
    std::atomic<int> commits = 0;
    std::thread writer([&] {
      while (true) {
        Commit one;
        one.blocks.push_back(chain.next(2, 2000));
        one.outcomes.push_back({one.blocks[0].first, one.blocks[0].last, "o"});
        if (!store->commit(one, epoch)) break;
        said = one.blocks[0].last;
        ++commits;
      }
      commits = kMany;
    });
    while (commits < kMany) std::this_thread::yield();
    server().crash();
    writer.join();
    store.reset();
    if (HasFatalFailure()) return;
    store = value_of(open_postgres(options));
    EXPECT_GE(value_of(store->end()).last, said);
    EXPECT_TRUE(store->verify());
  }
}

// One byte of a stored body becomes another: verify() names the place.
TEST(Postgres, VerifyFindsEveryFlippedBody) {
  struct Damage {
    const char* sql;
    const char* place;
  };
  const Damage all[] = {
      {"UPDATE log SET body = set_byte(body, 60, get_byte(body, 60) # 1) WHERE first = 11", "11"},
      {"UPDATE log SET last = 31 WHERE first = 21", "21"},
      {"UPDATE log SET body = (SELECT body FROM log WHERE first = 1) WHERE first = 11", "11"},
      {"DELETE FROM log WHERE first = 11", "11"},
      {"UPDATE outcomes SET body = set_byte(body, 0, 1) WHERE first = 21", "21"},
      {"UPDATE outcomes SET last = 29 WHERE first = 21", "21"},
      {"UPDATE outcome_changes SET body = 'changes' WHERE position = 11", "11"},
  };
  for (const Damage& damage : all) {
    const PostgresOptions options = server().options();
    fill(options);
    EXPECT_TRUE(value_of(open_postgres(options))->verify());
    server().run(damage.sql, options.schema);
    const auto found = value_of(open_postgres(options))->verify();
    ASSERT_FALSE(found) << damage.sql;
    EXPECT_EQ(found.error().code(), Code::broken) << found.error().message();
    EXPECT_TRUE(holds(found.error(), damage.place)) << found.error().message();
  }
}

TEST(Postgres, TakesAnOlderSnapshotForADamagedOne) {
  const PostgresOptions options = server().options();
  {
    const auto store = value_of(open_postgres(options));
    ASSERT_TRUE(store->put_snapshots({{"ingest", 10, "ten"}, {"other", 10, "x"}}));
    ASSERT_TRUE(store->put_snapshots({{"ingest", 20, "twenty"}}));
  }
  server().run("UPDATE snapshots SET body = 'TWENTY' WHERE position = 20", options.schema);
  const auto found = value_of(value_of(open_postgres(options))->snapshots(100));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].bytes, "ten");
}

TEST(Postgres, GivesManyRowsInPiecesOfAnySize) {
  const PostgresOptions options = server().options();
  const auto store = value_of(open_postgres(options));
  const Epoch epoch = value_of(store->open_epoch());
  Chain chain(epoch);
  Commit all;
  for (int i = 0; i < 700; ++i) {
    all.blocks.push_back(chain.next(1));
    all.outcomes.push_back({all.blocks.back().first, all.blocks.back().last, "o"});
    all.changes.push_back({all.blocks.back().first, "c"});
  }
  ASSERT_TRUE(store->commit(all, epoch));
  EXPECT_EQ(value_of(store->read_log(1, 1 << 30)).size(), 700u);
  EXPECT_EQ(value_of(store->read_outcomes(300, 1 << 30)).size(), 401u);
  const std::size_t one = all.blocks[0].bytes.size();
  EXPECT_EQ(value_of(store->read_log(5, 3 * one)).size(), 3u);
  for (const auto& run : value_of(store->read_outcomes(1, 1 << 30))) {
    EXPECT_EQ(run.changes.size(), 1u);
  }
  const auto reader = value_of(open_postgres_reader(options));
  EXPECT_EQ(value_of(reader->end()).last, 700u);
  EXPECT_EQ(value_of(reader->read_log(690, 1 << 30)).size(), 11u);
}

TEST(SchemaName, IsOneThatPostgresKeepsAsItIs) {
  for (const char* good : {"a", "mine", "mine_2", "quintet_verify_0af3_1"}) {
    EXPECT_TRUE(check_schema_name(good)) << good;
    EXPECT_EQ(named_schema(good), good);
    EXPECT_EQ(named_schema(good, "infer-2"), std::string(good) + "_infer_2");
  }
  EXPECT_TRUE(check_schema_name(std::string(50, 'x')));
  for (const std::string& bad :
       {std::string(), std::string("Mine"), std::string("2nd"), std::string("pg_mine"),
        std::string("a-b"), std::string("a b"), std::string("\"x\""), std::string(51, 'x')}) {
    const auto checked = check_schema_name(bad);
    ASSERT_FALSE(checked) << bad;
    EXPECT_EQ(checked.error().code(), Code::invalid);
  }
}

TEST(Postgres, DropsTheSchemasThatAreNamedAndNoOthers) {
  for (const char* name : {"thrown", "thrown_infer", "thrown_train", "thrownaway"}) {
    PostgresOptions options = server().options();
    options.schema = name;
    fill(options);
  }
  const std::string url = server().url();
  ASSERT_TRUE(drop_schemas(url, {"thrown", "thrown_infer", "thrown_never"}));
  const auto count = [](const std::string& names) {
    return server().ask("SELECT count(*) FROM pg_namespace WHERE nspname IN (" + names + ")");
  };
  EXPECT_EQ(count("'thrown', 'thrown_infer'"), "0");
  EXPECT_EQ(count("'thrown_train', 'thrownaway'"), "2");
  EXPECT_TRUE(drop_schemas(url, {"thrown"}));
  EXPECT_EQ(drop_schemas("postgres://me@127.0.0.1:1/db", {"thrown"}).error().code(),
            Code::unavailable);
}

// As of a program that was killed: its session goes on until the server sees that it is gone.
TEST(Postgres, DropsASchemaOnceNobodyHasItOpen) {
  const PostgresOptions options = server().options();
  auto held = value_of(open_postgres(options));
  std::atomic<bool> dropped = false;
  std::thread dropping([&] {
    EXPECT_TRUE(drop_schemas(options.url, {options.schema}));
    dropped = true;
  });
  while (server().ask("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE "
                      "'quintet % drop on %' AND query LIKE '%advisory%'") == "0") {
  }
  EXPECT_FALSE(dropped);
  EXPECT_TRUE(held->open_epoch()) << "it is whole as long as it is open";
  held.reset();
  dropping.join();
  EXPECT_EQ(
      server().ask("SELECT count(*) FROM pg_namespace WHERE nspname = '" + options.schema + "'"),
      "0");
}

TEST(SchemaOf, KeepsWhatPostgresTakesAndTellsLongNamesApart) {
  EXPECT_EQ(schema_of("card-fraud"), "quintet_card_fraud");
  EXPECT_EQ(schema_of("card-fraud", "ingest"), "quintet_card_fraud_ingest");
  const std::string longest(64, 'x');
  EXPECT_LE(schema_of(longest, "results").size(), 63u);
  EXPECT_NE(schema_of(longest, "results"), schema_of(longest, "ingest"));
}

}  // namespace
}  // namespace quintet::store
