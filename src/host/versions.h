// The versions of an application, as its log names them: AppVersion n is the n-th that an
// `application` record prepared.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/spec.h"
#include "event/record.h"

namespace quintet::host {

using Versions = std::vector<std::shared_ptr<const app::Spec>>;  // by AppVersion - 1

// The next version, from the text of its application file; `broken` if this build does not
// understand it. Each file is parsed once, and one that is `given` not at all: a log that goes
// forth and back between two files has many versions.
Expected<void> add_version(Versions& versions, const std::string& text,
                           const std::shared_ptr<const app::Spec>& given = nullptr);

// The version that admitted a record; `broken` if it is not there.
Expected<std::shared_ptr<const app::Spec>> version_of(const Versions& versions,
                                                      const event::Record& record);

}  // namespace quintet::host
