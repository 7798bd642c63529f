#include "base/seal.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <memory>

#include "base/bytes.h"
#include "base/check.h"
#include "base/digest.h"

namespace quintet {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

constexpr std::size_t kMostBytes = std::size_t{1} << 30;

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

enum class Way : int { open = 0, seal = 1 };

// A cipher that has taken key, nonce and associated bytes.
Context start(Way way, std::string_view key, SealPlace place, std::string_view associated) {
  check(key.size() == kSealKeyBytes, "a seal's key has 32 bytes");
  check(associated.size() <= kMostBytes, "associated bytes of more than a gibibyte");
  std::string input = "quintet seal";
  ByteWriter out(input);
  out.u64(place.number);
  out.u64(place.epoch);
  out.raw(associated);
  const Digest derived = hmac_sha256(key, input);
  constexpr unsigned char kNonce[12] = {};
  Context context(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool ready =
      context != nullptr &&
      EVP_CipherInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, derived.data(), kNonce,
                        static_cast<int>(way)) == 1 &&
      (associated.empty() || EVP_CipherUpdate(context.get(), nullptr, &size, raw(associated),
                                              static_cast<int>(associated.size())) == 1);
  check(ready, "AES-256-GCM is not available");
  return context;
}

}  // namespace

std::string seal(std::string_view key, SealPlace place, std::string_view plain,
                 std::string_view associated) {
  check(plain.size() <= kMostBytes, "sealing more than a gibibyte");
  const Context context = start(Way::seal, key, place, associated);
  std::string out(plain.size() + kSealTagBytes, '\0');
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  int size = 0;
  bool done = plain.empty() || EVP_CipherUpdate(context.get(), to, &size, raw(plain),
                                                static_cast<int>(plain.size())) == 1;
  int rest = 0;
  done = done && EVP_CipherFinal_ex(context.get(), to + size, &rest) == 1 &&
         EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kSealTagBytes,
                             to + plain.size()) == 1;
  check(done && static_cast<std::size_t>(size + rest) == plain.size(), "AES-256-GCM failed");
  return out;
}

Expected<std::string> open_sealed(std::string_view key, SealPlace place, std::string_view sealed,
                                  std::string_view associated) {
  if (sealed.size() < kSealTagBytes || sealed.size() > kMostBytes) {
    return broken("sealed bytes are cut off");
  }
  const Context context = start(Way::open, key, place, associated);
  const std::string_view text = sealed.substr(0, sealed.size() - kSealTagBytes);
  std::string tag(sealed.substr(text.size()));
  std::string out(text.size(), '\0');
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  int size = 0;
  int rest = 0;
  const bool same =
      (text.empty() ||
       EVP_CipherUpdate(context.get(), to, &size, raw(text), static_cast<int>(text.size())) == 1) &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kSealTagBytes, tag.data()) == 1 &&
      EVP_CipherFinal_ex(context.get(), to + size, &rest) == 1;
  if (!same) return broken("sealed bytes were changed, or another key sealed them");
  return out;
}

std::string random_bytes(std::size_t size) {
  check(size <= 4096, "random bytes are for keys");
  std::string out(size, '\0');
  check(RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(size)) == 1,
        "the system has no random bytes");
  return out;
}

}  // namespace quintet
