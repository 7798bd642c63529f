// Application files: whatever the bytes, load() gives a Spec or diagnostics that can be shown.
// rooms: app
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "app/load.h"
#include "base/check.h"

// libfyaml 0.7.12 loses 2 KiB on a scalar with very many quotes; nothing of ours can free it.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libfyaml";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const quintet::app::Loaded loaded = quintet::app::load(text);
  quintet::check(loaded.spec != nullptr || !loaded.diagnostics.empty(),
                 "neither a spec nor a reason");
  for (const quintet::app::Diagnostic& each : loaded.diagnostics) {
    quintet::check(each.place.line >= 1 && each.place.column >= 1, "a place outside of the text");
    quintet::check(!render(each, "app.yaml", text, false).empty(), "nothing to show");
    quintet::check(!render_json(each, "app.yaml").empty(), "nothing to print");
  }
  return 0;
}
