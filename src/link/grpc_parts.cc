#include "link/grpc_parts.h"

#include <fmt/format.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>
#include <sys/un.h>

#include "base/text.h"
#include "link/limits.h"
#include "link/status.h"

namespace quintet::link {

Expected<void> check_address(std::string_view address) {
  constexpr std::string_view kUnix = "unix:";
  if (address.starts_with(kUnix)) {
    const std::string_view path = address.substr(kUnix.size());
    if (!path.starts_with('/')) {
      return invalid(fmt::format("{}: a unix socket needs an absolute path", shown(address)));
    }
    if (path.size() >= sizeof(sockaddr_un::sun_path)) {
      return invalid(fmt::format("{}: the path of a unix socket has at most {} bytes",
                                 shown(address), sizeof(sockaddr_un::sun_path) - 1));
    }
    return {};
  }
  const std::size_t colon = address.rfind(':');
  const std::string_view port = address.substr(std::min(colon, address.size() - 1) + 1);
  if (colon == std::string_view::npos || colon == 0 || port.empty() || port.size() > 5 ||
      port.find_first_not_of("0123456789") != std::string_view::npos) {
    return invalid(fmt::format("{} is neither HOST:PORT nor unix:/PATH", shown(address)));
  }
  return {};
}

grpc::ByteBuffer to_buffer(std::string bytes) {
  // A small one is copied into the slice itself, a large one is handed over.
  constexpr std::size_t kSmall = 1024;
  if (bytes.size() <= kSmall) {
    const grpc::Slice slice(bytes);
    return {&slice, 1};
  }
  auto* owned = new std::string(std::move(bytes));
  const grpc::Slice slice(
      owned->data(), owned->size(), [](void* string) { delete static_cast<std::string*>(string); },
      owned);
  return {&slice, 1};
}

std::string to_string(const grpc::ByteBuffer& buffer) {
  std::string bytes;
  std::vector<grpc::Slice> slices;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

grpc::Status to_status(const Error& error) {
  return {static_cast<grpc::StatusCode>(grpc_code(error.code())),
          travelling(error.message(), kMaxErrorBytes), encode_details(error)};
}

grpc::Status to_status(const Expected<void>& how) {
  return how ? grpc::Status::OK : to_status(how.error());
}

Error to_error(const grpc::Status& status, std::string_view method, std::string_view peer) {
  if (auto error = decode_details(status.error_details())) return *std::move(error);
  return on_the_way(Error(code_of(status.error_code()), repair_utf8(status.error_message())),
                    method, peer);
}

}  // namespace quintet::link
