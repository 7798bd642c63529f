// Sealing: AES-256-GCM (NIST SP 800-38D). What is sealed can be neither read nor changed without
// the key. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/expected.h"

namespace quintet {

inline constexpr std::size_t kSealKeyBytes = 32;
inline constexpr std::size_t kSealTagBytes = 16;

// Where something was sealed. With GCM a nonce must never serve twice under one key, so the key of
// the cipher is derived from the caller's key, the place and the associated bytes, as
// HMAC-SHA-256(key, "quintet seal" number:u64 epoch:u64 associated), and the nonce is zero. So two
// texts sealed with one key need two places, or two associated texts. Positions are such places:
// one is given once in an epoch, and what was not made durable is given again under a new epoch
// only.
struct SealPlace {
  std::uint64_t number = 0;  // the record's position, or another number that is used once
  std::uint64_t epoch = 0;
};

// Ciphertext and tag, 16 bytes longer than `plain`. `associated` is not stored, but open() needs
// the same. A key of another length than 32 bytes is our mistake (checked).
std::string seal(std::string_view key, SealPlace place, std::string_view plain,
                 std::string_view associated = {});

// `broken` if key, place, associated bytes or text are not those of seal(); it does not say which.
Expected<std::string> open_sealed(std::string_view key, SealPlace place, std::string_view sealed,
                                  std::string_view associated = {});

// Bytes from the system's random source, for keys. Never fails; ends the process without one.
std::string random_bytes(std::size_t size);

}  // namespace quintet
