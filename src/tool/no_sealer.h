// For files that are folded without a store: nothing is written, so there is nothing to seal.
#pragma once

#include "stage/sealer.h"

namespace quintet::tool {

class NoSealer final : public stage::Sealer {
 public:
  Expected<std::string> seal(std::string_view, Position, Epoch, std::uint32_t,
                             std::string_view) override {
    return std::string();
  }
  Expected<std::optional<std::string>> open(std::string_view, Position, Epoch, std::uint32_t,
                                            std::string_view) override {
    return std::optional<std::string>();
  }
};

}  // namespace quintet::tool
