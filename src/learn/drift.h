// How far the inputs of a model have moved between two sets of rows: the population stability
// index of each input,
//
//   PSI = sum over bins of (a - e) * ln(a / e)
//
// e being the share of the rows before that fall into a bin and a that of the rows after. The bins
// are the deciles of the rows before, and one for missing values; an empty bin counts as half a
// row. By custom below 0.1 is little and above 0.25 much (Siddiqi, Credit Risk Scorecards, 2006).
// Pure; any thread; the same rows give the same bits everywhere.
#pragma once

#include <optional>
#include <span>

namespace quintet::learn {

// Fewer rows on either side say nothing.
inline constexpr std::size_t kDriftRows = 500;

struct Drift {
  std::size_t input = 0;  // the one that moved most; the first of equals
  double index = 0;
};

// Rows of `width` inputs each, row-major; NaN is missing. Nothing without enough rows.
std::optional<Drift> measure_drift(std::span<const float> before, std::span<const float> after,
                                   std::size_t width);

}  // namespace quintet::learn
