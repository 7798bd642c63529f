#include "tool/patterns.h"

#include <algorithm>

#include "base/digest.h"
#include "host/shard_table.h"
#include "pattern/topology.h"
#include "store/postgres.h"

namespace quintet::tool {

namespace {

// What is to be sent: how much, and how new it is when a model is trained.
struct InputFacts {
  std::uint64_t events = 0;
  std::vector<Micros> newest;  // by event type, up to `train_at`
};

Expected<InputFacts> read_inputs(const PatternsOptions& options,
                                 const std::vector<InputFile>& inputs) {
  InputFacts facts;
  facts.newest.assign(options.spec->events.size(), kNoTime);
  TRY(const auto source, EventSource::open(*options.spec, inputs, std::string(32, '\0')));
  std::uint64_t bad = 0;
  const auto on_bad = [&](const BadLine&) -> Expected<void> {
    ++bad;
    return {};
  };
  event::Event event;
  while (options.events == 0 || facts.events < options.events) {
    TRY(const bool any, source->next(event, on_bad));
    if (any) {
      ++facts.events;
      Micros& newest = facts.newest[static_cast<std::size_t>(event.type->index)];
      if (!options.train_at || facts.events <= *options.train_at) {
        if (event.time != kNoTime && (newest == kNoTime || event.time > newest)) {
          newest = event.time;
        }
      }
    }
    facts.events += std::exchange(bad, 0);
    if (!any) break;
  }
  if (options.events != 0) facts.events = std::min(facts.events, options.events);
  return facts;
}

// The trainings, and what was asked for, in the order of their places. Labels are taken as of one
// instant in every run: what S5.4 says, now being the begin of the first.
std::vector<ModelSwitch> switches_of(const PatternsOptions& options, const InputFacts& facts,
                                     Micros now) {
  std::vector<ModelSwitch> out = options.switches;
  for (const app::ModelSpec& model : options.spec->models) {
    if (!options.train_at || !model.train) continue;
    const app::Label& label = options.spec->labels[static_cast<std::size_t>(model.train->label)];
    const Micros newest = facts.newest[static_cast<std::size_t>(model.of)];
    const Micros as_of = newest == kNoTime ? now : std::min(now, newest + label.after);
    out.push_back({model.name, "", *options.train_at, as_of});
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const ModelSwitch& a, const ModelSwitch& b) { return a.at < b.at; });
  return out;
}

std::vector<std::uint64_t> moments(std::uint64_t count, std::uint64_t seed, std::uint64_t events) {
  std::vector<std::uint64_t> out;
  for (std::uint64_t i = 0; i < count && events > 0; ++i) {
    out.push_back(seeded(~seed, i) % events + 1);
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool has_pseudonyms(const app::Spec& spec) {
  for (const event::EventType& type : spec.events) {
    for (const event::Field& field : type.fields) {
      if (field.privacy == event::Privacy::pseudonymize) return true;
    }
  }
  return false;
}

// The buckets of a view follow an event's time; without one that is when it was admitted.
Expected<void> check_times(const app::Spec& spec) {
  for (const app::View& view : spec.views) {
    const event::EventType& type = spec.events[static_cast<std::size_t>(view.of)];
    if (view.every == 0 || type.time_field >= 0) continue;
    return invalid("event " + type.name +
                   " has no `time:`, so its time is that of its admission, which no two runs have "
                   "in common: the buckets of view " +
                   view.name + " cannot be compared");
  }
  return {};
}

std::string schema_of_run(const PatternsOptions& options, std::size_t index) {
  return options.schema + "_" + std::to_string(index + 1);
}

}  // namespace

std::vector<std::string> schemas_of(const PatternsOptions& options) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < options.patterns.size(); ++i) {
    const std::string name = schema_of_run(options, i);
    out.push_back(name);
    const auto topology = pattern::find_pattern(options.patterns[i]);
    if (!topology || topology->places().size() < 2) continue;
    for (const pattern::Place& place : topology->places()) {
      out.push_back(store::named_schema(name, place.name));
    }
    for (host::ReplicaId id = 2; id <= options.infer_replicas; ++id) {
      out.push_back(store::named_schema(name, host::replica_name(id)));
    }
  }
  return out;
}

bool has_infer_alone(const pattern::Topology& topology) {
  const std::vector<pattern::StageKind> alone = {pattern::StageKind::infer};
  return std::any_of(topology.places().begin(), topology.places().end(),
                     [&](const pattern::Place& place) { return place.stages == alone; });
}

bool PatternsComparison::equal() const {
  return std::all_of(sections.begin(), sections.end(),
                     [](const SectionDifference& section) { return section.equal(); });
}

bool PatternsReport::equal() const {
  for (const PatternFigures& run : runs) {
    if (run.rest.replies_differ != 0) return false;
  }
  return std::all_of(comparisons.begin(), comparisons.end(),
                     [](const PatternsComparison& one) { return one.equal(); });
}

std::uint64_t lines_of(const PatternFigures& run, std::string_view section) {
  std::uint64_t lines = 0;
  for (const auto& [name, count] : run.rest.dump.sections) {
    if (name == section || name.starts_with(std::string(section) + " ")) lines += count;
  }
  return lines;
}

std::uint64_t versions_in(const PatternFigures& run) {
  std::uint64_t versions = 0;
  for (const auto& [name, lines] : run.rest.dump.sections) {
    if (name.starts_with("model ")) versions += lines - 1;
  }
  return versions;
}

Expected<PatternsReport> verify_patterns(const PatternsOptions& options, Endable& endable,
                                         Progress::Mode mode, Clock& clock) {
  TRY_DO(check_times(*options.spec));
  PatternsReport report;
  report.asked = options;
  PatternRunOptions run;
  run.inputs = options.inputs;
  if (options.disturbance.any()) {
    TRY(run.inputs, disturbed(options.inputs, options.disturbance, options.events,
                              options.directory + "/inputs"));
  }
  TRY(const InputFacts facts, read_inputs(options, run.inputs));
  report.events = facts.events;
  run.app = options.app;
  run.spec = options.spec;
  run.events = facts.events;
  run.seed = options.disturbance.seed;
  run.kills = moments(options.kills, run.seed, facts.events);
  run.switches = switches_of(options, facts, clock.wall());
  if (has_pseudonyms(*options.spec)) {
    run.pseudonyms = options.directory + "/pseudonyms";
    TRY(const auto key, Output::open(run.pseudonyms));
    // Of the seed: pseudonyms that a column counts are the same another day.
    const Digest digest = sha256("quintet verify " + std::to_string(run.seed));
    key->text() = bytes_of(digest);
    TRY_DO(key->close());
  }
  for (std::size_t i = 0; i < options.patterns.size(); ++i) {
    run.pattern = options.patterns[i];
    TRY(const pattern::Topology topology, pattern::find_pattern(run.pattern));
    run.several = topology.places().size() > 1;
    run.infer_replicas = has_infer_alone(topology) ? options.infer_replicas : 0;
    run.store_url = options.store_url;
    run.schema = schema_of_run(options, i);
    run.program = options.programs.at(run.pattern);
    run.directory = options.directory + "/" + std::to_string(i + 1) + "-" + run.pattern;
    TRY(auto figures, run_pattern(run, endable, mode, clock));
    report.runs.push_back(std::move(figures));
    if (i == 0) continue;
    TRY(auto sections, compare_dumps(report.runs[0].dump, report.runs[i].dump));
    report.comparisons.push_back({i, std::move(sections)});
  }
  return report;
}

}  // namespace quintet::tool
