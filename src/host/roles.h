// What a door asks of the stages, one interface a stage. A Place plays all of them; where the
// stages are processes of their own, each plays its own, and the same handlers serve it.
//
// Each lives on one Scheduler; every method is called in its jobs, and so are the callbacks.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/answers.h"
#include "host/committer.h"
#include "host/intake.h"
#include "stage/score.h"

namespace quintet::host {

using Done = std::function<void(Expected<Position>)>;

class IngestRole : public Intake {
 public:
  // Without their originals.
  virtual Expected<std::vector<stage::DeadLetter>> dead_letters(
      const stage::Store::DeadLetterQuery& query) = 0;
  // With its original, opened; empty if it was not kept.
  virtual Expected<stage::DeadLetter> dead_letter(std::uint64_t number) = 0;
  virtual void discard_letter(std::uint64_t number, Committer::Done done) = 0;
  // Erases a subject (S8.3); `subject` is the pseudonym: `invalid` if it cannot be one, `not_found`
  // if the log has nothing of it; of one that was erased before, where that was. The erase record
  // and the erased outcomes are durable before the key is destroyed.
  virtual void erase(std::string subject, Done done) = 0;
  // Columns, and views as "view NAME", that know less than they should.
  virtual const std::vector<std::string>& cold() const = 0;
};

class InferRole {
 public:
  virtual ~InferRole() = default;
  virtual const app::Spec& spec() const = 0;  // in force
  virtual const std::string& pseudonym_key() const = 0;
  // A row of this event as it would be now, as JSON; nothing is stored (DESIGN 6, B15). `done` may
  // be called inside the call.
  virtual void peek(event::Event&& event, std::function<void(Expected<std::string>)> done) = 0;
  // Of Spec::models; without a model if none is in force.
  virtual stage::Score::InForce in_force(int model) const = 0;
  // A version that is in memory; null if it is not.
  virtual std::shared_ptr<const learn::Model> installed(const std::string& model,
                                                        std::uint32_t version) const = 0;
  virtual Position last() const = 0;  // that state was folded to
};

class ResultsRole {
 public:
  virtual ~ResultsRole() = default;
  virtual const app::Spec& spec() const = 0;                                       // in force
  virtual std::shared_ptr<const app::Spec> spec_of(AppVersion version) const = 0;  // null: unknown
  // The position of an event by its id; `not_found`. `done` may be called inside the call, here
  // and below. Nobody waits after `deadline` (steady).
  virtual void find(const std::string& event_type, const std::string& id, Micros deadline,
                    std::function<void(Expected<Position>)> done) = 0;
  // The result at a position as JSON; `not_found` if there is none or it is not durable yet.
  virtual Expected<std::string> result(Position position) = 0;
  // The same with a member "labels", if its event has any: what is known of them now (S5.6).
  virtual void result_with_labels(Position position,
                                  std::function<void(Expected<std::string>)> done) = 0;
  // Looks at no more than kScanPositions; a page may be empty and still have a next one. `expired`
  // below first(); so is result().
  virtual Expected<Answers::Page> results(const Answers::Query& query) = 0;
  // The same, each with its labels, seen from `at` (S5.3); kNoTime: now. As many reports as the
  // page has cost as many reads.
  virtual void results_with_labels(const Answers::Query& query, Micros at,
                                   std::function<void(Expected<Answers::Page>)> done) = 0;
  // A page of the application's view number `view` (S9).
  virtual Expected<stage::ViewPage> view(std::size_t view, const stage::ViewQuery& query) = 0;
  virtual stage::Views::Size view_size(std::size_t view) const = 0;
  virtual Position first() const = 0;    // that is kept
  virtual Position durable() const = 0;  // L: all outcomes up to here are durable
};

// The model registry, which stands beside the log: a promotion and what it names are never apart.
class RegistryRole {
 public:
  virtual ~RegistryRole() = default;
  virtual const app::Spec& spec() const = 0;                                       // in force
  virtual std::shared_ptr<const app::Spec> spec_of(AppVersion version) const = 0;  // null: unknown
  // The version of a model that predicts now; 0: none.
  virtual std::uint32_t version_in_force(const app::ModelSpec& model) const = 0;
  // Brings a registered version into force (0: none).
  virtual void promote(stage::Promotion promotion, Done done) = 0;
  // Registers a model that has passed the gate. With `once`, one of that digest that is registered
  // already keeps its version, and `fresh` is false.
  struct NewModel {
    stage::ModelVersion entry;  // without version
    std::shared_ptr<const learn::Model> model;
    bool once = false;
  };
  struct Registered {
    std::uint32_t version = 0;
    bool fresh = false;
  };
  virtual void add_model(NewModel model, std::function<void(Expected<Registered>)> done) = 0;
  // Runs a job on the writing thread, in order with the commits.
  virtual void run_on_store(std::function<Expected<void>(stage::Store&)> job,
                            Committer::Done done) = 0;
};

// On the writing thread.
Expected<RegistryRole::Registered> register_model(stage::Store& store,
                                                  const RegistryRole::NewModel& model);

class TrainRole {
 public:
  virtual ~TrainRole() = default;
  virtual const app::Spec& spec() const = 0;                                       // in force
  virtual std::shared_ptr<const app::Spec> spec_of(AppVersion version) const = 0;  // null: unknown
  virtual Position last() const = 0;  // of the log, as far as it is known here
  // Gives the last position that the log has now, once all up to it is known here; maybe at once.
  virtual void catch_up(std::function<void(Expected<Position> last)> done) { done(last()); }
  // Appends a control record whose effect is elsewhere (train).
  virtual void control(event::RecordKind kind, std::string body, Done done) = 0;
  // While one of these is alive, nothing is removed from the log.
  virtual std::shared_ptr<const void> hold_log() const = 0;
  // What the registry has, each with its model, or null if it is of no use under spec().
  struct KnownModel {
    std::string model;
    std::uint32_t version = 0;
    std::shared_ptr<const learn::Model> loaded;
  };
  virtual void known_models(std::function<void(Expected<std::vector<KnownModel>>)> done) = 0;
  // As RegistryRole has them.
  virtual std::uint32_t version_in_force(const app::ModelSpec& model) const = 0;
  virtual void add_model(RegistryRole::NewModel model,
                         std::function<void(Expected<RegistryRole::Registered>)> done) = 0;
  virtual void promote(stage::Promotion promotion, Done done) = 0;
};

// Those of one process; null is what it does not play, or what is away for a moment.
struct StageRoles {
  Intake* intake = nullptr;
  IngestRole* ingest = nullptr;
  InferRole* infer = nullptr;
  ResultsRole* results = nullptr;
  RegistryRole* registry = nullptr;
  TrainRole* train = nullptr;
};

}  // namespace quintet::host
