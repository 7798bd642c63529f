#include "host/service.h"

#include "host/gateway.h"
#include "host/services.h"

namespace quintet::host {

namespace {

struct Kind {
  std::string_view name;
  std::vector<std::string_view> peers;
  Expected<void> (*run)(ServiceSettings);
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"ingest", {}, run_ingest},
      {"infer", {"ingest"}, run_infer},
      {"results", {"ingest", "infer"}, run_results},
      {"train", {"ingest"}, run_train},
      {"gateway", {"ingest", "infer", "results", "train"}, run_gateway},
  };
  return all;
}

const Kind* find(std::string_view name) {
  for (const Kind& kind : kinds()) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

}  // namespace

Expected<void> run_service(ServiceSettings settings) {
  const Kind* const kind = find(settings.name);
  if (kind == nullptr) return not_found("there is no service " + settings.name);
  return kind->run(std::move(settings));
}

std::vector<std::string_view> service_names() {
  std::vector<std::string_view> names;
  for (const Kind& kind : kinds()) names.push_back(kind.name);
  return names;
}

std::vector<std::string_view> peers_of(std::string_view service) {
  const Kind* const kind = find(service);
  return kind == nullptr ? std::vector<std::string_view>() : kind->peers;
}

}  // namespace quintet::host
