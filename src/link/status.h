// The one table between our seven codes and gRPC's status codes, and how an error of a handler
// travels: code and message as the status, place and id in its details (a google.rpc.Status with an
// ErrorInfo, as other tools read it). Any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/expected.h"

namespace quintet::link {

// By gRPC's numbers; 0 is success and no Code.
int grpc_code(Code code);
// What a status that we did not write means to a caller of ours.
Code code_of(int grpc_code);

// A text as it travels: cut, and UTF-8.
std::string travelling(std::string_view text, std::size_t most);
// The bytes of `grpc-status-details-bin` for an error of a handler.
std::string encode_details(const Error& error);
// The error back; none if these details are not ours.
std::optional<Error> decode_details(std::string_view details);

}  // namespace quintet::link
