// What a peer sends, any bytes: batches of calls, a feed's messages, details of an error, questions
// of reflection; and sets of descriptors. Refused, or read and written again as the same. The first
// letter of the input says as what it is read.
// rooms: link
#include <cstdint>
#include <cstdlib>

#include "link/calls_wire.h"
#include "link/feed_wire.h"
#include "link/proto.h"
#include "link/reflection.h"
#include "link/status.h"

using namespace quintet;
using namespace quintet::link;

namespace {

void must(bool good) {
  if (!good) std::abort();
}

void calls(std::string_view bytes) {
  const auto frames = decode_call_frames(bytes);
  if (!frames) return;
  std::string again;
  for (const CallFrame& frame : *frames) append(again, frame, frame.body);
  const auto back = decode_call_frames(again);
  must(back && back->size() == frames->size());
  for (std::size_t i = 0; i < frames->size(); ++i) {
    const CallFrame &a = (*frames)[i], &b = (*back)[i];
    must(a.id == b.id && a.method == b.method && a.body == b.body && a.timeout == b.timeout &&
         a.metadata == b.metadata && a.cancel == b.cancel);
    must(a.error.has_value() == b.error.has_value());
  }
}

void feeds(std::string_view bytes) {
  if (const auto items = decode_feed_items(bytes)) {
    const auto back = decode_feed_items(encode(*items));
    must(back && back->size() == items->size());
    for (std::size_t i = 0; i < items->size(); ++i) {
      const FeedItem &a = (*items)[i], &b = (*back)[i];
      must(a.first == b.first && a.last == b.last && a.body == b.body);
    }
  }
  if (const auto ask = decode_feed_ask(bytes)) {
    const auto back = decode_feed_ask(encode(*ask));
    must(back && back->feed == ask->feed && back->from == ask->from &&
         back->messages == ask->messages && back->bytes == ask->bytes);
  }
}

void details(std::string_view bytes) {
  const auto error = decode_details(bytes);
  if (!error) return;
  const auto back = decode_details(encode_details(*error));
  must(back && back->code() == error->code());
}

void descriptors(std::string_view bytes) {
  const auto read = Descriptors::read(bytes);
  if (!read) return;
  for (const std::string& service : read->services()) {
    must(!read->with_imports(read->file_of(service)).empty());
  }
  for (const std::uint32_t field : {3u, 4u, 7u}) {
    std::string question;
    ProtoWriter(question).message(field, "a.b");
    must(reflect(*read, read->services(), question).has_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'c': calls(bytes); break;
    case 'f': feeds(bytes); break;
    case 'e': details(bytes); break;
    case 'd': descriptors(bytes); break;
    default: (void)reflect(Descriptors(), {"a.b"}, bytes);
  }
  return 0;
}
