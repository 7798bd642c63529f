#include "tool/door.h"

#include "app/load.h"
#include "base/json_in.h"

namespace quintet::tool {

namespace {

Code code_of(int status) {
  switch (status) {
    case 404: return Code::not_found;
    case 409: return Code::conflict;
    case 410: return Code::expired;
    case 413:
    case 429: return Code::exhausted;
    case 408:
    case 502:
    case 503:
    case 504: return Code::unavailable;
    default: return status >= 500 ? Code::broken : Code::invalid;
  }
}

}  // namespace

Error error_of(const host::ClientResponse& response) {
  const auto document = JsonDocument::parse(response.body);
  if (!document) {
    const Code code = code_of(response.status);
    return {code == Code::unavailable || code == Code::exhausted ? code : Code::not_found,
            "what answers there is no Quintet application (status " +
                std::to_string(response.status) + ")"};
  }
  const JsonValue problem = document->root();
  std::string message = "the application answered " + std::to_string(response.status);
  if (const JsonValue detail = problem.find("detail")) message = detail.text();
  return Error(code_of(response.status), message).with_id(std::string(problem.find("code").text()));
}

Expected<host::ClientResponse> ask(const Door& door, const std::string& method,
                                   const std::string& target, std::string body) {
  return ask(door, {method, target, std::move(body)});
}

Expected<host::ClientResponse> ask(const Door& door, DoorRequest asked) {
  auto parsed = host::parse_url(door.url);
  if (!parsed) return unavailable(parsed.error().message());  // 2: not the application's fault
  const host::Url url = *std::move(parsed);
  TRY(auto client, host::HttpClient::connect(url, door.ca_file, door.timeout));
  host::ClientRequest request;
  request.method = std::move(asked.method);
  request.target = url.path == "/" ? asked.target : url.path + asked.target;
  if (!door.token.empty()) request.headers.emplace_back("Authorization", "Bearer " + door.token);
  if (!asked.body.empty()) {
    request.headers.emplace_back("Content-Type", std::move(asked.content_type));
  }
  request.body = std::move(asked.body);
  TRY(auto response, client.ask(request));
  if (response.status / 100 != 2) return error_of(response);
  return response;
}

Expected<std::shared_ptr<const app::Spec>> application_of(const Door& door) {
  TRY(const auto response, ask(door, "GET", "/v1/application"));
  const app::Loaded loaded = app::load(response.body);
  if (loaded.spec == nullptr) {
    return broken("the application that runs there is not understood by this build");
  }
  return loaded.spec;
}

}  // namespace quintet::tool
