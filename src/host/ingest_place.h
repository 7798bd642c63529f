// Ingest as a place of its own (docs/decisions/0023): it has the log, dead letters, the model
// registry and the vault, admits what is offered, and gives durable blocks to whoever follows the
// log. Outcomes are made and kept elsewhere; from there it is told L, the position up to which they
// are durable.
//
// Lives on one Scheduler, as Place does, whose half it is: after a failed commit it answers
// `unavailable` and must be destroyed and opened again.
#pragma once

#include "host/key_source.h"
#include "host/place.h"

namespace quintet::host {

// Most positions that the log may run ahead of L; beyond it saturated() says so.
inline constexpr Position kMostAhead = 1'000'000;

class IngestPlace final : public Intake {
 public:
  struct Parts {  // all outlive it
    stage::Store& store;
    stage::Vault& vault;
    Clock& clock;
    Scheduler& loop;
    Scheduler* writer = nullptr;  // of its commits; none: a thread of its own
    Scheduler* aside = nullptr;   // of retain(); none: a thread of its own
  };
  struct Settings {
    std::shared_ptr<const app::Spec> spec;
    std::vector<Place::Brought> models;  // as Place::Settings has them
    Position snapshot_every = 200'000;   // positions; 0: only when asked
    Position most_ahead = kMostAhead;
    Micros retain_least = -1;                                    // as Place::Settings has it
    std::function<void(Position done, Position last)> progress;  // of the fold at the start
    std::function<void(const Error&)> on_failure;                // a commit failed: open anew
    std::function<void(const SnapshotFigures&, const Expected<void>&)> on_snapshot;
    std::function<void(const Error&)> on_retention;
  };
  // As Place::open().
  static Expected<std::unique_ptr<IngestPlace>> open(Parts parts, Settings settings);

  // --- what doors use ---
  const app::Spec& spec() const override { return place_->spec(); }
  const std::string& pseudonym_key() const override { return place_->pseudonym_key(); }
  // A receipt has what became of the event and its position, never a result. `unavailable` while a
  // subject is being erased: see erase().
  void offer(Offer&& offer, Reply reply) override;
  void refuse(stage::DeadLetter letter, Error why, Reply reply,
              const stage::SessionPlace& place = {}) override;
  void last_of_session(std::string_view session,
                       std::function<void(Expected<std::uint64_t>)> done) override;
  void flush() override { place_->flush(); }
  bool saturated() const override { return place_->saturated() || too_far_ahead(); }
  // The log is as far ahead of L as it may be: what makes or keeps results is away or too slow.
  bool too_far_ahead() const;
  Position most_ahead() const { return most_ahead_; }
  Error why_saturated() const override {
    return too_far_ahead() ? log_ahead(most_ahead_) : Intake::why_saturated();
  }

  // --- what operators use: as in Place ---
  // Of a version that the registry has as ready; 0: none.
  void promote(stage::Promotion promotion, Done done);
  // Ends once outcomes are durable up to its record: until then the key is needed, for what was
  // admitted before was decided with all that was known then. Nothing is admitted meanwhile.
  void erase(std::string subject, Done done) { place_->erase(std::move(subject), std::move(done)); }
  void control(event::RecordKind kind, std::string body, Done done);
  void snapshot(Committer::Done done) { place_->snapshot(std::move(done)); }
  // As Place::retain(); by who keeps results.
  void retain(Place::RetainAsk ask, Place::Retained done) {
    place_->retain(std::move(ask), std::move(done));
  }
  void run_on_store(std::function<Expected<void>(stage::Store&)> job, Committer::Done done);
  void discard_letter(std::uint64_t number, Committer::Done done);
  Expected<std::vector<stage::DeadLetter>> dead_letters(const stage::Store::DeadLetterQuery& query);
  Expected<stage::DeadLetter> dead_letter(std::uint64_t number);

  // --- what followers use ---
  // Durable blocks from the one that holds `from`, until `most_bytes` is passed; at least one
  // unless the log ends there.
  Expected<std::vector<event::BlockBytes>> read(Position from, std::size_t most_bytes);
  // Called after each durable group with the log's end. One callback.
  void when_durable(std::function<void(Position last)> callback);
  // Keys by name, in order. Of a subject that was erased, or that has no key, there is none.
  Expected<std::vector<FoundKey>> keys(const std::vector<std::string>& names);
  Expected<stage::ModelVersion> model(const std::string& name, std::uint32_t version);
  // As BaseSource has them.
  Expected<std::optional<OfferedBase>> base(Position at);
  Expected<stage::Snapshot> base_part(std::uint64_t number, const std::string& name);
  // L, by who keeps outcomes. Until it was told, all up to the log's end at the start counts as
  // durable there.
  void results_durable(Position low);

  // --- figures ---
  Position first() const { return place_->first(); }  // that the log holds
  Position last() const { return place_->last(); }    // admitted
  Position durable() const { return place_->durable(); }
  Position results_low() const { return low_; }
  std::optional<Position> find(std::string_view event_type, std::string_view id) const;
  std::string ingest_digest() const { return place_->ingest_digest(); }
  const Place::Started& started() const { return place_->started(); }
  Place::Figures figures() { return place_->figures(); }
  std::shared_ptr<const app::Spec> spec_of(AppVersion version) const;

 private:
  IngestPlace(const Parts& parts, Position most_ahead, std::unique_ptr<Place> place);

  const Parts parts_;
  const Position most_ahead_;
  std::unique_ptr<Place> place_;
  Position low_;
};

}  // namespace quintet::host
