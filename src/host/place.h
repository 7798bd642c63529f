// The stages of one place, with the gate: nothing leaves before its record is durable. This is what
// a door, a command or a test drives. It owns ingest and infer, feeds the Committer and answers
// reads.
//
// Lives on one Scheduler; every method is called in its jobs. After a failed commit it answers
// `unavailable` and must be destroyed and opened again: memory may be ahead of what is durable
// (DESIGN 6.5).
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/answers.h"
#include "host/committer.h"
#include "host/infer_figures.h"
#include "host/roles.h"
#include "host/snapshot_taker.h"
#include "stage/control.h"
#include "stage/infer.h"

namespace quintet::host {

// Most events admitted and not yet durable; beyond it saturated() asks doors to wait.
inline constexpr std::size_t kPendingEvents = 16'384;

class Place final : public IngestRole,
                    public InferRole,
                    public ResultsRole,
                    public RegistryRole,
                    public TrainRole {
 public:
  struct Parts {  // all outlive the Place
    stage::Store& store;
    stage::Vault& vault;
    Clock& clock;
    Scheduler& loop;
    Scheduler* writer = nullptr;  // of its commits; none: a thread of its own
    Scheduler* aside = nullptr;   // of retain(); none: a thread of its own
  };
  using SnapshotFigures = host::SnapshotFigures;
  // A model that comes with the application file.
  struct Brought {
    stage::ModelVersion entry;  // without version and time: the registry's
    std::shared_ptr<const learn::Model> model;
    std::string reason;  // of the promote record
  };
  struct Settings {
    std::shared_ptr<const app::Spec> spec;
    // What the registry lacks is registered. Where the application does not train the model itself
    // this version is the one in force, by a promote record if another is; where it does, it is the
    // first one.
    std::vector<Brought> models;
    Position snapshot_every = 200'000;                           // positions; 0: only when asked
    std::function<void(Position done, Position last)> progress;  // of the fold at the start
    std::function<void(const Error&)> on_failure;                // a commit failed: open anew
    // After each snapshot, with what came of it.
    std::function<void(const SnapshotFigures&, const Expected<void>&)> on_snapshot;
    // A cut is made once the records that go span so much time; -1: a tenth of `retain`.
    Micros retain_least = -1;
    // Inference and results are elsewhere (docs/decisions/0023): blocks are committed without
    // outcomes, nothing of the reading half nor score() may be asked, and an erase ends once
    // results_durable() has passed its record.
    bool apart = false;
    // Removing what lies below a base failed; it is tried again at the next look.
    std::function<void(const Error&)> on_retention;
  };
  // Reads the newest snapshots, folds the tail of the log, and brings the given Spec into force if
  // the log knows another one: its records are appended and it takes effect as if it had always
  // been there (DESIGN 6.8). The records of that start are durable when this returns. A snapshot
  // that is damaged, of another application or semantics version, or older than an erase, is not
  // used; started() says why.
  static Expected<std::unique_ptr<Place>> open(Parts parts, Settings settings);
  ~Place() override;

  const app::Spec& spec() const override;
  std::shared_ptr<const app::Spec> spec_of(AppVersion version) const override;
  stage::Score& score();
  const std::string& pseudonym_key() const override;

  // --- writing ---
  void offer(Offer&& offer, Reply reply) override;
  void refuse(stage::DeadLetter letter, Error why, Reply reply,
              const stage::SessionPlace& place = {}) override;
  void last_of_session(std::string_view session,
                       std::function<void(Expected<std::uint64_t>)> done) override;
  void flush() override;
  bool saturated() const override;

  // Brings an installed model version into force (0: none).
  void promote(stage::Promotion promotion, Done done) override;
  // Erases a subject (S8.3); `subject` is the pseudonym: `invalid` if it cannot be one, `not_found`
  // if the log has nothing of it; of one that was erased before, where that was. The erase record
  // and the erased outcomes are one transaction; then the key is destroyed and the state is folded
  // again from the log, during which saturated() is true. `done` comes after all of it.
  void erase(std::string subject, Done done) override;
  // Appends a control record whose effect is elsewhere (train).
  void control(event::RecordKind kind, std::string body, Done done) override;
  // Takes a snapshot of all up to now at the least, of views of all that is durable; `done` comes
  // when it is stored.
  void snapshot(Committer::Done done);
  // What came of a look at the log's beginning.
  struct Retention {
    Position first = 1;     // that the log holds
    Position removed = 0;   // positions that this look removed
    std::size_t bytes = 0;  // of the base that stands in their place
    Micros took = 0;
    bool enough = false;  // there is so much to remove that it is worth a base
  };
  using Retained = std::function<void(const Expected<Retention>&)>;
  // Of a place apart: the outcomes up to here are durable where they are kept.
  void results_durable(Position low);
  // Looks whether enough of the log is older than the application's `retain` and out of every
  // window; if so, takes a snapshot, makes a base and verifies it on a thread aside, puts it in
  // force with a seal record, and removes what lies below (S10). `unavailable` while another look
  // or an erase is under way; `broken` with id base_differs if the log does not give the state that
  // there is: then nothing is removed.
  void retain(Retained done);
  // The same of a place apart, as who keeps results asks for it (docs/decisions/0030).
  struct RetainAsk {
    Position durable = kNoPosition;  // L
    // By event type: a result of that time or earlier is in no view that keeps what is of subjects.
    std::vector<std::pair<std::string, Micros>> edges;
    // Of the newest snapshots of all shards, each at L or later; none: it is looked, no more.
    std::vector<PartDigest> shards;
  };
  void retain(RetainAsk ask, Retained done);
  // While one of these is alive, nothing is removed from the log.
  std::shared_ptr<const void> hold_log() const override;
  // Runs a job on the writing thread, in order with the commits.
  void run_on_store(std::function<Expected<void>(stage::Store&)> job,
                    Committer::Done done) override;
  std::shared_ptr<const learn::Model> installed(const std::string& model,
                                                std::uint32_t version) const override;
  std::uint32_t version_in_force(const app::ModelSpec& model) const override;
  stage::Score::InForce in_force(int model) const override;
  void known_models(std::function<void(Expected<std::vector<KnownModel>>)> done) override;
  void add_model(NewModel model, std::function<void(Expected<Registered>)> done) override;
  void discard_letter(std::uint64_t number, Committer::Done done) override;

  // --- reading ---
  std::optional<Position> find(std::string_view event_type, std::string_view id) const;
  void find(const std::string& event_type, const std::string& id, Micros deadline,
            std::function<void(Expected<Position>)> done) override;
  // The result at a position as JSON; `not_found` if there is none or it is not durable yet.
  Expected<std::string> result(Position position) override;
  // The same with a member "labels", if its event has any: what is known of them now (S5.6).
  Expected<std::string> result_with_labels(Position position);
  void result_with_labels(Position position,
                          std::function<void(Expected<std::string>)> done) override {
    done(result_with_labels(position));
  }
  using Page = Answers::Page;
  using Query = Answers::Query;
  // Looks at no more than kScanPositions; a page may be empty and still have a next one. `expired`
  // below first(); so is result().
  Expected<Page> results(const Query& query) override;
  void results_with_labels(const Query& query, Micros at,
                           std::function<void(Expected<Page>)> done) override;
  // A page of the application's view number `view` (S9).
  Expected<stage::ViewPage> view(std::size_t view, const stage::ViewQuery& query) override;
  const stage::Views& views() const;
  stage::Views::Size view_size(std::size_t view) const override { return views().size(view); }
  // A row of this event as it would be now, as JSON; nothing is stored (DESIGN 6, B15).
  Expected<std::string> peek(event::Event&& event);
  void peek(event::Event&& event, std::function<void(Expected<std::string>)> done) override {
    done(peek(std::move(event)));
  }

  // Without their originals.
  Expected<std::vector<stage::DeadLetter>> dead_letters(
      const stage::Store::DeadLetterQuery& query) override;
  // With its original, opened; empty if it was not kept.
  Expected<stage::DeadLetter> dead_letter(std::uint64_t number) override;

  Position first()
      const override;  // that the log holds: greater than 1 once its beginning was removed
  Position last() const override;     // admitted
  Position durable() const override;  // L: all outcomes up to here are durable
  // SHA-256 in hex over the shards, and over what ingest derives; functions of log and application.
  std::string state_digest() const;
  std::string ingest_digest() const;
  // How this object came to life.
  struct Started {
    Position snapshot = kNoPosition;  // positions that a snapshot spared
    Position folded = 0;              // positions read from the log
    Position views_folded = 0;        // positions whose results were read again for views
    Micros took = 0;
    std::vector<std::string> ignored;  // snapshots that were of no use, and why
    // Columns, and views as "view NAME", that know less than they should: of what was before
    // first(), or, at the start that brings a new version, of fields that changed (S1.7).
    std::vector<std::string> cold;
    Micros newest = kNoTime;  // admission of the log
  };
  const Started& started() const;
  const std::vector<std::string>& cold() const override { return started().cold; }
  struct Figures : InferFigures {
    Position first = 1, last = 0, durable = 0, snapshot = 0;  // snapshot: of the newest one
    std::size_t ids = 0, waiting_labels = 0, pending = 0;
    Committer::Figures commits;
    std::uint64_t admitted = 0, repeated = 0, refused = 0, snapshots = 0;  // since the start
  };
  // Costs the same however large the state is.
  Figures figures();
  std::size_t pending() const;  // events that wait to become durable

  // Called after each durable group with the outcomes' positions (for streams and views).
  void when_durable(std::function<void(Position first, Position last)> callback);

 private:
  struct State;
  explicit Place(std::unique_ptr<State> state);
  void keep_refused(stage::DeadLetter letter, Error why, Reply reply);
  std::unique_ptr<State> state_;
};

}  // namespace quintet::host
