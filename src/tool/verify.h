// A stopped application's directory against itself: every checksum and chain, and a fold of its own
// log from its beginning or its base, compared bit for bit with what was recorded when the events
// came, and with the snapshots. This is the sentence of DESIGN 2 as a program.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tool/stored.h"

namespace quintet::tool {

struct VerifyReport {
  Position first = 1, last = kNoPosition;
  std::uint64_t results = 0;
  std::uint64_t erased_since = 0;  // differ, and a subject was erased after them
  std::uint64_t different = 0;     // results that differ otherwise
  // Scored under an application version that is older than the log's base: what it needs is gone,
  // so these are read and not folded.
  std::uint64_t before_base = 0;
  std::size_t snapshots = 0;        // parts compared
  std::string results_digest;       // as of `quintet results --digest`
  std::string state_digest;         // of shards and ingest at the end of the log
  std::vector<std::string> faults;  // the first difference of each sort, field by field
  bool holds() const { return faults.empty(); }
};

// `progress` is told positions done and in all. Errors: what keeps the directory from being read;
// what is read and does not agree is a fault of the report.
Expected<VerifyReport> verify(StoredLog& log,
                              const std::function<void(Position, Position)>& progress);

}  // namespace quintet::tool
