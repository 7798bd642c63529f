// The simplest store and vault that keep the contract: the oracle of the contract suite, and what
// tests and `quintet backfill` without --store use. Nothing outlives the object.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "stage/store.h"

namespace quintet::store {

// Every method may be called from any thread. A crash is played by keeping the store and dropping
// all else.
class MemoryStore : public stage::Store {
 public:
  MemoryStore();
  ~MemoryStore() override;

  // The next commit() writes nothing and fails with this error; so do all after it until
  // reopen(), as with a disk that failed.
  void fail_next_commit(Error error);
  // As after closing and opening: takes commits again.
  void reopen();
  // Flips one bit of the encoded block that holds the position, to be found by verify().
  void damage_block(Position position);

  Expected<Epoch> open_epoch() override;
  Expected<stage::LogEnd> end() override;
  Expected<void> commit(stage::Commit& commit, Epoch epoch) override;
  Expected<std::vector<event::BlockBytes>> read_log(Position from, std::size_t most_bytes) override;
  Expected<std::vector<OutcomeRun>> read_outcomes(Position from, std::size_t most_bytes) override;
  Expected<std::optional<OutcomeRun>> outcome_run(Position position) override;
  Expected<Position> low_mark() override;
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
  struct State;
  std::mutex mutex_;
  std::unique_ptr<State> state_;
};

// Keys are made by the machine's random source, as in the durable vault.
std::unique_ptr<stage::Vault> make_memory_vault();

}  // namespace quintet::store
