// Where durable data lies, by name. Everything else about a store is its contract, stage/store.h.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "stage/store.h"

namespace quintet::store {

// A store and the secrets that belong to it. The vault is a thing of its own so that it can be left
// out of backups: who has the store without the vault cannot read sealed fields.
struct Storage {
  std::unique_ptr<stage::Store> store;
  std::unique_ptr<stage::Vault> vault;
};

// "memory:" keeps nothing; "sqlite:DIR" or a plain directory keeps all in it, made if it is not
// there, or where its file says (store/location.h). `conflict` if another process holds the
// directory or a newer build wrote it; `invalid` for another scheme. The caller owns both; close
// them before opening the same directory again.
Expected<Storage> open_storage(std::string_view where);

// The same without a vault. `tell` is given what the store promises less of than it should, a
// sentence each.
Expected<std::unique_ptr<stage::Store>> open_store(
    std::string_view where, const std::function<void(const std::string&)>& tell = {});

}  // namespace quintet::store
