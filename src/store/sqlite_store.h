// The store of store/sqlite.h from the inside: three connections and the statements on them. One
// file a table: sqlite.cc (opening, lease, commit), sqlite_log.cc, sqlite_outcomes.cc,
// sqlite_base.cc, sqlite_letters.cc, sqlite_models.cc, sqlite_snapshots.cc, sqlite_verify.cc.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "stage/store.h"
#include "store/copier.h"
#include "store/lock.h"
#include "store/sql.h"
#include "store/sqlite.h"
#include "store/stored.h"

namespace quintet::store {

// The number of the format that this build writes; it reads 1 to this.
// In 2 there may be a base.
inline constexpr int kStoreFormat = 2;

class SqliteStore final : public stage::Store {
 public:
  static Expected<std::unique_ptr<stage::Store>> open(const std::string& directory,
                                                      const SqliteOptions& options);
  ~SqliteStore() override;

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
  // A connection that several threads take turns on.
  struct Shared {
    Database database;
    std::mutex mutex;
  };
  // Of the write connection.
  struct Statements {
    Statement begin, commit, rollback, epoch, set_epoch, log_end, add_block, add_run, runs_before,
        set_mark, add_change, add_letter, replay_letter, add_model, next_version, set_alias;
  };

  SqliteStore(DirectoryLock lock, Database write, Database read, Database derived,
              const SqliteOptions& options);

  Expected<void> prepare();
  Expected<void> find_low_mark();

  // Runs `change` in one transaction on the write connection. A refusal of `change` rolls back; a
  // failure of the database closes the store for writing.
  template <class Change>
  Expected<void> transact(Change change);
  Expected<void> roll_back(Error error);
  Expected<void> write_all(stage::Commit& commit, Epoch epoch);
  Expected<void> check_epoch(Epoch epoch);
  Expected<void> add_blocks(const stage::Commit& commit, Epoch epoch);
  Expected<void> add_runs(const std::vector<stage::OutcomeBytes>& runs);
  Expected<void> add_run(const stage::OutcomeBytes& run);
  Expected<bool> covered(const stage::OutcomeBytes& run);
  Expected<void> advance_low_mark();
  Expected<void> add_changes(const std::vector<stage::OutcomeChange>& changes);
  Expected<void> add_letters(std::vector<stage::DeadLetter>& letters);
  Expected<void> replay_letters(const std::vector<stage::Commit::Replayed>& replayed);
  Expected<Position> first_kept();
  Expected<OutcomeRun> read_run(Run& run);
  Expected<stage::DeadLetter> find_letter(Database& database, std::uint64_t number);
  void keep_log_short();
  void copy_rest();

  DirectoryLock lock_;
  SqliteOptions options_;
  Database write_;  // the writer thread's
  Shared read_;
  Shared derived_;
  Statements statements_;
  std::unique_ptr<Copier> copier_;  // none: between commits
  std::optional<Error> failure_;    // of the transaction that closed the store for writing

  std::atomic<Position> low_ = 0;  // as committed
  Position new_low_ = 0;           // inside the transaction under way
  Position greatest_ = 0;          // last position of any outcome run, as committed
  Position new_greatest_ = 0;
  int commits_since_mark_ = 0;
};

template <class Change>
Expected<void> SqliteStore::transact(Change change) {
  if (!failure_) keep_log_short();
  if (failure_) return *failure_;
  std::unique_lock<std::mutex> writing;
  if (copier_) writing = std::unique_lock(copier_->writing());
  // Nothing has been written when this fails, so it may be tried again.
  TRY_DO(statements_.begin.with().finish());
  auto done = change();
  if (done) done = statements_.commit.with().finish();
  if (!done) return roll_back(std::move(done).error());
  return {};
}

}  // namespace quintet::store
