// Text to a file, through gzip if its name says so, or to stdout for "-". One thread.
#pragma once

#include <memory>
#include <string>

#include "event/value.h"

namespace quintet::tool {

class Output {
 public:
  // `at_once`: what is written is there to read. `when_whole`: it stands under PATH.part until
  // close(), so nobody takes a part for the whole; pipes and devices get it at once all the same.
  enum class Show : unsigned char { at_once, when_whole };
  static Expected<std::unique_ptr<Output>> open(const std::string& path, Show show = Show::at_once);
  ~Output();  // without close(): takes the part away
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
