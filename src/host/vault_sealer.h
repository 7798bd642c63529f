// The stages' Sealer over a vault: AES-256-GCM (base/seal.h) with one key a subject.
#pragma once

#include <unordered_map>

#include "stage/sealer.h"
#include "stage/store.h"

namespace quintet::host {

// The vault's key for private fields that are nobody's. No pseudonym, which is hexadecimal.
inline constexpr std::string_view kLogKey = "log";

// Seals records with the vault's subject keys and AES-256-GCM (base/seal.h). One thread.
class VaultSealer final : public stage::Sealer {
 public:
  explicit VaultSealer(stage::Vault& vault) : vault_(vault) {}
  Expected<std::string> seal(std::string_view subject, Position position, Epoch epoch,
                             std::uint32_t number, std::string_view plain) override;
  Expected<std::optional<std::string>> open(std::string_view subject, Position position,
                                            Epoch epoch, std::uint32_t number,
                                            std::string_view sealed) override;
  void forget(std::string_view subject) { keys_.erase(std::string(subject)); }
  void forget_all() { keys_.clear(); }

 private:
  stage::Vault& vault_;
  // Keys lately used; emptied when it grows past a limit. Order never shows.
  std::unordered_map<std::string, std::string> keys_;
};

// The names of the keys that seal parts of a record, one for each part.
void add_key_names(const event::Record& record, std::vector<std::string>& names);

}  // namespace quintet::host
