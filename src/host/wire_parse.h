// How the messages of host/wire.h are read, for its source files alone.
#pragma once

#include <climits>

#include "host/wire.h"

namespace quintet::host::wire {

// `Message` is a generated class.
template <class Message>
Expected<Message> parse(std::string_view bytes) {
  Message message;
  if (bytes.size() > INT_MAX ||
      !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return invalid("this is no " + std::string(Message::descriptor()->full_name()));
  }
  return message;
}

}  // namespace quintet::host::wire
