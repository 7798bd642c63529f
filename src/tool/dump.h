// A dump: all that an application answers at rest, as a file of lines
//
//   # SECTION
//   SECTION <tab> KEY <tab> canonical JSON
//
// Sections follow each other in an order that the application fixes; in a section keys are numbers
// that rise, or texts that are told apart. Written and read line by line, so a log of any length
// needs no memory. One thread.
#pragma once

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "tool/canonical.h"
#include "tool/output.h"

namespace quintet::tool {

class DumpWriter {
 public:
  static Expected<DumpWriter> open(const std::string& path);
  // What follows is of this section; it may stay empty.
  void begin(std::string_view section);
  // `json` is canonical.
  Expected<void> add(std::string_view key, std::string_view json);

  struct Figures {
    std::string digest;                                           // SHA-256 of the file, in hex
    std::vector<std::pair<std::string, std::uint64_t>> sections;  // lines of each
  };
  Expected<Figures> close();

 private:
  explicit DumpWriter(std::unique_ptr<Output> output) : output_(std::move(output)) {}
  void put(std::string_view line);

  std::unique_ptr<Output> output_;
  Sha256 sha_;
  std::string line_;
  Figures figures_;
};

// What two dumps differ in, by section.
struct SectionDifference {
  std::string section;
  std::uint64_t lines_a = 0, lines_b = 0;
  std::uint64_t different = 0;  // in both, with other content
  std::uint64_t only_a = 0, only_b = 0;
  // The first of all these.
  std::string key;
  std::string line_a, line_b;  // canonical JSON; empty where there is none
  std::vector<Differing> fields;
  bool equal() const { return different + only_a + only_b == 0; }
};

// Sections in their order, equal ones too. Errors: a file that cannot be read, or is no dump.
Expected<std::vector<SectionDifference>> compare_dumps(const std::string& a, const std::string& b);

}  // namespace quintet::tool
