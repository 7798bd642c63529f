// Events from files: CSV, NDJSON, plain or gzip, read line by line, several files merged in the one
// order that a log needs: (event time, order on the command line, line). One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/spec.h"
#include "event/decode.h"

namespace quintet::tool {

// Lines of one file, without their line ends. Gzip is recognised by its first bytes. With the
// separator of CSV its records (event/line_cutter.h).
class LineReader {
 public:
  static Expected<std::unique_ptr<LineReader>> open(const std::string& path, char separator = 0);
  ~LineReader();
  // The next line, or false at the end. The view is good until the next call. `broken` for damaged
  // gzip, `exhausted` for a line over kMaxEventBytes.
  Expected<bool> next(std::string_view& line);
  std::uint64_t line_number() const;  // where the one given last begins; the first is 1
  std::uint64_t bytes_read() const;   // of the file as it lies on disk
  std::uint64_t bytes_total() const;

 private:
  struct State;
  explicit LineReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// "transaction=FILE.csv.gz", taken apart. The format is told by the name's ending.
struct InputFile {
  std::string event_type;
  std::string path;
};
Expected<InputFile> parse_input(std::string_view text, const app::Spec& spec);

// A line that is no event: what a command reports, or a dead letter.
struct BadLine {
  std::string path;
  std::uint64_t line = 0;
  Error error;
  std::string_view text;
  std::size_t file = 0;  // in the order they were given
};

class EventSource {
 public:
  // Opens all files and reads their headers. `spec` outlives the source.
  static Expected<std::unique_ptr<EventSource>> open(const app::Spec& spec,
                                                     const std::vector<InputFile>& files,
                                                     const std::string& pseudonym_key);
  ~EventSource();

  // The next event in merged order; false at the end. An event without id gets file:line. Bad lines
  // are given to `on_bad` and passed over; an error that it returns ends the reading.
  using OnBad = std::function<Expected<void>(const BadLine&)>;
  Expected<bool> next(event::Event& out, const OnBad& on_bad);
  // The line of the event given last, as it was read, and its format ("csv", "json").
  std::string_view line() const;
  std::string_view format() const;
  // Where it stood: the file's place among those given, and the line.
  std::size_t file() const;
  std::uint64_t line_number() const;
  // A file's header line as it was read; empty for NDJSON.
  const std::string& header(std::size_t file) const;

  std::uint64_t bytes_read() const;
  std::uint64_t bytes_total() const;

 private:
  struct State;
  explicit EventSource(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace quintet::tool
