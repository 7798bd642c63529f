#include "host/http_parser.h"

// Beast asserts that the end of an empty chunked body does not come byte by byte, which is up to
// the sender; without the assertion it reads on correctly.
#define BOOST_DISABLE_ASSERTS
#include <boost/beast/http/basic_parser.hpp>

#include "base/text.h"

namespace quintet::host {

namespace http = boost::beast::http;
using boost::beast::error_code;
using BeastView = boost::beast::string_view;

namespace {

enum class Refusal : unsigned char {
  none,
  url,
  header_bytes,
  header_count,
  coding,
  old_chunked,
  two_lengths
};

struct RefusalText {
  int status;
  std::string_view why;
};

constexpr RefusalText kRefusals[] = {
    {400, "the request is malformed"},
    {414, "the URL is longer than the limit"},
    {431, "the header is larger than the limit"},
    {431, "the header has more fields than the limit"},
    {501, "the only transfer coding understood is chunked"},
    {400, "HTTP/1.0 has no transfer codings"},
    {400, "Transfer-Encoding and Content-Length exclude each other"},
};

// Collects what Beast reports. Trailer fields come after `head_done` and are dropped.
class Collector final : public http::basic_parser<true> {
 public:
  explicit Collector(const HttpLimits& limits) : limits_(limits) {
    eager(false);
    body_limit(boost::none);
    header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    head.text.reserve(512);
    head.fields.reserve(16);
  }

  RequestHead head;
  std::string_view piece;
  std::uint64_t chunks = 0;
  Refusal refusal = Refusal::none;
  bool has_line = false, head_done = false, final_chunk = false;

 private:
  void refuse(Refusal why, error_code& ec) {
    refusal = why;
    ec = http::error::bad_value;
  }

  RequestHead::Span keep(BeastView view) {
    const RequestHead::Span span{static_cast<std::uint32_t>(head.text.size()),
                                 static_cast<std::uint32_t>(view.size())};
    head.text.append(view.data(), view.size());
    return span;
  }

  void on_request_impl(http::verb, BeastView method, BeastView target, int version,
                       error_code& ec) override {
    has_line = true;
    if (target.size() > limits_.url_bytes) return refuse(Refusal::url, ec);
    head.method = keep(method);
    head.target = keep(target);
    head.version = version;
  }

  void on_response_impl(int, BeastView, int, error_code&) override {}

  void on_field_impl(http::field field, BeastView name, BeastView value, error_code& ec) override {
    if (head_done) return;
    if (head.fields.size() >= limits_.headers) return refuse(Refusal::header_count, ec);
    // Two bytes of ": " and two of line end belong to each field.
    if (head.text.size() + name.size() + value.size() + 4 * head.fields.size() >
        limits_.header_bytes) {
      return refuse(Refusal::header_bytes, ec);
    }
    if (field == http::field::transfer_encoding) {
      if (head.version < 11) return refuse(Refusal::old_chunked, ec);
      if (!equal_but_for_case({value.data(), value.size()}, "chunked")) {
        return refuse(Refusal::coding, ec);
      }
    }
    const RequestHead::Span kept = keep(name);
    head.fields.emplace_back(kept, keep(value));
  }

  void on_header_impl(error_code&) override {
    head_done = true;
    head.keep_alive = keep_alive();
    head.chunked = chunked();
    if (const auto length = content_length()) head.content_length = *length;
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}

  std::size_t on_body_impl(BeastView body, error_code&) override {
    piece = {body.data(), body.size()};
    return body.size();
  }

  void on_chunk_header_impl(std::uint64_t, BeastView, error_code&) override { ++chunks; }

  std::size_t on_chunk_body_impl(std::uint64_t, BeastView body, error_code&) override {
    piece = {body.data(), body.size()};
    return body.size();
  }

  void on_finish_impl(error_code&) override {}

  const HttpLimits& limits_;
};

RefusalText text_of(const Collector& parser, error_code ec) {
  if (parser.refusal != Refusal::none) return kRefusals[static_cast<int>(parser.refusal)];
  if (ec == http::error::header_limit) {
    return kRefusals[static_cast<int>(parser.has_line ? Refusal::header_bytes : Refusal::url)];
  }
  if (ec == http::error::bad_version) return {505, "the HTTP version must be 1.0 or 1.1"};
  if (ec == http::error::bad_method) return {400, "the method is malformed"};
  if (ec == http::error::bad_target) return {400, "the request target is malformed"};
  if (ec == http::error::bad_transfer_encoding) {
    return kRefusals[static_cast<int>(Refusal::two_lengths)];
  }
  if (ec == http::error::bad_content_length || ec == http::error::multiple_content_length) {
    return {400, "Content-Length is malformed or contradicts another field"};
  }
  if (ec == http::error::bad_field || ec == http::error::bad_value ||
      ec == http::error::bad_obs_fold || ec == http::error::bad_line_ending) {
    return {400, "a header field is malformed"};
  }
  if (ec == http::error::bad_chunk || ec == http::error::bad_chunk_extension) {
    return {400, "the chunked body is malformed"};
  }
  return kRefusals[0];
}

}  // namespace

struct RequestParser::Impl {
  explicit Impl(const HttpLimits& l) : limits(l), parser(std::in_place, l) {}
  const HttpLimits& limits;
  std::optional<Collector> parser;
};

RequestParser::RequestParser(const HttpLimits& limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;

RequestParser::Step RequestParser::next(std::string_view input) {
  Collector& parser = *impl_->parser;
  const bool had_head = parser.head_done;
  parser.piece = {};
  error_code ec;
  Step step;
  step.used = parser.put(boost::asio::const_buffer(input.data(), input.size()), ec);
  if (ec == http::error::need_more) return step;
  if (ec) {
    const RefusalText text = text_of(parser, ec);
    step.event = Event::failed;
    step.status = text.status;
    step.why = text.why;
  } else if (!had_head) {
    step.event = Event::head;
  } else if (!parser.piece.empty()) {
    step.event = Event::piece;
    step.piece = parser.piece;
  } else {
    step.event = Event::progress;
  }
  return step;
}

bool RequestParser::done() const {
  return impl_->parser->is_done();
}

std::uint64_t RequestParser::chunks() const {
  return impl_->parser->chunks;
}

RequestHead RequestParser::take_head() {
  return std::move(impl_->parser->head);
}

void RequestParser::restart() {
  impl_->parser.emplace(impl_->limits);
}

}  // namespace quintet::host
