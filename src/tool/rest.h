// What an application shows at rest, read through its door and written as a dump (tool/dump.h):
// what two runs on the same input must agree in, whatever pattern they run under. Blocking.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tool/door.h"
#include "tool/dump.h"

namespace quintet::tool {

// What is in no dump, since it differs between two runs on one input: for help and documents.
inline constexpr std::string_view kLeftOut =
    "times of admission and of refusal, latencies, trace ids, epochs, addresses, created_at of "
    "models";

struct RestQuestion {
  Door door;
  // What the sender was answered, line by line as NDJSON, in order.
  std::vector<std::string> answers;
  // One that was killed may have refused an event without saying so, and again when it was sent
  // again: dead letters of one content count once, and their numbers do not count.
  bool letters_once = false;
  // Events without `time:`. Theirs is that of admission.
  std::set<std::string, std::less<>> timeless;
};

struct RestFigures {
  DumpWriter::Figures dump;
  // Replies that were not what the result is at rest, and the first of them.
  std::uint64_t replies_differ = 0;
  Position reply_position = kNoPosition;
  std::vector<Differing> reply_fields;  // a: the reply, b: at rest
};

// True once all that was admitted up to `last` has its outcome and is in the views.
Expected<bool> is_at_rest(const Door& door, Position last);

Expected<RestFigures> dump_at_rest(const RestQuestion& question, const std::string& path);

}  // namespace quintet::tool
