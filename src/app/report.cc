#include "app/report.h"

#include <algorithm>

#include "app/yaml.h"

namespace quintet::app {

Diagnostic& Diagnostic::relate(Place where, std::string_view what) {
  related.push_back({where, std::string(what)});
  return *this;
}

Diagnostic& Report::error(std::string_view code, Place place, std::string message,
                          std::string hint) {
  ++errors_;
  std::string key = std::string(code) + ":" + std::to_string(place.line) + ":" +
                    std::to_string(place.column) + ":" + std::to_string(place.end_line) + ":" +
                    std::to_string(place.end_column);
  Diagnostic diagnostic{std::string(code), false, place, std::move(message), {}, std::move(hint)};
  if (diagnostics_.size() >= kMaxDiagnostics || !seen_.insert(std::move(key)).second) {
    dropped_ = std::move(diagnostic);
    return dropped_;
  }
  diagnostics_.push_back(std::move(diagnostic));
  return diagnostics_.back();
}

Diagnostic& Report::warning(std::string_view code, Place place, std::string message,
                            std::string hint) {
  const std::size_t before = errors_;
  Diagnostic& diagnostic = error(code, place, std::move(message), std::move(hint));
  errors_ = before;
  diagnostic.warning = true;
  return diagnostic;
}

void Report::add(Diagnostic diagnostic) {
  if (!diagnostic.warning) ++errors_;
  diagnostics_.push_back(std::move(diagnostic));
}

std::vector<Diagnostic> Report::take() {
  std::stable_sort(
      diagnostics_.begin(), diagnostics_.end(), [](const Diagnostic& a, const Diagnostic& b) {
        return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
      });
  return std::move(diagnostics_);
}

std::string list_names(const std::vector<std::string>& names, std::size_t most) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) {
    if (i > 0) out += i + 1 == names.size() ? " or " : ", ";
    out += "`" + names[i] + "`";
  }
  if (names.size() > most) out += " and " + std::to_string(names.size() - most) + " more";
  return out;
}

}  // namespace quintet::app
