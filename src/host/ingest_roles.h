// IngestPlace, as handlers know it.
//
// Lives as long as the place, on its Scheduler.
#pragma once

#include "host/ingest_place.h"
#include "host/promotions.h"

namespace quintet::host {

class IngestRoles final : public IngestRole, public RegistryRole {
 public:
  explicit IngestRoles(IngestPlace& place, stage::Store& store) : place_(place), store_(store) {}

  // Which versions are in force, from the log.
  Expected<void> read_promotions() {
    for (const app::ModelSpec& model : place_.spec().models) {
      TRY(const auto past, promotions_of(store_, model.name));
      in_force_[model.name] = past.empty() ? 0 : past.back().promotion.version;
    }
    return {};
  }

  const app::Spec& spec() const override { return place_.spec(); }
  std::shared_ptr<const app::Spec> spec_of(AppVersion version) const override {
    return place_.spec_of(version);
  }
  const std::string& pseudonym_key() const override { return place_.pseudonym_key(); }
  void offer(Offer&& offer, Reply reply) override {
    place_.offer(std::move(offer), std::move(reply));
  }
  void refuse(stage::DeadLetter letter, Error why, Reply reply,
              const stage::SessionPlace& place) override {
    place_.refuse(std::move(letter), std::move(why), std::move(reply), place);
  }
  void last_of_session(std::string_view session,
                       std::function<void(Expected<std::uint64_t>)> done) override {
    place_.last_of_session(session, std::move(done));
  }
  void flush() override { place_.flush(); }
  bool saturated() const override { return place_.saturated(); }
  Expected<std::vector<stage::DeadLetter>> dead_letters(
      const stage::Store::DeadLetterQuery& query) override {
    return place_.dead_letters(query);
  }
  Expected<stage::DeadLetter> dead_letter(std::uint64_t number) override {
    return place_.dead_letter(number);
  }
  void discard_letter(std::uint64_t number, Committer::Done done) override {
    place_.discard_letter(number, std::move(done));
  }
  void erase(std::string subject, Done done) override {
    place_.erase(std::move(subject), std::move(done));
  }
  const std::vector<std::string>& cold() const override { return place_.started().cold; }

  std::uint32_t version_in_force(const app::ModelSpec& model) const override {
    const auto found = in_force_.find(model.name);
    return found == in_force_.end() ? 0 : found->second;
  }
  void promote(stage::Promotion promotion, Done done) override {
    place_.promote(promotion, [this, promotion, done = std::move(done)](Expected<Position> at) {
      if (at) in_force_[promotion.model] = promotion.version;
      done(std::move(at));
    });
  }
  void add_model(NewModel model, std::function<void(Expected<Registered>)> done) override {
    auto registered = std::make_shared<Registered>();
    place_.run_on_store(
        [registered, model = std::move(model)](stage::Store& store) -> Expected<void> {
          TRY(*registered, register_model(store, model));
          return {};
        },
        [registered, done = std::move(done)](const Expected<void>& added) {
          done(added ? Expected<Registered>(*registered) : Expected<Registered>(added.error()));
        });
  }
  void run_on_store(std::function<Expected<void>(stage::Store&)> job,
                    Committer::Done done) override {
    place_.run_on_store(std::move(job), std::move(done));
  }

 private:
  IngestPlace& place_;
  stage::Store& store_;
  std::map<std::string, std::uint32_t> in_force_;
};

}  // namespace quintet::host
