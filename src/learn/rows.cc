#include "learn/rows.h"

#include <cmath>

#include "base/bytes.h"
#include "base/check.h"
#include "base/digest.h"
#include "learn/model.h"

namespace quintet::learn {
namespace {

constexpr std::string_view kMagic{"QROWS\1\0\0", 8};
constexpr std::string_view kEnd = "QROWSEND";
constexpr std::size_t kEndSize = 16;

std::size_t row_size(std::size_t columns, bool weighted) {
  return columns * 4 + 4 + (weighted ? 4 : 0) + 8 + 1;
}

Error wrong(std::uint64_t row, std::string_view what) {
  return invalid("training row " + std::to_string(row + 1) + " " + std::string(what));
}

Expected<std::vector<std::string>> read_names(ByteReader& from, std::uint32_t columns) {
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < columns; ++i) {
    names.emplace_back(from.raw(from.u32()));
    if (!from.ok()) return invalid("the training rows end inside the header");
  }
  return names;
}

Expected<void> read_row(ByteReader& from, std::uint64_t i, bool weighted, Rows& rows) {
  for (std::size_t c = 0; c < rows.features.size(); ++c) {
    const float value = from.f32();
    if (std::isinf(value)) return wrong(i, "holds an infinite value in " + rows.features[c]);
    rows.values.push_back(value);
  }
  rows.labels.push_back(from.f32());
  if (weighted) {
    const float weight = from.f32();
    if (!(weight >= 0) || std::isinf(weight)) return wrong(i, "has a weight that is no weight");
    rows.weights.push_back(weight);
  }
  const std::int64_t position = from.i64();
  if (!rows.positions.empty() && position <= rows.positions.back()) {
    return wrong(i, "does not come after the row before it");
  }
  rows.positions.push_back(position);
  const std::uint8_t split = from.u8();
  if (split > static_cast<std::uint8_t>(Split::holdout)) return wrong(i, "has an unknown split");
  rows.splits.push_back(static_cast<Split>(split));
  const bool judged = rows.splits.back() == Split::train || rows.splits.back() == Split::holdout;
  if (judged && !std::isfinite(rows.labels.back())) return wrong(i, "has no label");
  return {};
}

}  // namespace

RowsWriter::RowsWriter(std::vector<std::string> features, bool weighted)
    : features_(std::move(features)), weighted_(weighted) {}

void RowsWriter::header(std::string& out) const {
  ByteWriter to(out);
  to.raw(kMagic);
  to.u32(static_cast<std::uint32_t>(features_.size()));
  to.u32(weighted_ ? 1 : 0);
  for (const std::string& name : features_) {
    to.u32(static_cast<std::uint32_t>(name.size()));
    to.raw(name);
  }
}

void RowsWriter::row(const TrainingRow& row, std::string& out) {
  check(row.features.size() == features_.size(), "a training row of the wrong size");
  ByteWriter to(out);
  for (const float value : row.features) to.f32(value);
  to.f32(row.label);
  if (weighted_) to.f32(row.weight);
  to.i64(row.position);
  to.u8(static_cast<std::uint8_t>(row.split));
  ++rows_;
}

void RowsWriter::end(std::string& out) const {
  ByteWriter to(out);
  to.u64(rows_);
  to.raw(kEnd);
}

Rows Rows::only(Split split) const {
  Rows part;
  part.features = features;
  for (std::size_t i = 0; i < size(); ++i) {
    if (splits[i] != split) continue;
    const auto values_of = row(i);
    part.values.insert(part.values.end(), values_of.begin(), values_of.end());
    part.labels.push_back(labels[i]);
    if (!weights.empty()) part.weights.push_back(weights[i]);
    part.positions.push_back(positions[i]);
    part.splits.push_back(split);
  }
  return part;
}

Expected<Rows> read_rows(std::string_view bytes) {
  ByteReader from(bytes);
  if (from.raw(kMagic.size()) != kMagic) return invalid("the file holds no training rows");
  const std::uint32_t columns = from.u32();
  const std::uint32_t weighted = from.u32();
  if (!from.ok() || columns == 0 || columns > kMaxFeatures || weighted > 1) {
    return invalid("the training rows have a header that cannot be");
  }
  Rows rows;
  TRY(rows.features, read_names(from, columns));
  const std::size_t size = row_size(columns, weighted == 1);
  if (from.rest() < kEndSize || (from.rest() - kEndSize) % size != 0 ||
      bytes.substr(bytes.size() - kEnd.size()) != kEnd) {
    return invalid("the training rows are cut off");
  }
  const std::uint64_t count = (from.rest() - kEndSize) / size;
  rows.values.reserve(count * columns);
  rows.labels.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) TRY_DO(read_row(from, i, weighted == 1, rows));
  if (from.u64() != count) return invalid("the training rows are fewer or more than they say");
  return rows;
}

std::string rows_digest(std::string_view bytes) {
  return sha256_hex(bytes);
}

}  // namespace quintet::learn
