#include "host/http.h"

#include "base/check.h"
#include "base/text.h"

namespace quintet::host {

std::string_view HttpRequest::header(std::string_view name) const {
  for (const Header& header : headers) {
    if (equal_but_for_case(header.name, name)) return header.value;
  }
  return {};
}

std::optional<std::string_view> HttpRequest::query_value(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string_view HttpRequest::param(std::string_view name) const {
  for (const auto& [key, value] : params) {
    if (key == name) return value;
  }
  check(false, "a path parameter that the route's pattern lacks");
  return {};
}

std::string HttpRequest::content_type() const {
  std::string_view value = header("content-type");
  value = value.substr(0, value.find(';'));
  return lower_ascii(trim(value));
}

HttpResponse&& HttpResponse::with(std::string_view name, std::string_view value) && {
  headers.emplace_back(name, value);
  return std::move(*this);
}

namespace {

class FunctionHandler final : public Handler {
 public:
  explicit FunctionHandler(std::function<void(std::shared_ptr<Exchange>)> f)
      : function_(std::move(f)) {}
  void handle(std::shared_ptr<Exchange> exchange) override { function_(std::move(exchange)); }

 private:
  std::function<void(std::shared_ptr<Exchange>)> function_;
};

}  // namespace

std::shared_ptr<Handler> make_handler(std::function<void(std::shared_ptr<Exchange>)> function) {
  return std::make_shared<FunctionHandler>(std::move(function));
}

std::shared_ptr<Handler> make_handler(std::function<HttpResponse(const HttpRequest&)> function) {
  return std::make_shared<FunctionHandler>(
      [answer = std::move(function)](std::shared_ptr<Exchange> exchange) {
        exchange->respond(answer(exchange->request()));
      });
}

}  // namespace quintet::host
