// Secrets on disk: the pseudonym key of a log and one key a subject, each sealed with AES-256-GCM
// under a key-encryption key that lies in a file of its own. Destroying a subject's key makes what
// it sealed unreadable wherever copies of the log lie.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "stage/store.h"

namespace quintet::store {

struct VaultOptions {
  // The key-encryption key: 64 hex digits. Made (mode 0600) if there is no such file and the vault
  // is empty. Empty: vault.key in the directory. Keep it elsewhere, and a copy of the directory
  // alone is no use.
  std::string key_file;
  std::string vfs;  // as in SqliteOptions
};

// Any thread; calls wait for each other.
class SqliteVault : public stage::Vault {
 public:
  // Seals every key anew under a fresh key-encryption key and replaces the key file. The keys
  // themselves stay, so nothing that they sealed changes. A crash leaves either the old or the new.
  virtual Expected<void> rotate() = 0;
  // Gives a new vault this pseudonym key, of 32 bytes. `conflict` if it has another one.
  virtual Expected<void> take_pseudonym_key(std::string_view key) = 0;
};

// Keeps vault.db in the directory (mode 0700). `broken` if the key file does not fit, `conflict` if
// a newer build wrote it or another process has it open.
Expected<std::unique_ptr<SqliteVault>> open_vault(const std::string& directory,
                                                  const VaultOptions& options = {});

}  // namespace quintet::store
