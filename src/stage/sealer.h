// Opens and closes the sealed parts of records (DESIGN 6.11). Stages ask for it; the host makes one
// over the vault and AES-256-GCM. An application without private fields never calls it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/expected.h"
#include "event/types.h"

namespace quintet::stage {

class Sealer {
 public:
  virtual ~Sealer() = default;
  // An empty subject is the log itself: private fields that are nobody's (S8.2).
  // `number` tells several sealed texts of one record apart. `unavailable` if the vault is away,
  // `expired` if the subject was erased.
  virtual Expected<std::string> seal(std::string_view subject, Position position, Epoch epoch,
                                     std::uint32_t number, std::string_view plain) = 0;
  // Nothing once the subject's key is destroyed. An error if the vault is away or the bytes are
  // damaged.
  virtual Expected<std::optional<std::string>> open(std::string_view subject, Position position,
                                                    Epoch epoch, std::uint32_t number,
                                                    std::string_view sealed) = 0;
};

}  // namespace quintet::stage
