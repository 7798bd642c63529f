// Training as a function of its input. A forest grows in segments of a fixed number of rounds; each
// segment depends on the rows, the request, the number of the segment and the forest so far, and on
// nothing else (DESIGN 6.9): it runs in a process of its own with a seed of its own, since
// libxgboost's random state is one for the process. So a training that was interrupted between two
// segments goes on to the same model as one that was not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "learn/linear.h"
#include "learn/rows.h"
#include "learn/train/request.h"

namespace quintet::learn {

// The seed of a segment: the first 31 bits of the named hash of both numbers.
std::uint32_t segment_seed(std::uint64_t seed, std::uint32_t segment);

// How many segments the request's rounds make; the last may be shorter.
std::uint32_t segment_count(const Request& request);

// The training rows must fit the request: its features, labels that the objective can take, and for
// a classification more than one class. Fills in num_class for multi:softprob.
Expected<void> check_training(const Rows& train, Request& request);

// After each round: its number from 0 and libxgboost's own metric on the training rows.
struct Progress {
  int round = 0;
  std::string metric;
  double value = 0;
};
using OnProgress = void (*)(const Progress&);

// Grows one segment onto `before` (UBJ; empty for segment 0) and gives the forest as UBJ. Uses
// libxgboost: call it once in a process.
Expected<std::string> grow_segment(const Request& request, const Rows& train, std::uint32_t segment,
                                   std::string_view before, OnProgress progress);

// Logistic or least-squares regression with an L2 penalty (`l2`, default 1, on standardised inputs,
// not on the bias) by Newton's method, at most `max_iterations` (default 50) steps. A missing value
// counts as the mean of its column. Deterministic: one thread, rows in order.
Expected<LinearParts> fit_linear(const Request& request, const Rows& train);

}  // namespace quintet::learn
