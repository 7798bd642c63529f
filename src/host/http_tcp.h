// Plain TCP streams. Only the .cc files that include asio see this.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "host/http_stream.h"

namespace quintet::host {

std::unique_ptr<ByteStream> make_tcp_stream(boost::asio::ip::tcp::socket socket);

}  // namespace quintet::host
