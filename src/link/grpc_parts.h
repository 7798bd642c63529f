// What both sides of the gRPC transport need. For its own files alone.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "link/grpc.h"

namespace grpc {
class ByteBuffer;
class ChannelCredentials;
class ServerCredentials;
class Status;
}  // namespace grpc

namespace quintet::link {

// Before anything else of gRPC. Its release 1.51 ends its threads for callbacks with the last
// channel or server that used them, and that end is not safe: now and then one of them dies of a
// completion queue that has gone. A channel that is never destroyed keeps them. Its log is silent
// unless the environment has GRPC_VERBOSITY. Any thread, any number of times.
void prepare_grpc();

// `invalid` unless the address has one of the forms that grpc.h names.
Expected<void> check_address(std::string_view address);

grpc::ByteBuffer to_buffer(std::string bytes);
std::string to_string(const grpc::ByteBuffer& buffer);

// An error that a handler gave, or that our server made, travels whole.
grpc::Status to_status(const Expected<void>& how);
grpc::Status to_status(const Error& error);
// The error of a status that is not ok: as it was sent, or one of the way.
Error to_error(const grpc::Status& status, std::string_view method, std::string_view peer);

// Plain without options. `invalid` if the files cannot be used.
Expected<std::shared_ptr<grpc::ServerCredentials>> server_credentials(
    const std::optional<TlsOptions>& tls);
Expected<std::shared_ptr<grpc::ChannelCredentials>> channel_credentials(
    const std::optional<TlsOptions>& tls);

}  // namespace quintet::link
