#include <bit>
#include <cmath>
#include <cstring>

#include "base/text.h"
#include "host/oip_request.h"

namespace quintet::host {

static_assert(std::endian::native == std::endian::little, "binary tensors are little-endian");

namespace {

struct TypeFacts {
  std::string_view name;
  std::size_t size;
};

constexpr TypeFacts kTypes[] = {{"", 0},       {"BOOL", 1},   {"UINT8", 1}, {"UINT16", 2},
                                {"UINT32", 4}, {"UINT64", 8}, {"INT8", 1},  {"INT16", 2},
                                {"INT32", 4},  {"INT64", 8},  {"FP32", 4},  {"FP64", 8}};

Error about(const OipTensor& tensor, std::string_view what) {
  return invalid("input " + shown(tensor.name) + " " + std::string(what));
}

template <class N>
void append_as_float(std::string_view bytes, std::vector<float>& out) {
  for (; !bytes.empty(); bytes.remove_prefix(sizeof(N))) {
    N value;
    std::memcpy(&value, bytes.data(), sizeof(N));
    out.push_back(static_cast<float>(value));
  }
}

bool has_infinity(const std::vector<float>& values) {
  bool found = false;
  for (const float value : values) found |= std::isinf(value);
  return found;
}

Expected<void> decode_booleans(std::string_view bytes, OipTensor& tensor) {
  for (const char c : bytes) {
    if (c != 0 && c != 1) return about(tensor, "has a BOOL that is neither 0 nor 1");
    tensor.values.push_back(c);
  }
  return {};
}

// Rows of one column tensor: [n] or [n, 1].
Expected<std::size_t> column_rows(const OipTensor& tensor) {
  const bool fits = tensor.shape.size() == 1 || (tensor.shape.size() == 2 && tensor.shape[1] == 1);
  if (!fits) return about(tensor, "is a column and must have the shape [n, 1] or [n]");
  return static_cast<std::size_t>(tensor.shape[0]);
}

Expected<void> assemble_columns(const OipRequest& request, const OipSignature& signature,
                                RowMatrix& matrix) {
  const std::size_t width = signature.columns.size();
  std::vector<const OipTensor*> by_column(width, nullptr);
  for (const OipTensor& tensor : request.inputs) {
    std::size_t column = 0;
    while (column < width && signature.columns[column] != tensor.name) ++column;
    if (column == width) return about(tensor, "is no column of the model");
    if (by_column[column]) return about(tensor, "is given twice");
    by_column[column] = &tensor;
    TRY(const std::size_t rows, column_rows(tensor));
    if (&tensor == &request.inputs.front()) matrix.rows = rows;
    if (rows != matrix.rows) return about(tensor, "has another number of rows than the first");
  }
  for (std::size_t column = 0; column < width; ++column) {
    if (!by_column[column]) {
      return invalid("the input " + shown(signature.columns[column]) + " is missing");
    }
  }
  if (matrix.rows > kMaxOipValues / width) return invalid("the request has too many values");
  matrix.values.resize(matrix.rows * width);
  for (std::size_t column = 0; column < width; ++column) {
    for (std::size_t row = 0; row < matrix.rows; ++row) {
      matrix.values[row * width + column] = by_column[column]->values[row];
    }
  }
  return {};
}

}  // namespace

OipType oip_type_of(std::string_view datatype) {
  for (std::size_t i = 1; i < std::size(kTypes); ++i) {
    if (kTypes[i].name == datatype) return static_cast<OipType>(i);
  }
  return OipType::unknown;
}

std::size_t size_of(OipType type) {
  return kTypes[static_cast<int>(type)].size;
}
std::string_view name_of(OipType type) {
  return kTypes[static_cast<int>(type)].name;
}

Expected<std::size_t> count_of(const OipTensor& tensor) {
  if (tensor.shape.empty()) return about(tensor, "has no shape");
  std::size_t count = 1;
  for (const std::int64_t dimension : tensor.shape) {
    if (dimension <= 0) return about(tensor, "has a dimension that is not positive");
    const auto size = static_cast<std::uint64_t>(dimension);
    if (size > kMaxOipValues / count) return about(tensor, "has more values than the limit");
    count *= size;
  }
  return count;
}

Expected<void> decode_binary(std::string_view bytes, OipTensor& tensor) {
  TRY(const std::size_t count, count_of(tensor));
  if (bytes.size() != count * size_of(tensor.type)) {
    return about(tensor, "has " + std::to_string(bytes.size()) + " bytes, its shape asks for " +
                             std::to_string(count * size_of(tensor.type)));
  }
  std::vector<float>& out = tensor.values;
  out.reserve(count);
  switch (tensor.type) {
    case OipType::boolean: TRY_DO(decode_booleans(bytes, tensor)); break;
    case OipType::uint8: append_as_float<std::uint8_t>(bytes, out); break;
    case OipType::uint16: append_as_float<std::uint16_t>(bytes, out); break;
    case OipType::uint32: append_as_float<std::uint32_t>(bytes, out); break;
    case OipType::uint64: append_as_float<std::uint64_t>(bytes, out); break;
    case OipType::int8: append_as_float<std::int8_t>(bytes, out); break;
    case OipType::int16: append_as_float<std::int16_t>(bytes, out); break;
    case OipType::int32: append_as_float<std::int32_t>(bytes, out); break;
    case OipType::int64: append_as_float<std::int64_t>(bytes, out); break;
    case OipType::fp64: append_as_float<double>(bytes, out); break;
    case OipType::fp32:
      out.resize(count);
      std::memcpy(out.data(), bytes.data(), bytes.size());
      break;
    case OipType::unknown: return about(tensor, "has a datatype that is not supported");
  }
  if (has_infinity(out)) return about(tensor, "has a value that is no finite float32");
  return {};
}

Expected<void> assemble(const OipRequest& request, const OipSignature& signature,
                        RowMatrix& matrix) {
  matrix.rows = 0;
  matrix.columns = signature.columns.size();
  matrix.values.clear();
  if (request.inputs.empty()) return invalid("the request has no inputs");
  for (const OipTensor& tensor : request.inputs) {
    TRY(const std::size_t count, count_of(tensor));
    if (tensor.values.size() != count) {
      return about(tensor, "has " + std::to_string(tensor.values.size()) +
                               " values, its shape asks for " + std::to_string(count));
    }
  }
  const OipTensor& first = request.inputs.front();
  if (first.name != "input") {
    TRY_DO(assemble_columns(request, signature, matrix));
  } else {
    if (request.inputs.size() != 1) return about(first, "must be the only one");
    if (first.shape.size() != 2 || first.shape[1] != static_cast<std::int64_t>(matrix.columns)) {
      return about(first, "must have the shape [n, " + std::to_string(matrix.columns) + "]");
    }
    matrix.rows = static_cast<std::size_t>(first.shape[0]);
    matrix.values = first.values;
  }
  if (matrix.rows > kMaxOipRows) {
    return invalid("the request has " + std::to_string(matrix.rows) + " rows, the limit is " +
                   std::to_string(kMaxOipRows));
  }
  return {};
}

}  // namespace quintet::host
