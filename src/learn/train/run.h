// A whole training in a directory. Reads request.json and rows.bin; writes
//
//   checkpoint     the forest after the last whole segment, with a digest of what it was made from
//   model.ubj      the model (model.json for a linear one), in the library's own form
//   golden.json    rows and the outputs that the model gives for them (learn/gate.h)
//   metrics.json   {"digest", "rows_train", "rows_holdout", "metrics": {...}, "baseline": {...},
//   ...} card.json, card.md   the model card (learn/card.h)
//
// each whole or not at all. Run again in the same directory it goes on after the last whole
// segment; a checkpoint of other rows or another request is not used. Our own scorer judges the
// model, so the figures are those of what will serve.
#pragma once

#include <string>

#include "base/expected.h"

namespace quintet::learn {

struct TrainingOptions {
  // Ends with success after that many segments of this run, as an interruption would; 0: never.
  // For tests.
  int stop_after_segments = 0;
};

// Prints progress to stdout, one JSON object a line: {"round": 3, "of": 100, "metric": "logloss",
// "train": 0.25}, at the end {"done": true, "digest": "...", "metrics": {...}}. Starts one child
// process a segment and waits for it. Fails with what was wrong with the input, the library's own
// words, or `broken` if a child died.
Expected<void> run_training(const std::string& directory, const TrainingOptions& options);

}  // namespace quintet::learn
