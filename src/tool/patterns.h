// The promise "the same answers under every pattern", checked on any application: it is run under
// one pattern after the other on the same input, and what each shows at rest is compared with what
// the first one did.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pattern/topology.h"
#include "tool/pattern_run.h"

namespace quintet::tool {

struct PatternsOptions {
  std::string app;  // its file
  std::shared_ptr<const app::Spec> spec;
  std::vector<InputFile> inputs;
  std::vector<std::string> patterns;            // one may be named twice
  std::map<std::string, std::string> programs;  // for a pattern; else this very one
  std::uint64_t events = 0;                     // no more than these; 0: all
  Disturbance disturbance;
  std::uint64_t kills = 0;
  std::vector<ModelSwitch> switches;
  std::optional<std::uint64_t> train_at;  // all models that the application trains
  std::string store_url;  // postgres://..., without a password; empty: SQLite in the directory
  std::string schema;     // there; a run has SCHEMA_N; see schemas_of()
  std::uint32_t infer_replicas = 0;  // where infer is a service; 0: as many as a pattern has
  std::string directory;             // for logs, data and dumps; the caller's
};

// The schemas that its runs make, one for each store.
std::vector<std::string> schemas_of(const PatternsOptions& options);
// Infer is a process of its own there, of which there may be several.
bool has_infer_alone(const pattern::Topology& topology);

struct PatternsComparison {
  std::size_t other = 0;  // index of the run that is compared with the first
  std::vector<SectionDifference> sections;
  bool equal() const;
};

struct PatternsReport {
  PatternsOptions asked;
  std::uint64_t events = 0;
  std::vector<PatternFigures> runs;
  std::vector<PatternsComparison> comparisons;
  bool equal() const;  // replies too
};

Expected<PatternsReport> verify_patterns(const PatternsOptions& options, Endable& endable,
                                         Progress::Mode mode, Clock& clock);

// Lines of a section of a run's dump; of all views for "view", and so on.
std::uint64_t lines_of(const PatternFigures& run, std::string_view section);
// Model versions in it: each model's section begins with a line about the model.
std::uint64_t versions_in(const PatternFigures& run);

std::string to_json(const PatternsReport& report);
// The same as a page that needs nothing else.
std::string to_html(const PatternsReport& report);
// For people: a table, and what differs first in each section.
std::string to_text(const PatternsReport& report);

}  // namespace quintet::tool
