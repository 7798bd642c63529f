// Collects the diagnostics of one run over one file. Not thread-safe; lives during load() only.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "app/source.h"

namespace quintet::app {

// Beyond these many errors the rest is left out.
inline constexpr std::size_t kMaxDiagnostics = 100;

class Report {
 public:
  explicit Report(const Source& source) : source_(source) {}

  // The diagnostic may be completed (related, hint) until the next call. A second one of the same
  // code at the same place is the same fault, met again by another member of a set: it is dropped.
  Diagnostic& error(std::string_view code, Place place, std::string message, std::string hint = {});
  Diagnostic& error(std::string_view code, const Node& node, std::string message,
                    std::string hint = {}) {
    return error(code, source_.place(node), std::move(message), std::move(hint));
  }
  Diagnostic& warning(std::string_view code, Place place, std::string message,
                      std::string hint = {});
  void add(Diagnostic diagnostic);

  const Source& source() const { return source_; }
  bool has_errors() const { return errors_ > 0; }
  // More would be left out: checking further is of no use.
  bool full() const { return errors_ >= kMaxDiagnostics; }
  // All of them, in file order.
  std::vector<Diagnostic> take();

 private:
  const Source& source_;
  std::vector<Diagnostic> diagnostics_;
  std::set<std::string> seen_;
  Diagnostic dropped_;
  std::size_t errors_ = 0;
};

// "`a`, `b` and 3 more"
std::string list_names(const std::vector<std::string>& names, std::size_t most = 8);

}  // namespace quintet::app
