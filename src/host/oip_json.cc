// Without exceptions, what could throw does not compile.
#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <cmath>
#include <limits>

#include "base/text.h"
#include "host/http.h"
#include "host/oip_request.h"

namespace quintet::host {

namespace sj = simdjson::dom;
using simdjson::error_code;

static_assert(simdjson::SIMDJSON_PADDING <= kBodyPadding);

namespace {

constexpr int kDeepestData = 8;
constexpr std::size_t kLargestJson = 64 * 1024 * 1024;
constexpr std::size_t kMostDimensions = 8, kLongestName = 1024;

Error malformed(error_code code) {
  return invalid(std::string("the request is not valid JSON of an inference request: ") +
                 simdjson::error_message(code));
}

#define TRY_JSON(...) \
  if (const error_code failed = (__VA_ARGS__)) return malformed(failed)

// What kinds of values a tensor's data had; checked when the datatype, which may come later, is
// known. The range is that of whole numbers, for the small integer types.
struct SeenData {
  bool booleans = false, fractions = false, wholes = false, infinite = false;
  double least = 0, most = 0;
};

class TensorReader {
 public:
  explicit TensorReader(OipTensor& tensor) : tensor_(tensor) {}

  Expected<void> read(sj::object object);

 private:
  Expected<void> read_shape(sj::element value);
  Expected<void> read_parameters(sj::element value);
  Expected<void> read_data(sj::element value, int depth);
  void append(float value);
  template <class N>
  void append_whole(N value);
  Expected<void> check() const;
  Error about(std::string_view what) const {
    return invalid("input " + shown(tensor_.name) + " " + std::string(what));
  }

  OipTensor& tensor_;
  SeenData seen_;
  bool has_data_ = false, has_type_ = false;
};

Expected<void> TensorReader::read(sj::object object) {
  for (const auto [key, value] : object) {
    std::string_view text;
    if (key == "name") {
      TRY_JSON(value.get_string().get(text));
      if (text.size() > kLongestName) return invalid("an input's name is too long");
      tensor_.name = text;
    } else if (key == "datatype") {
      TRY_JSON(value.get_string().get(text));
      tensor_.type = oip_type_of(text);
      has_type_ = true;
      if (tensor_.type == OipType::unknown) {
        return about("has the datatype " + shown(text) + ", which is not supported");
      }
    } else if (key == "shape") {
      TRY_DO(read_shape(value));
    } else if (key == "parameters") {
      TRY_DO(read_parameters(value));
    } else if (key == "data") {
      if (has_data_) return about("has data twice");
      has_data_ = true;
      TRY_DO(read_data(value, 0));
    }
  }
  return check();
}

Expected<void> TensorReader::read_shape(sj::element value) {
  if (!tensor_.shape.empty()) return about("has two shapes");
  sj::array array;
  TRY_JSON(value.get_array().get(array));
  for (const sj::element element : array) {
    std::int64_t dimension = 0;
    TRY_JSON(element.get_int64().get(dimension));
    if (tensor_.shape.size() >= kMostDimensions) return about("has too many dimensions");
    tensor_.shape.push_back(dimension);
  }
  return {};
}

Expected<void> TensorReader::read_parameters(sj::element value) {
  sj::object object;
  TRY_JSON(value.get_object().get(object));
  for (const auto [key, size_value] : object) {
    if (key.starts_with("shared_memory")) return about("lies in shared memory: not supported");
    if (key != "binary_data_size") continue;
    std::uint64_t size = 0;
    TRY_JSON(size_value.get_uint64().get(size));
    tensor_.binary_size = size;
  }
  return {};
}

Expected<void> TensorReader::read_data(sj::element value, int depth) {
  sj::array array;
  TRY_JSON(value.get_array().get(array));
  if (depth >= kDeepestData) return about("nests its data too deeply");
  for (const sj::element element : array) {
    if (tensor_.values.size() >= kMaxOipValues) return about("has more values than the limit");
    switch (element.type()) {
      case sj::element_type::ARRAY: TRY_DO(read_data(element, depth + 1)); break;
      case sj::element_type::DOUBLE:
        seen_.fractions = true;
        append(static_cast<float>(element.get_double().value_unsafe()));
        break;
      case sj::element_type::INT64: append_whole(element.get_int64().value_unsafe()); break;
      case sj::element_type::UINT64: append_whole(element.get_uint64().value_unsafe()); break;
      case sj::element_type::BOOL:
        seen_.booleans = true;
        append(element.get_bool().value_unsafe() ? 1.0F : 0.0F);
        break;
      case sj::element_type::NULL_VALUE: append(std::numeric_limits<float>::quiet_NaN()); break;
      default: return about("has data that is neither number, true, false nor null");
    }
  }
  return {};
}

void TensorReader::append(float value) {
  seen_.infinite |= std::isinf(value);
  tensor_.values.push_back(value);
}

template <class N>
void TensorReader::append_whole(N value) {
  seen_.wholes = true;
  seen_.least = std::min(seen_.least, static_cast<double>(value));
  seen_.most = std::max(seen_.most, static_cast<double>(value));
  append(static_cast<float>(value));
}

struct Range {
  double least, most;
};

// Of whole numbers; the 64-bit types are bounded by what the parser takes.
Range range_of(OipType type) {
  switch (type) {
    case OipType::uint8: return {0, 255};
    case OipType::uint16: return {0, 65535};
    case OipType::uint32: return {0, 4294967295.0};
    case OipType::uint64: return {0, 1.9e19};
    case OipType::int8: return {-128, 127};
    case OipType::int16: return {-32768, 32767};
    case OipType::int32: return {-2147483648.0, 2147483647.0};
    case OipType::int64: return {-9223372036854775808.0, 9223372036854774784.0};
    default: return {-1.9e19, 1.9e19};
  }
}

Expected<void> TensorReader::check() const {
  if (tensor_.name.empty()) return invalid("an input has no name");
  if (!has_type_) return about("has no datatype");
  if (has_data_ == tensor_.binary_size.has_value()) {
    return about(has_data_ ? "has both data and binary_data_size"
                           : "has neither data nor binary_data_size");
  }
  if (seen_.infinite) return about("has a number that is no finite float32");
  const bool real = tensor_.type == OipType::fp32 || tensor_.type == OipType::fp64;
  const bool flag = tensor_.type == OipType::boolean;
  if (seen_.booleans && !flag) return about("has true or false but is not BOOL");
  if (flag && (seen_.wholes || seen_.fractions)) return about("is BOOL but has a number");
  if (seen_.fractions && !real) {
    return about("has a fraction but is " + std::string(name_of(tensor_.type)));
  }
  const Range range = range_of(tensor_.type);
  if (seen_.least < range.least || seen_.most > range.most) {
    return about("has a number out of the range of " + std::string(name_of(tensor_.type)));
  }
  return {};
}

Expected<void> read_inputs(sj::element value, OipRequest& request) {
  if (!request.inputs.empty()) return invalid("the request has inputs twice");
  sj::array array;
  TRY_JSON(value.get_array().get(array));
  for (const sj::element element : array) {
    if (request.inputs.size() >= kMaxOipTensors) return invalid("the request has too many inputs");
    sj::object object;
    TRY_JSON(element.get_object().get(object));
    request.inputs.emplace_back();
    TRY_DO(TensorReader(request.inputs.back()).read(object));
  }
  return {};
}

Expected<void> read_wish(sj::object object, OipWish& wish) {
  for (const auto [key, value] : object) {
    if (key == "name") {
      std::string_view name;
      TRY_JSON(value.get_string().get(name));
      wish.name = name;
    } else if (key == "parameters") {
      sj::object parameters;
      TRY_JSON(value.get_object().get(parameters));
      for (const auto [name, parameter] : parameters) {
        if (name == "classification" || name.starts_with("shared_memory")) {
          return invalid("the output parameter " + shown(name) + " is not supported");
        }
        if (name != "binary_data") continue;
        bool binary = false;
        TRY_JSON(parameter.get_bool().get(binary));
        wish.binary = binary;
      }
    }
  }
  return {};
}

Expected<void> read_outputs(sj::element value, OipRequest& request) {
  sj::array array;
  TRY_JSON(value.get_array().get(array));
  for (const sj::element element : array) {
    if (request.outputs.size() >= kMaxOipTensors)
      return invalid("the request has too many outputs");
    sj::object object;
    TRY_JSON(element.get_object().get(object));
    request.outputs.emplace_back();
    TRY_DO(read_wish(object, request.outputs.back()));
  }
  return {};
}

Expected<void> read_request_parameters(sj::element value, OipRequest& request) {
  sj::object object;
  TRY_JSON(value.get_object().get(object));
  for (const auto [key, flag] : object) {
    if (key != "binary_data_output") continue;
    TRY_JSON(flag.get_bool().get(request.binary_output));
  }
  return {};
}

}  // namespace

struct OipReader::Json {
  sj::parser parser{kLargestJson};
};

OipReader::OipReader() : json_(std::make_unique<Json>()) {}
OipReader::~OipReader() = default;

Expected<void> OipReader::read_json(std::string_view json, OipRequest& request) {
  sj::element document;
  TRY_JSON(json_->parser.parse(json.data(), json.size(), false).get(document));
  sj::object root;
  TRY_JSON(document.get_object().get(root));
  for (const auto [key, value] : root) {
    if (key == "id") {
      std::string_view id;
      TRY_JSON(value.get_string().get(id));
      if (id.size() > kLongestName) return invalid("the id is too long");
      request.id = id;
    } else if (key == "inputs") {
      TRY_DO(read_inputs(value, request));
    } else if (key == "outputs") {
      TRY_DO(read_outputs(value, request));
    } else if (key == "parameters") {
      TRY_DO(read_request_parameters(value, request));
    }
  }
  return {};
}

Expected<void> OipReader::read(std::string_view body, std::optional<std::uint64_t> json_size,
                               const OipSignature& signature, OipRequest& request) {
  request.id.reset();
  request.inputs.clear();
  request.outputs.clear();
  request.binary_output = false;
  if (json_size && *json_size > body.size()) {
    return invalid("Inference-Header-Content-Length is larger than the body");
  }
  if (json_size && *json_size == 0) {
    const std::size_t row = 4 * signature.columns.size();
    if (body.empty() || body.size() % row != 0) {
      return invalid("a raw request must be whole rows of " + std::to_string(row) + " bytes");
    }
    request.binary_output = true;
    request.inputs.push_back({"input",
                              OipType::fp32,
                              {static_cast<std::int64_t>(body.size() / row),
                               static_cast<std::int64_t>(signature.columns.size())},
                              {},
                              {}});
    return decode_binary(body, request.inputs.front());
  }
  const std::string_view json = body.substr(0, json_size.value_or(body.size()));
  std::string_view rest = body.substr(json.size());
  TRY_DO(read_json(json, request));
  for (OipTensor& tensor : request.inputs) {
    if (!tensor.binary_size) continue;
    if (*tensor.binary_size > rest.size()) {
      return invalid("input " + shown(tensor.name) + " says it has more bytes than were sent");
    }
    TRY_DO(decode_binary(rest.substr(0, *tensor.binary_size), tensor));
    rest.remove_prefix(*tensor.binary_size);
  }
  if (!rest.empty()) return invalid("the body has bytes that belong to no input");
  return {};
}

}  // namespace quintet::host
