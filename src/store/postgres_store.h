// The store of store/postgres.h from the inside: three sessions. One file a matter: postgres.cc
// (opening), postgres_schema.cc (tables, format, settings), postgres_commit.cc, postgres_read.cc
// (log, outcomes), postgres_kept.cc (models, letters), postgres_parts.cc (snapshots, base).
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "stage/store.h"
#include "store/pg.h"
#include "store/postgres.h"
#include "store/runs.h"

namespace quintet::store {

// The number of the format that this build writes; it reads 1 to this.
inline constexpr int kPostgresFormat = 1;

// What a session is opened with: the connection, then search_path and limits.
Expected<PgSession> open_session(const PostgresOptions& options, std::string_view purpose);
// What a commit's durability hangs on: a sentence for each thing that is less. `invalid` if the
// server does not keep what it says yes to.
Expected<std::vector<std::string>> check_promises(PgSession& session);
// Waits until no other session has the schema, then has it; `conflict` names who keeps it.
Expected<void> lock_schema(PgSession& session, const PostgresOptions& options);
// Makes schema and tables where they are not there, and checks whose and of which format they are.
Expected<void> prepare_schema(PgSession& session, const PostgresOptions& options);
Expected<bool> has_store(PgSession& session, const std::string& schema);
std::string quoted(std::string_view identifier);

// Reads of a stage::LogSource, on any session.
Expected<stage::LogEnd> read_end(PgSession& session);
Expected<std::vector<event::BlockBytes>> read_blocks(PgSession& session, Position from,
                                                     std::size_t most_bytes);
Expected<stage::Snapshot> read_base_part(PgSession& session, std::uint64_t number,
                                         std::string_view name);

// A session that several threads take turns on, made at first use and again once it is lost. What
// is done on it may be done twice.
class SharedSession {
 public:
  SharedSession(const PostgresOptions& options, std::string purpose)
      : options_(options), purpose_(std::move(purpose)) {}

  template <class Job>
  auto run(Job job) -> decltype(job(std::declval<PgSession&>())) {
    const std::lock_guard lock(mutex_);
    while (true) {
      const bool fresh = !session_ || session_->lost();
      if (fresh) {
        auto opened = open_session(options_, purpose_);
        if (!opened) return std::move(opened).error();
        session_ = *std::move(opened);
      }
      auto done = job(*session_);
      if (done || fresh || !session_->lost()) return done;
    }
  }

 private:
  const PostgresOptions& options_;
  const std::string purpose_;
  std::mutex mutex_;
  std::optional<PgSession> session_;
};

class PostgresStore final : public stage::Store {
 public:
  static Expected<std::unique_ptr<stage::Store>> open(const PostgresOptions& options);

  Expected<Epoch> open_epoch() override;
  Expected<stage::LogEnd> end() override;
  Expected<void> commit(stage::Commit& commit, Epoch epoch) override;
  Expected<std::vector<event::BlockBytes>> read_log(Position from, std::size_t most_bytes) override;
  Expected<std::vector<OutcomeRun>> read_outcomes(Position from, std::size_t most_bytes) override;
  Expected<std::optional<OutcomeRun>> outcome_run(Position position) override;
  Expected<Position> low_mark() override { return low_.load(); }
  Expected<void> put_snapshots(const std::vector<stage::Snapshot>& snapshots) override;
  using stage::Store::snapshots;
  Expected<std::vector<stage::Snapshot>> snapshots(Position most, std::string_view name) override;
  Expected<void> remove_snapshots() override;
  Expected<void> remove_snapshots(const std::vector<std::string>& names) override;
  Expected<void> put_base(std::uint64_t number, const std::vector<stage::Snapshot>& parts,
                          Epoch epoch) override;
  Expected<stage::Snapshot> base_part(std::uint64_t number, std::string_view name) override;
  Expected<std::vector<std::uint64_t>> bases() override;
  Expected<bool> remove_base(std::uint64_t number, std::size_t most, Epoch epoch) override;
  Expected<std::uint32_t> add_model(stage::ModelVersion model) override;
  Expected<std::vector<stage::ModelVersion>> models(bool with_bytes) override;
  Expected<stage::ModelVersion> model(std::string_view name, std::uint32_t version) override;
  Expected<void> set_alias(std::string_view model, std::string_view alias,
                           std::uint32_t version) override;
  Expected<std::vector<Alias>> aliases() override;
  Expected<std::vector<stage::DeadLetter>> dead_letters(const DeadLetterQuery& query) override;
  Expected<stage::DeadLetter> dead_letter(std::uint64_t number) override;
  Expected<void> discard(std::uint64_t number) override;
  Expected<bool> remove_below(Position position, std::size_t most, Epoch epoch) override;
  Expected<void> verify() override;

 private:
  PostgresStore(PgSession write, const PostgresOptions& options);

  Expected<void> read_state();
  Expected<void> check_replays(const std::vector<stage::Commit::Replayed>& replayed);
  void add_rows(const stage::Commit& commit, const std::vector<bool>& fresh);

  // Runs statements that `add` adds to the session in one transaction, in one round trip. Where an
  // epoch is given it is checked first, inside; `low` is the mark as it will be.
  using Results = Expected<std::vector<PgResult>>;
  template <class Add>
  Results transact(std::optional<Epoch> epoch, Position low, Add add);
  void begin(std::optional<Epoch> epoch, Position low);
  Results end_transaction(std::optional<Epoch> epoch);
  // On the writing session, for what only the writer asks.
  template <class... Values>
  Expected<PgResult> ask(std::string_view sql, const Values&... values);

  const PostgresOptions options_;
  PgSession write_;  // the writer thread's; holds the lock
  SharedSession read_{options_, "read"};
  SharedSession derived_{options_, "snapshots"};
  std::optional<Error> failure_;  // of the transaction that closed the store for writing

  // As committed; the writer thread's, `low_` apart.
  std::atomic<Position> low_ = 0;
  OutcomeRuns runs_;
  Position last_ = kNoPosition;  // of the log
  std::uint64_t letters_ = 0;    // the number given last
};

template <class Add>
PostgresStore::Results PostgresStore::transact(std::optional<Epoch> epoch, Position low, Add add) {
  if (failure_) return *failure_;
  begin(epoch, low);
  add(write_);
  return end_transaction(epoch);
}

template <class... Values>
Expected<PgResult> PostgresStore::ask(std::string_view sql, const Values&... values) {
  if (failure_) return *failure_;
  auto done = write_.query(sql, values...);
  if (!done && write_.lost()) failure_ = done.error();
  return done;
}

}  // namespace quintet::store
