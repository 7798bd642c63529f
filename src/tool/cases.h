// What `quintet test` runs: events that are given and what is expected of them.
//
//   given:
//     - transaction: {id: "1", at: 2024-01-01T10:00:00Z, amount: 12.50}   # or: {type: ..., ...}
//   expect:
//     "1": {count_1d: 1, verdict: approve}      # what is not named is not compared
//     "2": refused
//     "1/2": repeated                           # the second event that is given with the id "1"
//
// The events go through the same stages as those of a log, in the order of the file. Fields may be
// named as in the application or as in its input. Of models those that are given are in force.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/spec.h"
#include "learn/model.h"

namespace quintet::tool {

struct Mismatch {
  int line = 0;  // of the expectation
  std::string id, name, expected, actual;
};

struct CaseReport {
  std::size_t events = 0, values = 0;
  std::vector<Mismatch> mismatches;
  // The file with what was found in place of what was expected. A file that expects nothing gets
  // everything that was found.
  std::string updated;
};

struct CaseOptions {
  std::shared_ptr<const app::Spec> spec;
  std::vector<std::pair<std::string, std::shared_ptr<const learn::Model>>> models;  // by name
};

// `invalid` for a file that cannot be run; the message begins with the line.
Expected<CaseReport> run_cases(const CaseOptions& options, std::string_view text);

}  // namespace quintet::tool
