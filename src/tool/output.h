// Text to a file, through gzip if its name says so, or to stdout for "-". One thread.
#pragma once

#include <memory>
#include <string>

#include "event/value.h"

namespace quintet::tool {

class Output {
 public:
  static Expected<std::unique_ptr<Output>> open(const std::string& path);
  ~Output();
  // What was not written yet; append to it.
  std::string& text() { return text_; }
  // Writes it if there are at least `above` bytes. `exhausted` if the disk will not take it.
  Expected<void> spill(std::size_t above);
  Expected<void> close();

 private:
  struct File;
  explicit Output(std::unique_ptr<File> file);
  std::string text_;
  std::unique_ptr<File> file_;
};

// A comma, then the value as one CSV cell; null is an empty cell.
void append_cell(std::string& out, event::Type type, event::Value value);

}  // namespace quintet::tool
