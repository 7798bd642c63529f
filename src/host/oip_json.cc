// Without exceptions, what could throw does not compile.
#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

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

class TensorReader {
 public:
  explicit TensorReader(OipTensor& tensor) : tensor_(tensor) {}

  Expected<void> read(sj::object object);

 private:
  Expected<void> read_shape(sj::element value);
  Expected<void> read_parameters(sj::element value);
  Expected<void> read_data(sj::element value, int depth);
  Error about(std::string_view what) const {
    return invalid("input " + shown(tensor_.name) + " " + std::string(what));
  }

  OipTensor& tensor_;
  OipTensorData data_{tensor_};
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
  return data_.check(has_type_, has_data_);
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
        data_.add_fraction(element.get_double().value_unsafe());
        break;
      case sj::element_type::INT64: data_.add_whole(element.get_int64().value_unsafe()); break;
      case sj::element_type::UINT64: data_.add_whole(element.get_uint64().value_unsafe()); break;
      case sj::element_type::BOOL: data_.add_boolean(element.get_bool().value_unsafe()); break;
      case sj::element_type::NULL_VALUE: data_.add_null(); break;
      default: return about("has data that is neither number, true, false nor null");
    }
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
    TRY_DO(TensorReader(request.add_input()).read(object));
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
  if (read_plain_request(json, request)) return {};
  request.clear();
  return read_full(json, request);
}

Expected<void> OipReader::read_full(std::string_view json, OipRequest& request) {
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
  request.clear();
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
