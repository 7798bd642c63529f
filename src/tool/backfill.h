// Folds files through the stages without a server or a store and writes one line an event: what
// serving would have answered, had these events come in this order.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "learn/model.h"
#include "tool/input.h"
#include "tool/progress.h"

namespace quintet::tool {

struct BackfillOptions {
  std::shared_ptr<const app::Spec> spec;
  std::vector<InputFile> inputs;
  std::string output;  // FILE.csv, FILE.csv.gz, "-" for stdout; empty: the digest alone
  // Models in force from the first event on, by name.
  std::vector<std::pair<std::string, std::shared_ptr<const learn::Model>>> models;
  std::string pseudonym_key;
  Micros from = kNoTime;  // write only events at or after this time; all are folded
};

struct BackfillReport {
  std::uint64_t events = 0, written = 0, repeated = 0, refused = 0, bad_lines = 0;
  std::string digest;        // SHA-256 over all outcomes, in order
  std::string state_digest;  // over the feature state at the end
};

// Bad lines and refused events are reported through `on_bad` and passed over.
Expected<BackfillReport> backfill(const BackfillOptions& options, Progress& progress,
                                  const EventSource::OnBad& on_bad);

}  // namespace quintet::tool
