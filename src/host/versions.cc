#include "host/versions.h"

#include <algorithm>

#include "app/load.h"

namespace quintet::host {

Expected<void> add_version(Versions& versions, const std::string& text,
                           const std::shared_ptr<const app::Spec>& given) {
  if (given != nullptr && given->text == text) {
    versions.push_back(given);
    return {};
  }
  const auto known = std::find_if(versions.begin(), versions.end(),
                                  [&](const auto& one) { return one->text == text; });
  if (known != versions.end()) {
    const auto same = *known;
    versions.push_back(same);
    return {};
  }
  const app::Loaded loaded = app::load(text);
  if (loaded.spec == nullptr) {
    return broken("application version " + std::to_string(versions.size() + 1) +
                  " of the log is not understood by this build");
  }
  versions.push_back(loaded.spec);
  return {};
}

Expected<std::shared_ptr<const app::Spec>> version_of(const Versions& versions,
                                                      const event::Record& record) {
  const AppVersion version = record.app_version;
  if (version == 0 || version > versions.size()) {
    return broken("position " + std::to_string(record.position) +
                  " names an application version that the log lacks");
  }
  return versions[version - 1];
}

}  // namespace quintet::host
