// The stages' Sealer over a vault: AES-256-GCM (base/seal.h) with one key a subject.
#pragma once

#include <unordered_map>

#include "stage/sealer.h"
#include "stage/store.h"

namespace quintet::host {

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

 private:
  stage::Vault& vault_;
  // Keys lately used; emptied when it grows past a limit. Order never shows.
  std::unordered_map<std::string, std::string> keys_;
};

}  // namespace quintet::host
