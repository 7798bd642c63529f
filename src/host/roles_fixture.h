// The three places of roles_test.cc and the links between them, which delay, repeat, reorder and
// drop what they carry; places die and are opened again.
#pragma once

#include "host/infer_place.h"
#include "host/ingest_place.h"
#include "host/results_place.h"
#include "host/roles_application.h"

namespace quintet::host {

class Roles {
 public:
  Roles(RolesWorld& w, std::shared_ptr<const app::Spec> spec) : world(w), spec_(std::move(spec)) {
    clock.now = results_clock.now = kRolesBegin;
    keys = std::make_unique<Keys>(*this);
    models = std::make_unique<Models>(*this);
  }

  ~Roles() {
    ingest.reset();
    infer.reset();
    results.reset();
  }

  RolesWorld& world;
  RolesClock clock, results_clock;  // clock: of ingest, which the log shows
  RolesStore ingest_store, infer_store, results_store;
  RolesVault vault;
  std::unique_ptr<IngestPlace> ingest;
  std::unique_ptr<InferPlace> infer;
  std::unique_ptr<ResultsPlace> results;
  bool wild = true;  // links lose, repeat and reorder
  int deaths = 0;
  bool broke[3] = {false, false, false};

  void open_ingest(std::shared_ptr<const app::Spec> spec) {
    spec_ = std::move(spec);
    open_thread(0);
    IngestPlace::Settings settings;
    settings.spec = spec_;
    settings.snapshot_every = 40;
    settings.on_failure = [this](const Error&) { broke[0] = true; };
    auto opened = IngestPlace::open({ingest_store, vault, clock, *loops_[0], writers_[0].get()},
                                    std::move(settings));
    ASSERT_TRUE(opened) << opened.error().message();
    ingest = *std::move(opened);
    told_ingest_ = 0;
    ingest->when_durable([this](Position) { feed_all(); });
    feed_all();
    tell_low();
  }
  void open_infer() {
    open_thread(1);
    InferPlace::Settings settings;
    settings.snapshot_every = 30;
    settings.on_failure = [this](const Error& why) { fault("infer", why); };
    auto opened = InferPlace::open(
        {infer_store, clock, *loops_[1], *keys, *models, writers_[1].get()}, std::move(settings));
    ASSERT_TRUE(opened) << opened.error().message();
    infer = *std::move(opened);
    told_infer_ = 0;
    infer->when_wanting([this](Position) { feed_infer(); });
    infer->when_ready([this](Position) { feed_outcomes(); });
    tell_low();
  }
  void open_results() {
    open_thread(2);
    ResultsPlace::Settings settings;
    settings.snapshot_every = 25;
    settings.on_failure = [this](const Error& why) {
      broke[2] = true;
      if (why.code() != Code::unavailable) fault("results", why);
    };
    auto opened = ResultsPlace::open(
        {results_store, results_clock, *loops_[2], *keys, writers_[2].get()}, std::move(settings));
    ASSERT_TRUE(opened) << opened.error().message();
    results = *std::move(opened);
    results->when_wanting([this] {
      feed_results();
      feed_outcomes();
    });
    results->when_durable([this](Position, Position) { tell_low(); });
    feed_results();
    feed_outcomes();
    tell_low();
  }

  // With what it had in memory; of what was at the writer, all or nothing becomes durable.
  void end_ingest() {
    ingest_store.dead = world.chance(0.5);
    ingest.reset();
    ended(0, ingest_store);
  }
  void end_infer() {
    infer_store.dead = world.chance(0.5);
    infer.reset();
    ended(1, infer_store);
    if (world.chance(0.2)) (void)infer_store.remove_snapshots();
  }
  void end_results() {
    results_store.dead = world.chance(0.5);
    results.reset();
    ended(2, results_store);
    if (world.chance(0.2)) (void)results_store.remove_snapshots();
  }

  // Everything once more, as who retries does.
  void poll() {
    feed_all();
    tell_low();
  }
  bool at_rest() const {
    return ingest != nullptr && infer != nullptr && results != nullptr &&
           ingest->last() == ingest->durable() && results->durable() == ingest->last() &&
           infer->folded() == ingest->last() && results->figures().folded == ingest->last();
  }

 private:
  struct Keys final : KeySource {
    explicit Keys(Roles& r) : roles(r) {}
    void keys(std::vector<std::string> names,
              std::function<void(Expected<std::vector<FoundKey>>)> done) override {
      roles.call([this, names = std::move(names), done = std::move(done)](bool arrives) {
        if (!arrives || roles.ingest == nullptr) return done(unavailable("lost"));
        done(roles.ingest->keys(names));
      });
    }
    void pseudonym_key(std::function<void(Expected<std::string>)> done) override {
      done(roles.vault.pseudonym_key());
    }
    Roles& roles;
  };
  struct Models final : ModelSource {
    explicit Models(Roles& r) : roles(r) {}
    void model(std::string name, std::uint32_t version,
               std::function<void(Expected<stage::ModelVersion>)> done) override {
      roles.call([this, name = std::move(name), version, done = std::move(done)](bool arrives) {
        if (!arrives || roles.ingest == nullptr) return done(unavailable("lost"));
        done(roles.ingest->model(name, version));
      });
    }
    Roles& roles;
  };

  void fault(const char* place, const Error& why) {
    ADD_FAILURE() << place << " cannot go on: " << why.message();
  }
  void open_thread(int i) {
    loops_[i] = std::make_unique<RolesThread>(world, 300);
    writers_[i] = std::make_unique<RolesThread>(world, 3000);
    broke[i] = false;
  }
  void ended(int i, RolesStore& store) {
    loops_[i].reset();
    writers_[i].reset();
    store.dead = false;
    store.reopen();
    ++deaths;
  }

  Micros delay() { return world.below(wild ? 8'000 : 200); }
  void call(std::function<void(bool)> there) {
    world.after(delay(), [this, there = std::move(there)] { there(!wild || !world.chance(0.05)); });
  }
  // Carries something: perhaps not at all, perhaps twice; some things much later than others.
  template <class Deliver>
  void carry(Deliver deliver, Micros least = 0) {
    if (wild && world.chance(0.05)) return;
    const int times = wild && world.chance(0.1) ? 2 : 1;
    for (int i = 0; i < times; ++i) {
      world.after(least + (world.chance(0.1) ? delay() : 0), deliver);
    }
  }
  // Where a follower that asks from `from` is served from: not always there.
  Position asked(Position from) {
    if (!wild || !world.chance(0.15)) return from;
    const auto there = static_cast<std::int64_t>(from) + world.below(30) - 15;
    return static_cast<Position>(std::max<std::int64_t>(1, there));
  }

  void feed_all() {
    feed_infer();
    feed_results();
    feed_outcomes();
  }
  // Delivers all of them, and asks for more behind the last.
  template <class Piece, class PlaceOf, class Feed>
  void deliver(const std::vector<Piece>& pieces, PlaceOf place, Feed feed) {
    Micros least = delay();
    for (const Piece& piece : pieces) {
      const bool last = &piece == &pieces.back();
      carry(
          [piece, place, feed, last] {
            if (place() != nullptr && place()->take(piece) && last) feed();
          },
          ++least);
    }
  }
  void feed_infer() {
    if (ingest == nullptr || infer == nullptr || infer->next() == kNoPosition) return;
    const auto blocks = ingest->read(asked(infer->next()), 8'000);
    ASSERT_TRUE(blocks);
    deliver(
        *blocks, [this] { return infer.get(); }, [this] { feed_infer(); });
  }
  void feed_results() {
    if (ingest == nullptr || results == nullptr || results->next_block() == kNoPosition) return;
    const auto blocks = ingest->read(asked(results->next_block()), 8'000);
    ASSERT_TRUE(blocks);
    deliver(
        *blocks, [this] { return results.get(); }, [this] { feed_results(); });
  }
  void feed_outcomes() {
    if (infer == nullptr || results == nullptr || results->next_outcome() == kNoPosition) return;
    const auto runs = infer->outcomes(asked(results->next_outcome()), 8'000);
    if (!runs) return;
    deliver(
        *runs, [this] { return results.get(); }, [this] { feed_outcomes(); });
  }
  // L never goes back, so who is told late is told what was true once.
  void tell_low() {
    if (results == nullptr) return;
    const Position low = results->durable();
    const auto tell = [this, low](auto& place, Position& told) {
      if (place == nullptr || low < told) return;
      told = low;
      place->results_durable(low);
    };
    carry([this, tell] { tell(infer, told_infer_); }, delay());
    carry([this, tell] { tell(ingest, told_ingest_); }, delay());
  }

  std::shared_ptr<const app::Spec> spec_;
  std::unique_ptr<RolesThread> loops_[3], writers_[3];
  std::unique_ptr<Keys> keys;
  std::unique_ptr<Models> models;
  Position told_infer_ = 0, told_ingest_ = 0;
};

}  // namespace quintet::host
