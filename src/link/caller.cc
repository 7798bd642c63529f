#include "link/caller.h"

#include <fmt/format.h>

#include "base/text.h"
#include "link/limits.h"

namespace quintet::link {

namespace {

bool is_name(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") ==
                              std::string_view::npos;
}

bool is_value(std::string_view text) {
  for (const char letter : text) {
    if (letter < 0x20 || letter > 0x7e) return false;
  }
  return true;
}

}  // namespace

std::string_view find(const Metadata& metadata, std::string_view name) {
  for (const auto& [key, value] : metadata) {
    if (key == name) return value;
  }
  return {};
}

Expected<void> check_metadata(const Metadata& metadata) {
  if (metadata.size() > kMaxMetadata) {
    return exhausted(
        fmt::format("{} pairs of metadata, at most {}", metadata.size(), kMaxMetadata));
  }
  std::size_t bytes = 0;
  for (const auto& [name, value] : metadata) {
    bytes += name.size() + value.size();
    if (!is_name(name) || name.starts_with("grpc-")) {
      return invalid(fmt::format("{} cannot be the name of metadata", shown(name)));
    }
    if (!is_value(value)) {
      return invalid(fmt::format("the metadata {} has a value that is not visible ASCII", name));
    }
  }
  if (bytes > kMaxMetadataBytes) {
    return exhausted(fmt::format("{} bytes of metadata, at most {}", bytes, kMaxMetadataBytes));
  }
  return {};
}

Error on_the_way(Error error, std::string_view method, std::string_view peer) {
  return std::move(error).during(fmt::format("{} at {}", method, peer));
}

}  // namespace quintet::link
