// `quintet explain`: how a column's value came about. The windows that it reads, the events in
// them, and those left out with the reason, as they stood at a position of the log.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "feature/shard.h"
#include "tool/input.h"

namespace quintet::tool {

struct StoryOptions {
  // Either a log's directory, which must be free, or an application and files.
  std::string data;
  std::shared_ptr<const app::Spec> spec;
  std::vector<InputFile> inputs;
  std::string id;
  std::string event_type;  // empty: any that has the column
  std::string column;
  // As it was after this position, as if the event came then; kNoPosition: where it came.
  Position at = kNoPosition;
  std::size_t limit = 50;  // entries of each window
};

struct WindowStory {
  std::string aggregate;  // "mean(amount) over 7d including this, transaction by customer_id"
  std::string value;      // the answer
  bool timed = false;
  Micros after = kNoTime, until = 0;  // of a window by time: after < t <= until
  std::string why_empty;                      // "a part of the key is null"
  std::vector<feature::WindowEntry> entries;  // nearest first; why "this event" of itself
  std::vector<std::string> ids;               // of the entries' events
};

struct ColumnStory {
  std::string event_type, id, column, definition, value;
  Position position = kNoPosition;  // the event's own
  Position at = kNoPosition;
  Micros time = 0;
  std::vector<std::pair<std::string, std::string>> reads;  // fields and columns, with values
  std::vector<WindowStory> windows;
};

// `not_found` if there is no such event or column, or nothing at that position.
Expected<ColumnStory> tell(const StoryOptions& options);

}  // namespace quintet::tool
