#include "host/api_application.h"

#include "host/problem.h"

namespace quintet::host {

void add_application_routes(Router& router, Node& node) {
  router.add({"GET", "/v1/application", Scope::read, make_handler([&node](const HttpRequest& r) {
                if (node.ingest() == nullptr) return problem_response(place_is_away(), r);
                const app::Spec& spec = node.ingest()->spec();
                HttpResponse response{200, "application/yaml", spec.text, {}};
                const auto& cold = node.ingest()->cold();
                std::string names;
                for (const std::string& one : cold) names += (names.empty() ? "" : ", ") + one;
                if (!cold.empty()) response.headers.emplace_back("Quintet-Cold", names);
                response.headers.emplace_back("ETag", "\"" + spec.digest + "\"");
                return response;
              })});
}

}  // namespace quintet::host
