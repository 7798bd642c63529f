// What an architecture pattern is, as a value: places, what stands in each, and the links between
// them. A pattern decides only where a stage runs, which link carries data between stages, and
// where state is kept (DESIGN 4). The host runs a Topology; nothing after it knows a pattern's
// name.
//
// Ports are typed by what they carry, so an arrow that carries the wrong thing does not compile
// (test/compile has the proof).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"

namespace quintet::pattern {

// A door is no stage, but arrows begin and end there.
enum class StageKind : std::uint8_t { door, ingest, infer, train, results };
enum class LinkKind : std::uint8_t { direct, grpc, topic, invoke, scan };
enum class StateKind : std::uint8_t { memory, rows };
enum class LifeKind : std::uint8_t { always, on_call, scheduled };

// Where truth is written: in the transaction of the append, or in one of its own.
enum class CommitKind : std::uint8_t { with_append, own };

// What a link can carry.
struct Events;    // from a client, read and checked
struct Records;   // of the log, in chain order
struct Outcomes;  // result or failure, one a position
struct Models;    // trained versions
struct Answers;   // to the client

template <class Carried>
struct Out {
  int place;
  StageKind stage;
};
template <class Carried>
struct In {
  int place;
  StageKind stage;
};

struct Door {
  Out<Events> events;
  In<Answers> answers;
};
struct Ingest {
  In<Events> events;
  Out<Records> records;
};
struct Infer {
  In<Records> records;
  In<Models> models;
  Out<Outcomes> outcomes;
};
struct Train {
  In<Records> records;
  Out<Models> models;
};
struct Results {
  In<Records> records;
  In<Outcomes> outcomes;
  Out<Answers> answers;
};

struct Place {
  std::string name;
  std::vector<StageKind> stages;
  StateKind state = StateKind::memory;
  LifeKind life = LifeKind::always;
  CommitKind commit = CommitKind::own;
  int replicas = 1;
};

struct Arrow {
  int from_place, to_place;
  StageKind from, to;
  LinkKind link;
  std::string_view carries;  // "events", "records", "outcomes", "models", "answers"
};

class Topology {
 public:
  explicit Topology(std::string name) : name_(std::move(name)) {}

  int place(Place place);
  Door door(int place);
  Ingest ingest(int place);
  Infer infer(int place);
  Train train(int place);
  Results results(int place);

  template <class Carried>
  void connect(Out<Carried> from, In<Carried> to, LinkKind link) {
    arrows_.push_back({from.place, to.place, from.stage, to.stage, link, word_of<Carried>()});
  }

  const std::string& name() const { return name_; }
  const std::vector<Place>& places() const { return places_; }
  const std::vector<Arrow>& arrows() const { return arrows_; }

  // Every stage is there and every input is fed, or what is missing.
  Expected<void> validate() const;
  // The places, stages and links as a Mermaid flowchart; documents use it as it is.
  std::string mermaid() const;

 private:
  template <class Carried>
  static std::string_view word_of();
  void add(int place, StageKind stage);

  std::string name_;
  std::vector<Place> places_;
  std::vector<Arrow> arrows_;
};

std::string_view name_of(StageKind stage);
std::string_view name_of(LinkKind link);

// The patterns of this build, by name; `not_found` says which there are.
Expected<Topology> find_pattern(std::string_view name);
std::vector<std::string_view> pattern_names();

Topology monolithic();
Topology microservices();

}  // namespace quintet::pattern
