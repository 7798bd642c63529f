// What every place needs that follows a log kept elsewhere: the application's versions, as the
// log's control records say them, and the keys of what is sealed in it, asked for where the vault
// is and never written down here.
//
// Lives on its owner's Scheduler.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/scheduler.h"
#include "host/key_source.h"
#include "host/vault_sealer.h"
#include "host/versions.h"

namespace quintet::host {

// Most keys that are remembered; with one more all are forgotten, and asked for again.
inline constexpr std::size_t kFollowerKeys = 1'000'000;
inline constexpr Micros kAskAgain = kSecond / 10;  // after a source was away

// The keys that were found so far. Makes none; one that was not asked for is `unavailable`.
class FollowerVault final : public stage::Vault {
 public:
  Expected<std::string> pseudonym_key() override;
  Expected<std::string> subject_key(std::string_view subject) override;
  Expected<std::string> find_subject_key(std::string_view subject) override;
  Expected<void> destroy(std::string_view subject) override;  // forgets it, for good
  Expected<std::vector<std::string>> destroyed() override;

  bool knows(const std::string& subject) const;
  void put(const std::string& subject, FoundKey key) { keys_[subject] = {std::move(key), false}; }
  // Forgets all it found, if it could not take so many more.
  void make_room(std::size_t more);
  // Whether anything may have been read with this key: false only if that is certain.
  bool may_have_used(const std::string& subject) const;
  // Nothing was read yet: a fold begins anew.
  void begin_anew();

 private:
  struct Known {
    FoundKey key;
    bool used = false;  // since begin_anew()
  };
  std::unordered_map<std::string, Known> keys_;  // order never shows
  std::set<std::string, std::less<>> destroyed_;
  bool forgot_some_ = false;
};

class Follower {
 public:
  Follower(KeySource& source, Scheduler& loop) : source_(source), loop_(loop), sealer_(vault_) {}

  Versions& versions() { return versions_; }
  const Versions& versions() const { return versions_; }
  FollowerVault& vault() { return vault_; }
  const FollowerVault& vault() const { return vault_; }
  VaultSealer& sealer() { return sealer_; }

  // Takes the version that an `application` record prepares, once. `broken` if one is missing.
  Expected<void> prepare(const event::Record& record);
  // The subject's key is gone, as an erase record says.
  Expected<void> forget(const std::string& subject);
  // Restoring a state, or folding from the log's beginning: what was read before does not count,
  // and a need() that waits is called off.
  void begin_anew() {
    call_off();
    vault_.begin_anew();
    sealer_.forget_all();
  }

  // As one that was never there: also what was erased is asked for again. Its key is there as long
  // as a record before the erase lacks its outcome.
  void reset() {
    begin_anew();
    vault_ = {};
  }

  // Calls `done` once it is known of each name whether it has a key: at once, or in a later job.
  // A later call takes the place of one that waits. A source that is away is asked again.
  void need(std::vector<std::string> names, std::function<void()> done);
  // True while need() has not called back.
  bool waits() const { return waits_; }

 private:
  void call_off();
  void ask(std::vector<std::string> names);
  void go_on(std::vector<std::string> names);

  KeySource& source_;
  Scheduler& loop_;
  Versions versions_;
  FollowerVault vault_;
  VaultSealer sealer_;
  std::uint64_t calls_ = 0;
  bool waits_ = false;
  std::function<void()> done_;
  std::unique_ptr<Timer> again_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace quintet::host
