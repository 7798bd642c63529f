#include "store/memory.h"

#include <deque>
#include <set>
#include <tuple>

#include "base/seal.h"

namespace quintet::store {

using event::BlockBytes;
using stage::Commit;
using stage::DeadLetter;
using stage::ModelVersion;
using stage::OutcomeBytes;
using stage::Snapshot;

struct MemoryStore::State {
  Epoch epoch = 0;
  Position kept_from = 1;  // positions below may have been removed
  std::deque<BlockBytes> blocks;
  std::map<Position, OutcomeBytes> outcomes;  // by first
  std::map<Position, std::string> changes;
  Position low = 0;
  std::vector<DeadLetter> letters;  // number - 1 is the index
  std::map<std::string, std::map<Position, std::string>> snapshots;
  std::map<std::uint64_t, std::map<std::string, Snapshot, std::less<>>> bases;
  std::map<std::string, std::vector<ModelVersion>> models;
  std::map<std::pair<std::string, std::string>, std::uint32_t> aliases;
  std::optional<Error> failure;

  Position last() const { return blocks.empty() ? kNoPosition : blocks.back().last; }
  Expected<void> check_epoch(Epoch by) const;
  Expected<void> check_blocks(const Commit& commit, Epoch by) const;
  Expected<bool> covered(const OutcomeBytes& run) const;
  Expected<void> check_letters(const Commit& commit) const;
  OutcomeRun with_changes(const OutcomeBytes& run) const;
  std::map<Position, OutcomeBytes>::const_iterator holding(Position position) const;
  void advance();
};

MemoryStore::MemoryStore() : state_(std::make_unique<State>()) {}
MemoryStore::~MemoryStore() = default;

void MemoryStore::fail_next_commit(Error error) {
  const std::lock_guard lock(mutex_);
  state_->failure = std::move(error);
}

void MemoryStore::reopen() {
  const std::lock_guard lock(mutex_);
  state_->failure.reset();
}

void MemoryStore::damage_block(Position position) {
  const std::lock_guard lock(mutex_);
  for (BlockBytes& block : state_->blocks) {
    if (block.first <= position && position <= block.last) {
      block.bytes[block.bytes.size() / 2] ^= 1;
    }
  }
}

Expected<Epoch> MemoryStore::open_epoch() {
  const std::lock_guard lock(mutex_);
  return ++state_->epoch;
}

Expected<stage::LogEnd> MemoryStore::end() {
  const std::lock_guard lock(mutex_);
  stage::LogEnd end;
  if (!state_->blocks.empty()) {
    end.first = state_->blocks.front().first;
    end.last = state_->blocks.back().last;
    end.hash = event::block_hash(state_->blocks.back().bytes);
  }
  return end;
}

Expected<void> MemoryStore::State::check_epoch(Epoch by) const {
  if (by == epoch) return {};
  return conflict("epoch " + std::to_string(by) + " has been replaced by epoch " +
                  std::to_string(epoch));
}

Expected<void> MemoryStore::State::check_blocks(const Commit& commit, Epoch by) const {
  TRY_DO(check_epoch(by));
  Position at = last();
  if (commit.anew && !commit.blocks.empty()) at = commit.blocks.front().first - 1;
  for (const BlockBytes& block : commit.blocks) {
    if (block.last < block.first || (!commit.copies && block.epoch != by))
      return invalid("a block of no sense");
    if (block.first != at + 1) return conflict("the log ends at " + std::to_string(at));
    at = block.last;
  }
  return {};
}

// The first run that ends at or after the position.
std::map<Position, OutcomeBytes>::const_iterator MemoryStore::State::holding(
    Position position) const {
  auto it = outcomes.upper_bound(position);
  if (it != outcomes.begin() && std::prev(it)->second.last >= position) --it;
  return it;
}

Expected<bool> MemoryStore::State::covered(const OutcomeBytes& run) const {
  if (run.first == kNoPosition || run.last < run.first)
    return invalid("an outcome run of no sense");
  Position missing = std::max(run.first, low + 1);
  for (auto it = holding(missing); it != outcomes.end() && it->first <= missing; ++it) {
    missing = it->second.last + 1;
  }
  if (missing > run.last) return true;
  const auto next = holding(run.first);
  if (run.first <= low || (next != outcomes.end() && next->first <= run.last)) {
    return conflict("outcomes " + std::to_string(run.first) + " to " + std::to_string(run.last) +
                    " are there in part");
  }
  return false;
}

Expected<void> MemoryStore::State::check_letters(const Commit& commit) const {
  for (const auto& [number, position] : commit.replayed) {
    if (number == 0 || number > letters.size()) {
      return not_found("there is no dead letter " + std::to_string(number));
    }
    const DeadLetter& letter = letters[number - 1];
    if (letter.replayed != kNoPosition || letter.discarded) {
      return conflict("dead letter " + std::to_string(number) + " was replayed or discarded");
    }
  }
  return {};
}

void MemoryStore::State::advance() {
  for (auto it = holding(low + 1); it != outcomes.end() && it->first <= low + 1; ++it) {
    low = it->second.last;
  }
}

Expected<void> MemoryStore::commit(Commit& commit, Epoch epoch) {
  const std::lock_guard lock(mutex_);
  State& state = *state_;
  if (state.failure) return *state.failure;
  TRY_DO(state.check_blocks(commit, epoch));
  TRY_DO(state.check_letters(commit));
  // Outcomes of one commit may overlap each other too, so they are checked against a copy.
  const auto outcomes_before = state.outcomes;
  for (const OutcomeBytes& run : commit.outcomes) {
    auto covered = state.covered(run);
    if (!covered) {
      state.outcomes = outcomes_before;
      return std::move(covered).error();
    }
    if (!*covered) state.outcomes.emplace(run.first, run);
  }
  state.advance();
  if (commit.anew) state.blocks.clear();
  state.blocks.insert(state.blocks.end(), commit.blocks.begin(), commit.blocks.end());
  for (const auto& change : commit.changes) state.changes[change.position] = change.bytes;
  for (DeadLetter& letter : commit.dead_letters) {
    letter.number = state.letters.size() + 1;
    state.letters.push_back(letter);
  }
  for (const auto& [number, position] : commit.replayed) {
    state.letters[number - 1].replayed = position;
  }
  return {};
}

Expected<std::vector<BlockBytes>> MemoryStore::read_log(Position from, std::size_t most_bytes) {
  const std::lock_guard lock(mutex_);
  from = std::max<Position>(from, 1);
  const auto& blocks = state_->blocks;
  if (!blocks.empty() && from < blocks.front().first) {
    return expired("the log begins at " + std::to_string(blocks.front().first));
  }
  std::vector<BlockBytes> out;
  std::size_t bytes = 0;
  for (const BlockBytes& block : blocks) {
    if (block.last < from) continue;
    if (!out.empty() && bytes >= most_bytes) break;
    bytes += block.bytes.size();
    out.push_back(block);
  }
  return out;
}

MemoryStore::OutcomeRun MemoryStore::State::with_changes(const OutcomeBytes& run) const {
  OutcomeRun out{run, {}};
  for (auto it = changes.lower_bound(run.first); it != changes.end() && it->first <= run.last;
       ++it) {
    out.changes.push_back({it->first, it->second});
  }
  return out;
}

Expected<std::vector<MemoryStore::OutcomeRun>> MemoryStore::read_outcomes(Position from,
                                                                          std::size_t most_bytes) {
  const std::lock_guard lock(mutex_);
  from = std::max<Position>(from, 1);
  auto it = state_->holding(from);
  const bool held = it != state_->outcomes.end() && it->first <= from;
  if (from < state_->kept_from && !held) {
    return expired("outcomes begin at " + std::to_string(state_->kept_from));
  }
  std::vector<OutcomeRun> out;
  std::size_t bytes = 0;
  for (; it != state_->outcomes.end() && (out.empty() || bytes < most_bytes); ++it) {
    bytes += it->second.bytes.size();
    out.push_back(state_->with_changes(it->second));
  }
  return out;
}

Expected<std::optional<MemoryStore::OutcomeRun>> MemoryStore::outcome_run(Position position) {
  const std::lock_guard lock(mutex_);
  const auto it = state_->holding(position);
  if (it != state_->outcomes.end() && it->first <= position) {
    return std::optional(state_->with_changes(it->second));
  }
  if (position < state_->kept_from) {
    return expired("outcomes begin at " + std::to_string(state_->kept_from));
  }
  return std::optional<OutcomeRun>();
}

Expected<Position> MemoryStore::low_mark() {
  const std::lock_guard lock(mutex_);
  return state_->low;
}

Expected<void> MemoryStore::put_snapshots(const std::vector<Snapshot>& snapshots) {
  const std::lock_guard lock(mutex_);
  for (const Snapshot& snapshot : snapshots) {
    auto& kept = state_->snapshots[snapshot.name];
    kept[snapshot.position] = snapshot.bytes;
    while (kept.size() > 2) kept.erase(kept.begin());
  }
  return {};
}

Expected<std::vector<Snapshot>> MemoryStore::snapshots(Position most, std::string_view wanted) {
  const std::lock_guard lock(mutex_);
  std::vector<Snapshot> out;
  for (const auto& [name, kept] : state_->snapshots) {
    if (!wanted.empty() && name != wanted) continue;
    auto it = kept.upper_bound(most);
    if (it == kept.begin()) continue;
    --it;
    out.push_back({name, it->first, it->second});
  }
  return out;
}

Expected<void> MemoryStore::remove_snapshots() {
  const std::lock_guard lock(mutex_);
  state_->snapshots.clear();
  return {};
}

Expected<void> MemoryStore::remove_snapshots(const std::vector<std::string>& names) {
  const std::lock_guard lock(mutex_);
  for (const std::string& name : names) state_->snapshots.erase(name);
  return {};
}

Expected<void> MemoryStore::put_base(std::uint64_t number, const std::vector<Snapshot>& parts,
                                     Epoch epoch) {
  const std::lock_guard lock(mutex_);
  TRY_DO(state_->check_epoch(epoch));
  for (const Snapshot& part : parts) state_->bases[number][part.name] = part;
  return {};
}

Expected<Snapshot> MemoryStore::base_part(std::uint64_t number, std::string_view name) {
  const std::lock_guard lock(mutex_);
  const auto base = state_->bases.find(number);
  if (base != state_->bases.end()) {
    const auto part = base->second.find(name);
    if (part != base->second.end()) return part->second;
  }
  return not_found("base " + std::to_string(number) + " has no part " + std::string(name));
}

Expected<std::vector<std::uint64_t>> MemoryStore::bases() {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, parts] : state_->bases) numbers.push_back(number);
  return numbers;
}

Expected<bool> MemoryStore::remove_base(std::uint64_t number, std::size_t most, Epoch epoch) {
  const std::lock_guard lock(mutex_);
  TRY_DO(state_->check_epoch(epoch));
  const auto base = state_->bases.find(number);
  if (base == state_->bases.end()) return false;
  auto& parts = base->second;
  while (most-- > 0 && !parts.empty()) parts.erase(parts.begin());
  if (!parts.empty()) return true;
  state_->bases.erase(base);
  return false;
}

Expected<std::uint32_t> MemoryStore::add_model(ModelVersion model) {
  const std::lock_guard lock(mutex_);
  auto& versions = state_->models[model.model];
  model.version = static_cast<std::uint32_t>(versions.size() + 1);
  versions.push_back(std::move(model));
  return versions.back().version;
}

Expected<std::vector<ModelVersion>> MemoryStore::models(bool with_bytes) {
  const std::lock_guard lock(mutex_);
  std::vector<ModelVersion> out;
  for (const auto& [name, versions] : state_->models) {
    for (const ModelVersion& version : versions) {
      out.push_back(version);
      if (!with_bytes) out.back().bytes.clear();
    }
  }
  return out;
}

Expected<ModelVersion> MemoryStore::model(std::string_view name, std::uint32_t version) {
  const std::lock_guard lock(mutex_);
  const auto it = state_->models.find(std::string(name));
  if (it == state_->models.end() || version == 0 || version > it->second.size()) {
    return not_found("model " + std::string(name) + " has no version " + std::to_string(version));
  }
  return it->second[version - 1];
}

Expected<void> MemoryStore::set_alias(std::string_view model, std::string_view alias,
                                      std::uint32_t version) {
  TRY_DO(this->model(model, version));
  const std::lock_guard lock(mutex_);
  state_->aliases[{std::string(model), std::string(alias)}] = version;
  return {};
}

Expected<std::vector<MemoryStore::Alias>> MemoryStore::aliases() {
  const std::lock_guard lock(mutex_);
  std::vector<Alias> out;
  for (const auto& [key, version] : state_->aliases) {
    out.push_back({key.first, key.second, version});
  }
  return out;
}

Expected<std::vector<DeadLetter>> MemoryStore::dead_letters(const DeadLetterQuery& query) {
  const std::lock_guard lock(mutex_);
  std::vector<DeadLetter> out;
  for (const DeadLetter& letter : state_->letters) {
    const bool open = letter.replayed == kNoPosition && !letter.discarded;
    if (letter.number <= query.after || (query.open_only && !open)) continue;
    if (!query.code.empty() && letter.code != query.code) continue;
    if (out.size() == query.limit) break;
    out.push_back(letter);
  }
  return out;
}

Expected<DeadLetter> MemoryStore::dead_letter(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  if (number == 0 || number > state_->letters.size()) {
    return not_found("there is no dead letter " + std::to_string(number));
  }
  return state_->letters[number - 1];
}

Expected<void> MemoryStore::discard(std::uint64_t number) {
  TRY(const DeadLetter letter, dead_letter(number));
  if (letter.replayed != kNoPosition) {
    return conflict("dead letter " + std::to_string(number) + " was replayed");
  }
  const std::lock_guard lock(mutex_);
  state_->letters[number - 1].discarded = true;
  return {};
}

Expected<bool> MemoryStore::remove_below(Position position, std::size_t most, Epoch epoch) {
  const std::lock_guard lock(mutex_);
  State& state = *state_;
  TRY_DO(state.check_epoch(epoch));
  const auto removable_block = [&] {
    return state.blocks.size() > 1 && state.blocks.front().last < position;
  };
  const auto removable_run = [&] {
    return !state.outcomes.empty() && state.outcomes.begin()->second.last < position;
  };
  for (std::size_t i = 0; i < most && removable_block(); ++i) state.blocks.pop_front();
  for (std::size_t i = 0; i < most && removable_run(); ++i) {
    state.outcomes.erase(state.outcomes.begin());
  }
  state.kept_from = std::max(state.kept_from, position);
  state.changes.erase(
      state.changes.begin(),
      state.changes.lower_bound(state.outcomes.empty() ? position : state.outcomes.begin()->first));
  return removable_block() || removable_run();
}

Expected<void> MemoryStore::verify() {
  const std::lock_guard lock(mutex_);
  std::optional<Hash128> before;
  for (const BlockBytes& block : state_->blocks) {
    auto decoded = event::decode_block(block.bytes);
    const std::string place = "block at " + std::to_string(block.first);
    if (!decoded) return std::move(decoded).error().during(place);
    if (before && decoded->previous != *before) return broken(place + " breaks the chain");
    before = event::block_hash(block.bytes);
  }
  return {};
}

namespace {

class MemoryVault final : public stage::Vault {
 public:
  Expected<std::string> pseudonym_key() override {
    const std::lock_guard lock(mutex_);
    return pseudonym_key_;
  }
  Expected<std::string> subject_key(std::string_view subject) override {
    const std::lock_guard lock(mutex_);
    if (destroyed_.count(std::string(subject)) > 0) return gone(subject);
    std::string& key = keys_[std::string(subject)];
    if (key.empty()) key = random_bytes(kSealKeyBytes);
    return key;
  }
  Expected<std::string> find_subject_key(std::string_view subject) override {
    const std::lock_guard lock(mutex_);
    if (destroyed_.count(std::string(subject)) > 0) return gone(subject);
    const auto it = keys_.find(std::string(subject));
    if (it == keys_.end()) return not_found("subject " + std::string(subject) + " has no key");
    return it->second;
  }
  Expected<void> destroy(std::string_view subject) override {
    const std::lock_guard lock(mutex_);
    keys_.erase(std::string(subject));
    destroyed_.insert(std::string(subject));
    return {};
  }
  Expected<std::vector<std::string>> destroyed() override {
    const std::lock_guard lock(mutex_);
    return std::vector<std::string>(destroyed_.begin(), destroyed_.end());
  }

 private:
  static Error gone(std::string_view subject) {
    return expired("the key of subject " + std::string(subject) + " was destroyed");
  }

  std::mutex mutex_;
  std::string pseudonym_key_ = random_bytes(kSealKeyBytes);
  std::map<std::string, std::string> keys_;
  std::set<std::string> destroyed_;
};

}  // namespace

std::unique_ptr<stage::Vault> make_memory_vault() {
  return std::make_unique<MemoryVault>();
}

}  // namespace quintet::store
