// What survives a process: a store and a vault with the guarantees of the real ones, and handles on
// them that one process holds, which fail and die by chance.
//
// The store promises what SQLite under synchronous=FULL does: a commit that was answered is
// durable, one under way at a crash is there as a whole or not at all, and one that failed may be
// there too. Derived data promises less: of the last snapshots any suffix may be gone, or the whole
// file. Keys that were not flushed are gone. What SQLite itself does with a torn file:
// src/store/crash_test.cc.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "sim/archive.h"
#include "sim/sites.h"

namespace quintet::sim {

class Disk {
 public:
  Disk(Random& random, Sites& sites, std::uint64_t seed);

  // Power is lost: derived data may go.
  void crash();
  // A key of this name: the same for a seed, another at each making.
  std::string new_key(std::string_view name);

  Sites& sites;
  store::MemoryStore store;
  std::string pseudonym_key;
  std::map<std::string, std::string, std::less<>> keys;  // by subject, durable
  std::set<std::string, std::less<>> destroyed;
  std::map<std::string, std::string, std::less<>> all_keys;  // destroyed ones too, for the oracle
  Epoch newest_epoch = 0;                                    // that was given out
  std::vector<std::string> faults;                           // broken promises of the store
  std::vector<std::vector<stage::Snapshot>> snapshots;       // by transaction
  Archive archive{store, faults};

 private:
  Random& random_;
  std::uint64_t seed_;
  std::uint64_t made_ = 0;
};

// One process's sight of the disk. `die` is called when the process shall end inside a call: from
// then on nothing that it does has an effect.
class DiskHandle {
 public:
  DiskHandle(Disk& on, std::function<void()> end) : disk(on), die(std::move(end)) {}
  Disk& disk;
  std::function<void()> die;
  bool dead = false;
  std::optional<Error> failure;  // of a commit: all later ones fail until opened anew
};

std::unique_ptr<stage::Store> make_store(DiskHandle& handle);
std::unique_ptr<stage::Vault> make_vault(DiskHandle& handle);

}  // namespace quintet::sim
