// How the messages of host/wire.h are read, for its source files alone.
#pragma once

#include <climits>

#include "host/wire.h"

namespace quintet::v1 {
class Error;
class OfferReply;
class RefuseRequest;
}  // namespace quintet::v1

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

// In wire.cc: what several messages hold.
void put_error(const Error& error, v1::Error& out);
Error error_of(const v1::Error& from);
Expected<OfferReply> offer_reply_of(const v1::OfferReply& from);
Refusal refusal_of(const v1::RefuseRequest& from);

}  // namespace quintet::host::wire
