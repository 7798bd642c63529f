// JSON in the one form in which what two patterns say is compared: members sorted by name, texts
// escaped one way, numbers as they were written, so that a float's last digit counts. Any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_in.h"

namespace quintet::tool {

// `left_out`: members of the outermost object that are not compared.
void append_canonical(std::string& out, JsonValue value,
                      std::span<const std::string_view> left_out = {});

// One value that two documents differ in. What one of them lacks is kAbsent there.
struct Differing {
  std::string field;  // "features.mean_7d", "models[0].version"; empty for the whole
  std::string a, b;   // as canonical JSON
};
inline constexpr std::string_view kAbsent = "(absent)";

// The first `most` of them, by field. Texts that are not JSON differ as a whole.
std::vector<Differing> differing(std::string_view a, std::string_view b, std::size_t most);

}  // namespace quintet::tool
