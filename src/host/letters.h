// How the originals of dead letters lie in the store: sealed under a key of the vault's that
// belongs to them alone, with random bytes in front that make each place of sealing the only one.
#pragma once

#include <string>
#include <string_view>

#include "stage/store.h"

namespace quintet::host {

inline constexpr std::string_view kLetterSubject = "dead-letters";  // of the vault's key

std::string seal_letter(std::string_view key, std::string_view plain);
// Puts the original in place of the sealed bytes. `not_found` or `expired` if the key is gone,
// `broken` if the bytes are damaged.
Expected<void> open_letter(stage::Vault& vault, stage::DeadLetter& letter);

}  // namespace quintet::host
