// Plain requests in one pass; and what both readers of JSON share.
#include <charconv>

#include "base/text.h"
#include "host/oip_request.h"

namespace quintet::host {

namespace {

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

// Whole numbers below 2^53 and these powers are doubles, so one IEEE division rounds right.
constexpr double kPowers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                              1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
constexpr std::size_t kMostDigits = 15;

// Reads from the left; whatever does not fit gives false, for good.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  bool at_end() {
    skip();
    return at_ == end_;
  }
  bool take(char c) {
    skip();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  // A text without escapes, in plain ASCII.
  bool text(std::string_view& out) {
    if (!take('"')) return false;
    const char* begin = at_;
    while (at_ != end_ && *at_ >= 0x20 && *at_ < 0x7f && *at_ != '"' && *at_ != '\\') ++at_;
    if (at_ == end_ || *at_ != '"') return false;
    out = {begin, static_cast<std::size_t>(at_ - begin)};
    ++at_;
    return true;
  }
  // At most kMostDigits digits, with a point among them or not.
  struct Number {
    bool negative = false, fraction = false;
    std::uint64_t digits = 0;  // of more than kMostDigits: anything
    std::size_t places = 0;

    std::int64_t whole() const {
      return negative ? -static_cast<std::int64_t>(digits) : static_cast<std::int64_t>(digits);
    }
  };
  bool number(Number& out) {
    skip();
    out = {};
    if (at_ != end_ && *at_ == '-') {
      out.negative = true;
      ++at_;
    }
    const char* begin = at_;
    if (!digits(out)) return false;
    const auto whole = static_cast<std::size_t>(at_ - begin);
    if (whole > 1 && *begin == '0') return false;
    if (at_ != end_ && *at_ == '.') {
      out.fraction = true;
      begin = ++at_;
      if (!digits(out)) return false;
      out.places = static_cast<std::size_t>(at_ - begin);
    }
    return whole + out.places <= kMostDigits && at_ != end_ && (*at_ | 0x20) != 'e';
  }

 private:
  void skip() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  // More of them than a number may have are not read.
  bool digits(Number& out) {
    const char* begin = at_;
    for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; ++at_) {
      if (static_cast<std::size_t>(at_ - begin) > kMostDigits) return false;
      out.digits = 10 * out.digits + static_cast<std::uint64_t>(*at_ - '0');
    }
    return at_ != begin;
  }

  const char* at_;
  const char* end_;
};

bool read_shape(Cursor& in, OipTensor& tensor) {
  constexpr std::size_t kDimensions = 2;
  if (!in.take('[')) return false;
  do {
    Cursor::Number number;
    if (!in.number(number) || number.fraction || number.negative) return false;
    if (tensor.shape.size() == kDimensions) return false;
    tensor.shape.push_back(number.whole());
  } while (in.take(','));
  return in.take(']');
}

bool read_data(Cursor& in, OipTensor& tensor, OipTensorData& data) {
  if (!in.take('[')) return false;
  do {
    Cursor::Number number;
    if (!in.number(number) || tensor.values.size() >= kMaxOipValues) return false;
    if (number.fraction) {
      const double value = static_cast<double>(number.digits) / kPowers[number.places];
      data.add_fraction(number.negative ? -value : value);
    } else {
      data.add_whole(number.whole());
    }
  } while (in.take(','));
  return in.take(']');
}

// The members of the one input, each once.
bool read_tensor(Cursor& in, OipTensor& tensor) {
  OipTensorData data(tensor);
  bool has_name = false, has_shape = false, has_type = false, has_data = false;
  if (!in.take('{')) return false;
  do {
    std::string_view key, text;
    if (!in.text(key) || !in.take(':')) return false;
    if (key == "data") {
      if (std::exchange(has_data, true) || !read_data(in, tensor, data)) return false;
    } else if (key == "shape") {
      if (std::exchange(has_shape, true) || !read_shape(in, tensor)) return false;
    } else if (key == "name") {
      if (std::exchange(has_name, true) || !in.text(text) || text.size() > 64) return false;
      tensor.name = text;
    } else if (key == "datatype") {
      if (std::exchange(has_type, true) || !in.text(text)) return false;
      tensor.type = oip_type_of(text);
      if (tensor.type == OipType::unknown) return false;
    } else {
      return false;
    }
  } while (in.take(','));
  return in.take('}') && data.check(has_type, has_data).has_value();
}

}  // namespace

bool read_plain_request(std::string_view json, OipRequest& request) {
  Cursor in(json);
  bool has_inputs = false;
  if (!in.take('{')) return false;
  do {
    std::string_view key, text;
    if (!in.text(key) || !in.take(':')) return false;
    if (key == "inputs") {
      if (std::exchange(has_inputs, true) || !in.take('[')) return false;
      if (!read_tensor(in, request.add_input()) || !in.take(']')) return false;
    } else if (key == "id") {
      if (request.id || !in.text(text) || text.size() > 64) return false;
      request.id = text;
    } else {
      return false;
    }
  } while (in.take(','));
  return in.take('}') && in.at_end();
}

Expected<void> OipTensorData::check(bool has_type, bool has_data) const {
  const auto about = [this](std::string_view what) {
    return invalid("input " + shown(tensor_.name) + " " + std::string(what));
  };
  if (tensor_.name.empty()) return invalid("an input has no name");
  if (!has_type) return about("has no datatype");
  if (has_data == tensor_.binary_size.has_value()) {
    return about(has_data ? "has both data and binary_data_size"
                          : "has neither data nor binary_data_size");
  }
  if (infinite_) return about("has a number that is no finite float32");
  const bool real = tensor_.type == OipType::fp32 || tensor_.type == OipType::fp64;
  const bool flag = tensor_.type == OipType::boolean;
  if (booleans_ && !flag) return about("has true or false but is not BOOL");
  if (flag && (wholes_ || fractions_)) return about("is BOOL but has a number");
  if (fractions_ && !real) {
    return about("has a fraction but is " + std::string(name_of(tensor_.type)));
  }
  const Range range = range_of(tensor_.type);
  if (least_ < range.least || most_ > range.most) {
    return about("has a number out of the range of " + std::string(name_of(tensor_.type)));
  }
  return {};
}

void OipTensor::clear() {
  name.clear();
  type = OipType::unknown;
  shape.clear();
  values.clear();
  binary_size.reset();
}

void OipRequest::clear() {
  if (!inputs.empty()) spare = std::move(inputs.front());
  id.reset();
  inputs.clear();
  outputs.clear();
  binary_output = false;
}

OipTensor& OipRequest::add_input() {
  if (!inputs.empty()) return inputs.emplace_back();
  spare.clear();
  return inputs.emplace_back(std::move(spare));
}

}  // namespace quintet::host
