#include "pattern/topology.h"

#include <algorithm>

namespace quintet::pattern {

template <>
std::string_view Topology::word_of<Events>() { return "events"; }
template <>
std::string_view Topology::word_of<Records>() { return "records"; }
template <>
std::string_view Topology::word_of<Outcomes>() { return "outcomes"; }
template <>
std::string_view Topology::word_of<Models>() { return "models"; }
template <>
std::string_view Topology::word_of<Answers>() { return "answers"; }

std::string_view name_of(StageKind stage) {
  switch (stage) {
    case StageKind::door: return "door";
    case StageKind::ingest: return "ingest";
    case StageKind::infer: return "infer";
    case StageKind::train: return "train";
    case StageKind::results: return "results";
  }
  return "?";
}

std::string_view name_of(LinkKind link) {
  switch (link) {
    case LinkKind::direct: return "direct";
    case LinkKind::grpc: return "gRPC";
    case LinkKind::topic: return "topic";
    case LinkKind::invoke: return "invocation";
    case LinkKind::scan: return "scan";
  }
  return "?";
}

int Topology::place(Place place) {
  places_.push_back(std::move(place));
  return static_cast<int>(places_.size()) - 1;
}

void Topology::add(int place, StageKind stage) {
  places_[static_cast<std::size_t>(place)].stages.push_back(stage);
}

Door Topology::door(int place) {
  constexpr auto kStage = StageKind::door;
  add(place, kStage);
  return {{place, kStage}, {place, kStage}};
}

Ingest Topology::ingest(int place) {
  constexpr auto kStage = StageKind::ingest;
  add(place, kStage);
  return {{place, kStage}, {place, kStage}};
}

Infer Topology::infer(int place) {
  constexpr auto kStage = StageKind::infer;
  add(place, kStage);
  return {{place, kStage}, {place, kStage}, {place, kStage}};
}

Train Topology::train(int place) {
  constexpr auto kStage = StageKind::train;
  add(place, kStage);
  return {{place, kStage}, {place, kStage}};
}

Results Topology::results(int place) {
  constexpr auto kStage = StageKind::results;
  add(place, kStage);
  return {{place, kStage}, {place, kStage}, {place, kStage}};
}

Expected<void> Topology::validate() const {
  const auto fed = [&](StageKind stage, std::string_view what) {
    return std::any_of(arrows_.begin(), arrows_.end(), [&](const Arrow& arrow) {
      return arrow.to == stage && arrow.carries == what;
    });
  };
  for (const StageKind stage : {StageKind::door, StageKind::ingest, StageKind::infer,
                                StageKind::train, StageKind::results}) {
    const bool stands = std::any_of(places_.begin(), places_.end(), [&](const Place& place) {
      return std::count(place.stages.begin(), place.stages.end(), stage) > 0;
    });
    if (!stands) return invalid(name_ + " has no place for " + std::string(name_of(stage)));
  }
  if (!fed(StageKind::ingest, "events")) return invalid(name_ + ": nothing feeds ingest");
  if (!fed(StageKind::infer, "records")) return invalid(name_ + ": nothing feeds infer");
  if (!fed(StageKind::infer, "models")) return invalid(name_ + ": no models reach infer");
  if (!fed(StageKind::train, "records")) return invalid(name_ + ": nothing feeds train");
  if (!fed(StageKind::results, "outcomes")) return invalid(name_ + ": nothing feeds results");
  if (!fed(StageKind::door, "answers")) return invalid(name_ + ": no answers reach a client");
  for (const Arrow& arrow : arrows_) {
    if (arrow.link == LinkKind::direct && arrow.from_place != arrow.to_place) {
      return invalid(name_ + ": a direct link leaves its place");
    }
  }
  return {};
}

std::string Topology::mermaid() const {
  const auto node = [](int place, StageKind stage) {
    return "p" + std::to_string(place) + "_" + std::string(name_of(stage));
  };
  std::string out = "flowchart LR\n  client((client))\n";
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const Place& place = places_[i];
    out += "  subgraph " + place.name + "\n";
    for (const StageKind stage : place.stages) {
      out += "    " + node(static_cast<int>(i), stage) + "(" + std::string(name_of(stage)) + ")\n";
    }
    out += "  end\n";
    if (std::count(place.stages.begin(), place.stages.end(), StageKind::door) > 0) {
      out += "  client <--> " + node(static_cast<int>(i), StageKind::door) + "\n";
    }
  }
  for (const Arrow& arrow : arrows_) {
    out += "  " + node(arrow.from_place, arrow.from) + " --\"" + std::string(arrow.carries) +
           ", " + std::string(name_of(arrow.link)) + "\"--> " + node(arrow.to_place, arrow.to) +
           "\n";
  }
  return out;
}

std::vector<std::string_view> pattern_names() { return {"monolithic", "microservices"}; }

Expected<Topology> find_pattern(std::string_view name) {
  if (name == "monolithic") return monolithic();
  if (name == "microservices") return microservices();
  return not_found("this build has no pattern \"" + std::string(name) +
                   "\"; it has monolithic and microservices");
}

}  // namespace quintet::pattern
