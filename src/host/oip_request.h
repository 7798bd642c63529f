// An inference request of the Open Inference Protocol, taken apart, and its way into a matrix.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "host/oip.h"

namespace quintet::host {

enum class OipType : unsigned char {
  unknown,
  boolean,
  uint8,
  uint16,
  uint32,
  uint64,
  int8,
  int16,
  int32,
  int64,
  fp32,
  fp64
};
OipType oip_type_of(std::string_view datatype);  // "FP32"; unknown for FP16, BYTES and others
std::size_t size_of(OipType type);               // bytes of one value in binary
std::string_view name_of(OipType type);

struct OipTensor {
  std::string name;
  OipType type = OipType::unknown;
  std::vector<std::int64_t> shape;
  std::vector<float> values;                 // from JSON, or decoded from binary
  std::optional<std::uint64_t> binary_size;  // bytes of its part after the JSON

  void clear();  // keeps its memory
};

struct OipWish {
  std::string name;
  std::optional<bool> binary;
};

struct OipRequest {
  std::optional<std::string> id;
  std::vector<OipTensor> inputs;
  std::vector<OipWish> outputs;  // empty: all of them
  bool binary_output = false;    // for outputs whose wish does not say
  OipTensor spare;               // its memory serves the first input of the next request

  void clear();
  OipTensor& add_input();
};

// Checks a tensor's data, which may come before its datatype, as they were seen in JSON.
class OipTensorData {
 public:
  explicit OipTensorData(OipTensor& tensor) : tensor_(tensor) {}

  void add_null() { append(std::numeric_limits<float>::quiet_NaN()); }
  void add_boolean(bool value) {
    booleans_ = true;
    append(value ? 1.0F : 0.0F);
  }
  void add_fraction(double value) {
    fractions_ = true;
    append(static_cast<float>(value));
  }
  template <class N>
  void add_whole(N value) {
    wholes_ = true;
    least_ = std::min(least_, static_cast<double>(value));
    most_ = std::max(most_, static_cast<double>(value));
    append(static_cast<float>(value));
  }
  // When all members are known. The error is invalid.
  Expected<void> check(bool has_type, bool has_data) const;

 private:
  void append(float value) {
    infinite_ |= std::isinf(value);
    tensor_.values.push_back(value);
  }

  OipTensor& tensor_;
  bool booleans_ = false, fractions_ = false, wholes_ = false, infinite_ = false;
  double least_ = 0, most_ = 0;  // of whole numbers, for the small integer types
};

// Most requests look like {"inputs":[{"name":"input","shape":[1,30],"datatype":"FP32","data":[0.5,
// ...]}]}: one input, its data in one list of numbers in plain decimal form. Reads such a one in a
// single pass. False for all else, right or wrong, which is then for OipReader's full parser; the
// request is in no particular state.
bool read_plain_request(std::string_view json, OipRequest& request);

// Reads requests; keeps its buffers from one to the next. One thread.
class OipReader {
 public:
  OipReader();
  ~OipReader();

  // The body as it came, with kBodyPadding readable bytes behind it. `json_size` is the header
  // Inference-Header-Content-Length, if it was sent; 0 means that the body is one raw tensor for
  // `signature`. All errors are invalid and name the tensor.
  Expected<void> read(std::string_view body, std::optional<std::uint64_t> json_size,
                      const OipSignature& signature, OipRequest& request);

 private:
  struct Json;
  Expected<void> read_json(std::string_view json, OipRequest& request);
  Expected<void> read_full(std::string_view json, OipRequest& request);
  std::unique_ptr<Json> json_;
};

// The bytes of one tensor, little-endian and row by row, appended to its values.
Expected<void> decode_binary(std::string_view bytes, OipTensor& tensor);
// The number of values that the shape asks for; refuses negative, empty and huge ones.
Expected<std::size_t> count_of(const OipTensor& tensor);
// Checks names, shapes and counts against the signature and lays the values out row by row.
Expected<void> assemble(const OipRequest& request, const OipSignature& signature, RowMatrix& rows);

}  // namespace quintet::host
