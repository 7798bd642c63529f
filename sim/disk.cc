#include "sim/disk.h"

#include "base/digest.h"

namespace quintet::sim {

namespace {

using stage::Snapshot;

constexpr std::size_t kUnsyncedSnapshots = 3;  // transactions that a loss of power may take

Error gone() {
  return unavailable("the process is dead");
}

class HandleStore final : public stage::Store {
 public:
  explicit HandleStore(DiskHandle& handle) : handle_(handle), store_(handle.disk.store) {}

  Expected<Epoch> open_epoch() override {
    if (handle_.dead) return gone();
    TRY(const Epoch epoch, store_.open_epoch());
    handle_.disk.newest_epoch = epoch;
    return epoch;
  }
  Expected<stage::LogEnd> end() override { return store_.end(); }

  Expected<void> commit(stage::Commit& commit, Epoch epoch) override {
    if (handle_.dead) return gone();
    if (handle_.failure) return *handle_.failure;
    Sites& sites = handle_.disk.sites;
    if (sites.maybe("the process dies before a commit", 0.003)) return end_here();
    if (sites.maybe("the disk is full", 0.003)) return fail(exhausted("the disk is full"));
    if (sites.maybe("a commit fails and is not there", 0.004)) return fail(broken("EIO"));
    auto done = store_.commit(commit, epoch);
    if (!done) {
      sites.saw("a commit is refused");
      return done;
    }
    if (epoch < handle_.disk.newest_epoch) {
      handle_.disk.faults.emplace_back("a sequencer committed after another had taken over");
    }
    handle_.disk.archive.committed(commit);
    if (sites.maybe("a commit fails and is there", 0.004)) return fail(broken("EIO in fsync"));
    if (sites.maybe("the process dies after a commit", 0.004)) return end_here();
    return done;
  }

  Expected<std::vector<event::BlockBytes>> read_log(Position from,
                                                    std::size_t most_bytes) override {
    if (handle_.dead) return gone();
    if (handle_.disk.sites.maybe("reading the log fails", 0.002)) return broken("EIO in a read");
    // Small reads, so that what is cut anywhere is seen to be put together again.
    return store_.read_log(from, std::min<std::size_t>(most_bytes, 4096));
  }
  Expected<std::vector<OutcomeRun>> read_outcomes(Position from, std::size_t most_bytes) override {
    return store_.read_outcomes(from, most_bytes);
  }
  Expected<std::optional<OutcomeRun>> outcome_run(Position position) override {
    return store_.outcome_run(position);
  }
  Expected<Position> low_mark() override { return store_.low_mark(); }

  Expected<void> put_snapshots(const std::vector<Snapshot>& snapshots) override {
    if (handle_.dead) return gone();
    if (handle_.disk.sites.maybe("the process dies before a snapshot", 0.05)) return end_here();
    if (handle_.disk.sites.maybe("a snapshot fails", 0.05)) return exhausted("the disk is full");
    handle_.disk.snapshots.push_back(snapshots);
    return {};
  }
  Expected<void> remove_snapshots() override {
    if (handle_.dead) return gone();
    if (handle_.disk.sites.maybe("the process dies before old snapshots go", 0.05)) {
      return end_here();
    }
    handle_.disk.snapshots.clear();
    return {};
  }
  Expected<void> remove_snapshots(const std::vector<std::string>& names) override {
    if (handle_.dead) return gone();
    for (auto& transaction : handle_.disk.snapshots) {
      std::erase_if(transaction, [&](const Snapshot& one) {
        return std::find(names.begin(), names.end(), one.name) != names.end();
      });
    }
    return {};
  }
  using Store::snapshots;
  Expected<std::vector<Snapshot>> snapshots(Position most, std::string_view wanted) override {
    std::map<std::string, Snapshot> newest;
    for (const auto& transaction : handle_.disk.snapshots) {
      for (const Snapshot& snapshot : transaction) {
        if (!wanted.empty() && snapshot.name != wanted) continue;
        Snapshot& known = newest[snapshot.name];
        if (snapshot.position <= most && snapshot.position >= known.position) known = snapshot;
      }
    }
    std::vector<Snapshot> out;
    for (auto& [name, snapshot] : newest) {
      if (snapshot.position != kNoPosition) out.push_back(std::move(snapshot));
    }
    return out;
  }

  Expected<std::uint32_t> add_model(stage::ModelVersion model) override {
    return store_.add_model(std::move(model));
  }
  Expected<std::vector<stage::ModelVersion>> models(bool with_bytes) override {
    return store_.models(with_bytes);
  }
  Expected<stage::ModelVersion> model(std::string_view name, std::uint32_t version) override {
    return store_.model(name, version);
  }
  Expected<void> set_alias(std::string_view model, std::string_view alias,
                           std::uint32_t version) override {
    return store_.set_alias(model, alias, version);
  }
  Expected<std::vector<Alias>> aliases() override { return store_.aliases(); }
  Expected<std::vector<stage::DeadLetter>> dead_letters(const DeadLetterQuery& query) override {
    return store_.dead_letters(query);
  }
  Expected<stage::DeadLetter> dead_letter(std::uint64_t number) override {
    return store_.dead_letter(number);
  }
  Expected<void> discard(std::uint64_t number) override {
    if (handle_.dead) return gone();
    return store_.discard(number);
  }
  Expected<bool> remove_below(Position position, std::size_t most, Epoch epoch) override {
    if (handle_.dead) return gone();
    if (handle_.disk.sites.maybe("the process dies before old log goes", 0.02)) return end_here();
    if (epoch == handle_.disk.newest_epoch) handle_.disk.archive.log_goes(position);
    auto more = store_.remove_below(position, most, epoch);
    check_fence(more.has_value(), epoch);
    if (handle_.disk.sites.maybe("the process dies after old log went", 0.02)) return end_here();
    return more;
  }
  Expected<void> put_base(std::uint64_t number, const std::vector<Snapshot>& parts,
                          Epoch epoch) override {
    if (handle_.dead) return gone();
    if (handle_.disk.sites.maybe("the process dies before a base", 0.05)) return end_here();
    if (handle_.disk.sites.maybe("a base finds no room", 0.03)) return exhausted("no room");
    auto done = store_.put_base(number, parts, epoch);
    check_fence(done.has_value(), epoch);
    return done;
  }
  Expected<Snapshot> base_part(std::uint64_t number, std::string_view name) override {
    return store_.base_part(number, name);
  }
  Expected<std::vector<std::uint64_t>> bases() override { return store_.bases(); }
  Expected<bool> remove_base(std::uint64_t number, std::size_t most, Epoch epoch) override {
    if (handle_.dead) return gone();
    if (handle_.disk.sites.maybe("the process dies before an old base goes", 0.03)) {
      return end_here();
    }
    if (epoch == handle_.disk.newest_epoch) handle_.disk.archive.base_goes(number);
    auto more = store_.remove_base(number, most, epoch);
    check_fence(more.has_value(), epoch);
    return more;
  }
  Expected<void> verify() override { return store_.verify(); }

 private:
  Error end_here() {
    handle_.die();
    return gone();
  }
  Error fail(Error error) {
    handle_.failure = error;
    return error;
  }
  void check_fence(bool done, Epoch epoch) {
    if (done && epoch < handle_.disk.newest_epoch) {
      handle_.disk.faults.emplace_back("a sequencer changed a base after another had taken over");
    }
    if (!done) handle_.disk.sites.saw("an older sequencer may not touch the base");
  }

  DiskHandle& handle_;
  store::MemoryStore& store_;
};

class HandleVault final : public stage::Vault {
 public:
  explicit HandleVault(DiskHandle& handle) : handle_(handle), disk_(handle.disk) {}

  Expected<std::string> pseudonym_key() override { return disk_.pseudonym_key; }

  Expected<std::string> subject_key(std::string_view subject) override {
    if (disk_.sites.maybe("the vault is away", 0.001)) return unavailable("the vault is away");
    auto found = find_subject_key(subject);
    if (found || found.error().code() != Code::not_found) return found;
    return made_[std::string(subject)] = disk_.new_key(subject);
  }
  Expected<std::string> find_subject_key(std::string_view subject) override {
    if (disk_.destroyed.contains(subject)) return expired("the key was destroyed");
    if (const auto key = disk_.keys.find(subject); key != disk_.keys.end()) return key->second;
    if (const auto key = made_.find(subject); key != made_.end()) return key->second;
    return not_found("no such key");
  }
  Expected<void> flush() override {
    if (made_.empty()) return {};
    if (handle_.dead) return gone();
    if (disk_.sites.maybe("the process dies before a flush of keys", 0.01)) return end_here();
    if (disk_.sites.maybe("a flush of keys fails", 0.01)) return exhausted("the disk is full");
    for (const auto& [subject, key] : made_) {
      // Two processes at once: the real vault's lock lets in one of them.
      if (disk_.keys.contains(subject)) return conflict("another process has the vault open");
    }
    for (const auto& [subject, key] : made_) {
      disk_.keys.emplace(subject, key);
      disk_.all_keys.emplace(subject, key);
    }
    made_.clear();
    if (disk_.sites.maybe("the process dies after a flush of keys", 0.01)) return end_here();
    return {};
  }
  Expected<void> destroy(std::string_view subject) override {
    if (handle_.dead) return gone();
    if (disk_.sites.maybe("the process dies before a key is destroyed", 0.05)) return end_here();
    if (disk_.sites.maybe("destroying a key fails", 0.05)) return broken("EIO");
    disk_.keys.erase(std::string(subject));
    made_.erase(std::string(subject));
    disk_.destroyed.insert(std::string(subject));
    if (disk_.sites.maybe("the process dies after a key is destroyed", 0.05)) return end_here();
    return {};
  }
  Expected<std::vector<std::string>> destroyed() override {
    return std::vector<std::string>(disk_.destroyed.begin(), disk_.destroyed.end());
  }

 private:
  Error end_here() {
    handle_.die();
    return gone();
  }

  DiskHandle& handle_;
  Disk& disk_;
  std::map<std::string, std::string, std::less<>> made_;  // not flushed
};

}  // namespace

Disk::Disk(Random& random, Sites& s, std::uint64_t seed) : sites(s), random_(random), seed_(seed) {
  pseudonym_key = new_key("pseudonym");
}

std::string Disk::new_key(std::string_view name) {
  const Digest key =
      sha256(std::to_string(seed_) + "/" + std::to_string(++made_) + "/" + std::string(name));
  return std::string(bytes_of(key));
}

void Disk::crash() {
  if (snapshots.empty()) return;
  if (sites.maybe("a crash takes all derived data", 0.1)) {
    snapshots.clear();
    return;
  }
  const auto most = static_cast<std::int64_t>(std::min(snapshots.size(), kUnsyncedSnapshots));
  if (!sites.maybe("a crash takes the last snapshots", 0.3)) return;
  snapshots.resize(snapshots.size() - static_cast<std::size_t>(random_.between(1, most)));
}

std::unique_ptr<stage::Store> make_store(DiskHandle& handle) {
  return std::make_unique<HandleStore>(handle);
}
std::unique_ptr<stage::Vault> make_vault(DiskHandle& handle) {
  return std::make_unique<HandleVault>(handle);
}

}  // namespace quintet::sim
