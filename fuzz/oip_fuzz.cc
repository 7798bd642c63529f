// Bytes of any kind as an inference request; the first two say how long its JSON part is. What is
// taken must be a matrix of the size it says, of finite numbers, and have an answer.
// rooms: base
// libraries: simdjson
// sources: host/oip_answer.cc host/oip_json.cc host/oip_plain.cc host/oip_tensor.cc
#include <cmath>
#include <cstdlib>

#include "host/http.h"
#include "host/oip_answer.h"

using namespace quintet::host;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t head = data[0] + 256u * data[1];
  std::string body(reinterpret_cast<const char*>(data) + 2, size - 2);
  body.reserve(body.size() + kBodyPadding);
  const OipSignature signature{"m", "1", "fuzz", {"a", "b", "c"}, {{"x", 1}, {"y", 2}}};
  OipReader reader;
  OipRequest request;
  RowMatrix rows;
  std::optional<std::uint64_t> json_size;
  if (head != 0xFFFF) json_size = head;
  if (!reader.read(body, json_size, signature, request)) return 0;
  if (!assemble(request, signature, rows)) return 0;
  if (rows.rows == 0 || rows.columns != 3 || rows.values.size() != 3 * rows.rows) std::abort();
  for (const float value : rows.values) {
    if (std::isinf(value)) std::abort();
  }
  const auto answer =
      infer_answer(request, signature, rows.rows, std::vector<float>(3 * rows.rows, 0.5F));
  if (answer && answer->status != 200) std::abort();
  return 0;
}
