// From the text of an application file to a Spec, or to every independent problem in it.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "app/diagnostic.h"
#include "app/spec.h"

namespace quintet::app {

struct Loaded {
  std::shared_ptr<const Spec> spec;     // null if any diagnostic is an error
  std::vector<Diagnostic> diagnostics;  // in file order; warnings too
};

// Never fails in another way; hostile text is refused with a diagnostic. `pattern` overrides the
// file's pattern if not empty.
Loaded load(std::string_view text, std::string_view pattern = {});

// What load() cannot see, as it opens no other file: the model's `file` is not there, or is of no
// use for the reason `why`.
Diagnostic unusable_file(const ModelSpec& model, std::string why);

}  // namespace quintet::app
