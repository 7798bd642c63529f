// An inference request of the Open Inference Protocol, taken apart, and its way into a matrix.
#pragma once

#include <cstdint>
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
};

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
  std::unique_ptr<Json> json_;
};

// The bytes of one tensor, little-endian and row by row, appended to its values.
Expected<void> decode_binary(std::string_view bytes, OipTensor& tensor);
// The number of values that the shape asks for; refuses negative, empty and huge ones.
Expected<std::size_t> count_of(const OipTensor& tensor);
// Checks names, shapes and counts against the signature and lays the values out row by row.
Expected<void> assemble(const OipRequest& request, const OipSignature& signature, RowMatrix& rows);

}  // namespace quintet::host
