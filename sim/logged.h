// What the oracle's parts share: the log as it reads it, and a vault that forgets whom it is told.
#pragma once

#include "host/vault_sealer.h"
#include "sim/disk.h"
#include "sim/ledger.h"

namespace quintet::sim {

// Opens every seal ever made, but for the subjects that count as erased.
class EveryKey final : public stage::Vault {
 public:
  EveryKey(const Disk& disk, const std::set<std::string>& erased) : disk_(disk), erased_(erased) {}
  Expected<std::string> pseudonym_key() override { return disk_.pseudonym_key; }
  Expected<std::string> subject_key(std::string_view subject) override {
    return find_subject_key(subject);
  }
  Expected<std::string> find_subject_key(std::string_view subject) override {
    if (erased_.contains(std::string(subject))) return expired("erased");
    const auto key = disk_.all_keys.find(subject);
    if (key == disk_.all_keys.end()) return not_found("a key that was never durable");
    return key->second;
  }
  Expected<void> destroy(std::string_view) override { return {}; }
  Expected<std::vector<std::string>> destroyed() override { return std::vector<std::string>(); }

 private:
  const Disk& disk_;
  const std::set<std::string>& erased_;
};

struct Logged {
  event::Record record;
  Epoch epoch = 0;
};

using Versions = std::vector<std::shared_ptr<const app::Spec>>;  // by AppVersion - 1

// Each base that came into force is what its log comes to at its cut, folded from position 1 under
// the version and without the subjects that were erased when it was sealed.
void judge_bases(const Disk& disk, const std::vector<Logged>& log, const Versions& versions,
                 Ledger& ledger);

}  // namespace quintet::sim
