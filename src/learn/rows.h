// The file in which training rows travel from the fold to the training program. Written row by row
// in position order, so the host can stream it; read whole. All numbers little-endian.
//
//   magic     "QROWS\1\0\0"                                    8 bytes
//   columns   u32                                              number of features
//   weighted  u32                                              1 if each row has a weight, else 0
//   names     columns times: u32 length, bytes
//   rows      n times: f32 feature * columns, f32 label, [f32 weight], i64 position, i8 split
//   end       u64 n, "QROWSEND"                                16 bytes; its absence means cut off
//
// A missing feature is NaN. A missing label is NaN; such a row is refused in train and holdout.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"

namespace quintet::learn {

enum class Split : std::int8_t {
  none = 0,     // in the file for the record only
  train = 1,    // learned from
  gap = 2,      // between training and holdout: its label was not known yet (DESIGN 6.3)
  holdout = 3,  // judged on
};

struct TrainingRow {
  std::span<const float> features;
  float label = 0;
  float weight = 1;  // written only if the file is weighted
  std::int64_t position = 0;
  Split split = Split::none;
};

// Appends to a string of the caller's, who writes it out and clears it as it likes. Not
// thread-safe.
class RowsWriter {
 public:
  RowsWriter(std::vector<std::string> features, bool weighted);
  // The header comes first and once.
  void header(std::string& out) const;
  // The row must have as many features as there are names.
  void row(const TrainingRow& row, std::string& out);
  // Closes the file; no row after it.
  void end(std::string& out) const;
  std::uint64_t rows() const { return rows_; }

 private:
  std::vector<std::string> features_;
  bool weighted_;
  std::uint64_t rows_ = 0;
};

// Rows as columns of one kind: features row-major, everything else one entry a row.
struct Rows {
  std::vector<std::string> features;
  std::vector<float> values;  // size() * features.size()
  std::vector<float> labels;
  std::vector<float> weights;  // empty if not weighted
  std::vector<std::int64_t> positions;
  std::vector<Split> splits;

  std::size_t size() const { return labels.size(); }
  std::span<const float> row(std::size_t i) const {
    return std::span(values).subspan(i * features.size(), features.size());
  }
  // The rows of one split, in order.
  Rows only(Split split) const;
};

// Fails with `invalid` for anything but a whole, well-formed file: cut off, wrong counts, positions
// that do not rise, infinite values, an unknown split.
Expected<Rows> read_rows(std::string_view bytes);

// SHA-256 in hex over features, labels, weights, positions and splits: the `rows digest` of the
// lineage. Equal for the digest of the file's bytes, in which nothing is optional.
std::string rows_digest(std::string_view bytes);

}  // namespace quintet::learn
