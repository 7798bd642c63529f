#include "host/api_sessions.h"

#include <charconv>

#include "base/json_out.h"
#include "host/problem.h"

namespace quintet::host {

namespace {

Expected<std::uint64_t> number_of(std::string_view text, const char* header) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return invalid(std::string(header) + " is a whole number, not \"" + std::string(text) + "\"")
        .at(header)
        .with_id("bad_session");
  }
  return number;
}

class SessionHandler final : public Handler {
 public:
  explicit SessionHandler(Node& node) : node_(node) {}

  void handle(std::shared_ptr<Exchange> exchange) override {
    const HttpRequest& request = exchange->request();
    if (node_.intake() == nullptr) {
      exchange->respond(problem_response(place_is_away(), request));
      return;
    }
    const std::string name(request.param("name"));
    node_.intake()->last_of_session(name, [exchange, name](Expected<std::uint64_t> last) {
      if (!last) {
        exchange->respond(problem_response(last.error(), exchange->request()));
        return;
      }
      std::string body;
      JsonWriter json(body);
      json.begin_object().field("session", name).key("last").uint64(*last).end_object();
      exchange->respond(json_response(200, std::move(body)));
    });
  }

 private:
  Node& node_;
};

}  // namespace

Expected<stage::SessionPlace> session_of(const HttpRequest& request) {
  stage::SessionPlace place;
  place.session = request.header("quintet-session");
  if (place.session.empty()) return place;
  TRY(place.number, number_of(request.header("quintet-number"), "Quintet-Number"));
  if (place.number == 0) {
    return invalid("the events of a session are numbered from 1").at("Quintet-Number").with_id(
        "bad_session");
  }
  const std::string_view answered = request.header("quintet-answered");
  if (answered.empty()) return place;
  TRY(place.answered, number_of(answered, "Quintet-Answered"));
  return place;
}

void add_session_routes(Router& router, Node& node) {
  router.add({"GET", "/v1/sessions/{name}", Scope::read, std::make_shared<SessionHandler>(node)});
}

}  // namespace quintet::host
