#include "host/api_application.h"

#include "host/problem.h"

namespace quintet::host {

void add_application_routes(Router& router, Node& node) {
  router.add({"GET", "/v1/application", Scope::read, make_handler([&node](const HttpRequest& r) {
                if (node.place == nullptr) return problem_response(place_is_away(), r);
                const app::Spec& spec = node.place->spec();
                HttpResponse response{200, "application/yaml", spec.text, {}};
                response.headers.emplace_back("ETag", "\"" + spec.digest + "\"");
                return response;
              })});
}

}  // namespace quintet::host
