// What roles_test.cc plays in: time and chance from one seed, stores that die with their place, and
// vaults of equal keys.
#pragma once

#include <map>
#include <set>

#include "base/digest.h"
#include "base/scheduler.h"
#include "stage/control.h"
#include "store/memory.h"

namespace quintet::host {

// Jobs one after the other in the order of their times, which chance decides; jobs of one poster
// keep their order.
class RolesWorld {
 public:
  // Not a multiple of the step: the numbers of one seed would be those of the next, one on.
  explicit RolesWorld(std::uint64_t seed) : state_(seed * 0xd1342543de82ef95) {}

  std::uint64_t next() {  // splitmix64
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  int below(int n) { return static_cast<int>(next() % static_cast<std::uint64_t>(n)); }
  bool chance(double p) { return static_cast<double>(next() >> 11) * 0x1p-53 < p; }

  Micros now() const { return now_; }
  void at(Micros time, std::shared_ptr<const bool> alive, Job job) {
    jobs_.emplace(std::pair(std::max(time, now_), given_++),
                  std::pair(std::move(alive), std::make_shared<Job>(std::move(job))));
  }
  void after(Micros delay, Job job) { at(now_ + delay, nullptr, std::move(job)); }
  // Runs the earliest job; false if there is none.
  bool step() {
    if (jobs_.empty()) return false;
    auto first = jobs_.extract(jobs_.begin());
    now_ = first.key().first;
    const auto& [alive, job] = first.mapped();
    if (alive == nullptr || *alive) (*job)();
    return true;
  }
  void until(Micros time) {
    while (!jobs_.empty() && jobs_.begin()->first.first <= time) step();
    now_ = std::max(now_, time);
  }

 private:
  std::uint64_t state_;
  Micros now_ = 0;
  std::uint64_t given_ = 0;
  std::map<std::pair<Micros, std::uint64_t>,
           std::pair<std::shared_ptr<const bool>, std::shared_ptr<Job>>>
      jobs_;
};

// A thread of it. With its end what was posted is never run.
class RolesThread final : public Scheduler {
 public:
  RolesThread(RolesWorld& world, int slowness) : world_(world), slowness_(slowness) {}
  ~RolesThread() override { *alive_ = false; }

  void post(Job job) override {
    last_ = std::max(last_, world_.now()) + world_.below(slowness_ + 1);
    world_.at(last_, alive_, std::move(job));
  }
  std::unique_ptr<Timer> after(Micros delay, std::function<void()> job) override {
    auto on = std::make_shared<bool>(true);
    world_.at(world_.now() + delay, alive_, [on, job] {
      if (*on) job();
    });
    return std::make_unique<Once>(on);
  }
  std::unique_ptr<Timer> every(Micros, std::function<void()>) override {
    check(false, "no place asks for this");
    return nullptr;
  }

 private:
  class Once final : public Timer {
   public:
    explicit Once(std::shared_ptr<bool> on) : on_(std::move(on)) {}
    ~Once() override { *on_ = false; }

   private:
    std::shared_ptr<bool> on_;
  };
  RolesWorld& world_;
  const int slowness_;
  Micros last_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// Stands still until it is set.
class RolesClock final : public Clock {
 public:
  Micros wall() override { return now; }
  Micros steady() override { return steady_ += 100; }
  Micros now = 0;

 private:
  Micros steady_ = 0;
};

// A store whose process may die, before or after what was given to the writer.
class RolesStore final : public store::MemoryStore {
 public:
  bool dead = false;
  std::vector<event::BlockBytes> all;  // that it ever had, also what was removed since
  Expected<void> commit(stage::Commit& commit, Epoch epoch) override {
    if (dead) return unavailable("its process is gone");
    TRY_DO(MemoryStore::commit(commit, epoch));
    all.insert(all.end(), commit.blocks.begin(), commit.blocks.end());
    return {};
  }
  Expected<void> put_snapshots(const std::vector<stage::Snapshot>& snapshots) override {
    if (dead) return unavailable("its process is gone");
    return MemoryStore::put_snapshots(snapshots);
  }
  Expected<void> remove_snapshots() override {
    if (dead) return unavailable("its process is gone");
    return MemoryStore::remove_snapshots();
  }
  Expected<void> remove_snapshots(const std::vector<std::string>& names) override {
    if (dead) return unavailable("its process is gone");
    return MemoryStore::remove_snapshots(names);
  }
  Expected<void> put_base(std::uint64_t number, const std::vector<stage::Snapshot>& parts,
                          Epoch epoch) override {
    if (dead) return unavailable("its process is gone");
    return MemoryStore::put_base(number, parts, epoch);
  }
  Expected<bool> remove_base(std::uint64_t number, std::size_t most, Epoch epoch) override {
    if (dead) return unavailable("its process is gone");
    return MemoryStore::remove_base(number, most, epoch);
  }
  Expected<bool> remove_below(Position position, std::size_t most, Epoch epoch) override {
    if (dead) return unavailable("its process is gone");
    return MemoryStore::remove_below(position, most, epoch);
  }
};

// Keys are functions of their names, so that two vaults of one seed seal alike.
class RolesVault final : public stage::Vault {
 public:
  Expected<std::string> pseudonym_key() override { return key_of("pseudonyms"); }
  Expected<std::string> subject_key(std::string_view subject) override {
    made_.emplace(subject);
    return find_subject_key(subject);
  }
  Expected<std::string> find_subject_key(std::string_view subject) override {
    if (destroyed_.contains(subject)) return expired("the key was destroyed");
    if (!made_.contains(subject)) return not_found("there is no key");
    return key_of(subject);
  }
  Expected<void> destroy(std::string_view subject) override {
    destroyed_.emplace(subject);
    return {};
  }
  Expected<std::vector<std::string>> destroyed() override {
    return std::vector<std::string>(destroyed_.begin(), destroyed_.end());
  }

 private:
  static std::string key_of(std::string_view name) {
    Sha256 sha;
    sha.add(name);
    return std::string(bytes_of(sha.finish()));
  }
  std::set<std::string, std::less<>> made_, destroyed_;
};

}  // namespace quintet::host
