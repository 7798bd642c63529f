// The places of roles_test.cc and the links between them, which delay, repeat, reorder and drop
// what they carry; places die and are opened again, and shards move between replicas of infer.
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
    peers = std::make_unique<Peers>(*this);
    models = std::make_unique<Models>(*this);
    base = std::make_unique<BaseParts>(*this);
  }

  ~Roles() {
    ingest.reset();
    replicas.clear();
    results.reset();
  }

  RolesWorld& world;
  RolesClock clock, results_clock;  // clock: of ingest, which the log shows
  RolesStore ingest_store, results_store;
  RolesVault vault;
  std::unique_ptr<IngestPlace> ingest;
  struct Replica {
    RolesStore store;
    std::unique_ptr<RolesThread> loop, writer;
    std::unique_ptr<InferPlace> place;  // null while it is dead
    std::pair<std::uint64_t, Position> told;
  };
  std::map<ReplicaId, Replica> replicas;  // as nodes stay where they are, jobs may point to them
  ShardTable table;                       // in force; by whoever keeps it
  std::unique_ptr<ResultsPlace> results;
  bool wild = true;  // links lose, repeat and reorder
  int deaths = 0;
  std::uint64_t fetched = 0;              // parts of snapshots that went along with their shards
  bool broke[3] = {false, false, false};  // ingest, -, results

  void open_ingest(std::shared_ptr<const app::Spec> spec) {
    spec_ = std::move(spec);
    open_thread(0);
    IngestPlace::Settings settings;
    settings.spec = spec_;
    settings.snapshot_every = 40;
    settings.retain_least = 0;
    settings.on_failure = [this](const Error&) { broke[0] = true; };
    auto opened = IngestPlace::open(
        {ingest_store, vault, clock, *loops_[0], writers_[0].get(), asides_[0].get()},
        std::move(settings));
    ASSERT_TRUE(opened) << opened.error().message();
    ingest = *std::move(opened);
    told_ingest_ = 0;
    ingest->when_durable([this](Position) { feed_all(); });
    feed_all();
    tell_low();
  }
  void open_infer(ReplicaId id) {
    Replica& one = replicas[id];
    one.loop = std::make_unique<RolesThread>(world, 300);
    one.writer = std::make_unique<RolesThread>(world, 3000);
    InferPlace::Settings settings;
    settings.replica = id;
    settings.snapshot_every = 30;
    settings.on_failure = [this](const Error& why) { fault("infer", why); };
    auto opened = InferPlace::open(
        {one.store, clock, *one.loop, *keys, *models, *base, one.writer.get(), peers.get()},
        std::move(settings));
    ASSERT_TRUE(opened) << opened.error().message();
    one.place = *std::move(opened);
    one.told = {};
    one.place->when_wanting([this, id](Position) { feed_infer(id); });
    one.place->when_ready([this, id](Position) { feed_outcomes(id); });
    one.place->when_parts([this, id] {
      for (auto& [to, other] : replicas) feed_parts(id, to);
    });
    tell_low();
  }
  // Those that hold shards store them, and who will hold others fetches these: for as long as
  // chance leaves them. What is not there then is folded from the log.
  void hand_over(const std::set<ReplicaId>& ids) {
    const ShardTable next = next_table(table, members(ids));
    for (const ReplicaId id : ids) {
      if (replicas[id].place == nullptr) open_infer(id);
    }
    for (const auto& [id, address] : table.addresses) {
      if (infer(id) != nullptr && world.chance(0.8)) infer(id)->snapshot(nullptr);
    }
    world.until(world.now() + world.below(60'000));
    for (const ReplicaId id : ids) {
      if (infer(id) == nullptr) continue;
      infer(id)->fetch_shards(table, next, [this](const Expected<FetchedShards>& done) {
        if (done) fetched += done->fetched;
      });
    }
    world.until(world.now() + world.below(400'000));
  }
  static ShardMembers members(const std::set<ReplicaId>& ids) {
    ShardMembers addresses;
    for (const ReplicaId id : ids) addresses[id] = "";
    return addresses;
  }
  // From now on these hold the shards.
  void hold(const std::set<ReplicaId>& ids) {
    table = next_table(table, members(ids));
    for (const ReplicaId id : ids) {
      if (replicas[id].place == nullptr) open_infer(id);
    }
    if (results != nullptr) results->come_from(table);
    tell_low();
  }
  InferPlace* infer(ReplicaId id) {
    const auto found = replicas.find(id);
    return found == replicas.end() ? nullptr : found->second.place.get();
  }
  void open_results() {
    open_thread(2);
    ResultsPlace::Settings settings;
    settings.snapshot_every = 25;
    settings.on_failure = [this](const Error& why) {
      broke[2] = true;
      if (why.code() != Code::unavailable) fault("results", why);
    };
    settings.on_retention = [this](const Expected<Position>& first) {
      if (!first && first.error().code() == Code::broken) fault("results", first.error());
    };
    auto opened = ResultsPlace::open(
        {results_store, results_clock, *loops_[2], *keys, writers_[2].get(), asides_[2].get()},
        std::move(settings));
    ASSERT_TRUE(opened) << opened.error().message();
    results = *std::move(opened);
    results->come_from(table);
    results->when_wanting([this] {
      feed_results();
      for (auto& [id, one] : replicas) feed_outcomes(id);
    });
    results->when_durable([this](Position, Position) { tell_low(); });
    feed_results();
    for (auto& [id, one] : replicas) feed_outcomes(id);
    tell_low();
  }

  // What results does now and then; it may be lost at every step. Gives what ingest says in the
  // end, if it says anything.
  void retain(std::function<void(const Expected<Place::Retention>&)> done) {
    if (results == nullptr || !results->views_ready()) return;
    const Place::RetainAsk look{results->durable(), results->view_edges(), {}};
    call([this, look, done](bool arrives) {
      if (!arrives || ingest == nullptr) return;
      ingest->retain(look, [this, look, done](const Expected<Place::Retention>& found) {
        if (!found || !found->enough) return done(found);
        gather(look, done);
      });
    });
  }

  ReplicaId any_replica() {
    auto one = table.addresses.begin();
    std::advance(one, world.below(static_cast<int>(table.addresses.size())));
    return one->first;
  }

  // With what it had in memory; of what was at the writer, all or nothing becomes durable.
  void end_ingest() {
    ingest_store.dead = world.chance(0.5);
    ingest.reset();
    ended(0, ingest_store);
  }
  void end_infer(ReplicaId id) {
    Replica& one = replicas[id];
    one.store.dead = world.chance(0.5);
    one.place.reset();
    one.loop.reset();
    one.writer.reset();
    one.store.dead = false;
    one.store.reopen();
    ++deaths;
    if (world.chance(0.2)) (void)one.store.remove_snapshots();
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
    if (ingest == nullptr || results == nullptr || ingest->last() != ingest->durable())
      return false;
    for (const auto& [id, address] : table.addresses) {
      const auto& place = replicas.at(id).place;
      if (place == nullptr || place->folded() != ingest->last()) return false;
      if (place->table().epoch != table.epoch) return false;
    }
    if (results->first() != ingest->first()) return false;  // both remove what is old
    return results->durable() == ingest->last() && results->figures().folded == ingest->last();
  }
  std::string infer_words() {
    std::string words;
    for (const auto& [id, address] : table.addresses) {
      const auto& place = replicas[id].place;
      if (place == nullptr) continue;
      const auto infer = place->figures();
      words += "; infer " + std::to_string(id) + " at " + std::to_string(infer.folded) + " ready " +
               std::to_string(infer.ready) + " next " + std::to_string(place->next()) + " blocks " +
               std::to_string(infer.waiting_blocks) + " waits for " + infer.waits_for + ";";
    }
    return words;
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

  struct BaseParts final : BaseSource {
    explicit BaseParts(Roles& r) : roles(r) {}
    void base(Position at,
              std::function<void(Expected<std::optional<OfferedBase>>)> done) override {
      roles.call([this, at, done = std::move(done)](bool arrives) {
        if (!arrives || roles.ingest == nullptr) return done(unavailable("lost"));
        done(roles.ingest->base(at));
      });
    }
    void part(std::uint64_t number, std::string name,
              std::function<void(Expected<stage::Snapshot>)> done) override {
      // There are many of them: few are lost.
      const bool lost = roles.world.chance(0.002);
      roles.world.after(roles.world.below(50),
                        [this, number, name = std::move(name), lost, done = std::move(done)] {
                          if (lost || roles.ingest == nullptr) return done(unavailable("lost"));
                          done(roles.ingest->base_part(number, name));
                        });
    }
    Roles& roles;
  };

  struct Peers final : InferPeers {
    explicit Peers(Roles& r) : roles(r) {}
    void part(ReplicaId of, PeekAsk ask, std::function<void(Expected<PeekPart>)> done) override {
      roles.call([this, of, ask = std::move(ask), done = std::move(done)](bool arrives) {
        if (!arrives || roles.infer(of) == nullptr) return done(unavailable("lost"));
        roles.infer(of)->peek_part(ask, done);
      });
    }
    void stored_part(ReplicaId of, std::string name,
                     std::function<void(Expected<stage::Snapshot>)> done) override {
      roles.call([this, of, name = std::move(name), done = std::move(done)](bool arrives) {
        if (!arrives || roles.infer(of) == nullptr) return done(unavailable("lost"));
        done(roles.infer(of)->stored_part(name));
      });
    }
    Roles& roles;
  };

  void fault(const char* place, const Error& why) {
    ADD_FAILURE() << place << " cannot go on: " << why.message();
  }
  void gather(const Place::RetainAsk& look,
              std::function<void(const Expected<Place::Retention>&)> done) {
    const auto left = std::make_shared<std::size_t>(table.addresses.size());
    const auto holders = table.holders;
    for (const auto& [id, address] : ShardTable(table).addresses) {
      if (infer(id) == nullptr) return;
      infer(id)->snapshot([this, look, done, left, holders](const Expected<void>& taken) {
        if (!taken || --*left > 0) return;
        Place::RetainAsk whole = look;
        for (ShardId shard = 0; shard < kShardCount; ++shard) {
          if (infer(holders[shard]) == nullptr) return;
          auto digest = infer(holders[shard])->part_digest(shard_part(shard));
          if (!digest) return;
          whole.shards.push_back(*std::move(digest));
        }
        call([this, whole, done](bool arrives) {
          if (arrives && ingest != nullptr) ingest->retain(whole, done);
        });
      });
    }
  }
  void open_thread(int i) {
    loops_[i] = std::make_unique<RolesThread>(world, 300);
    asides_[i] = std::make_unique<RolesThread>(world, 3000);
    writers_[i] = std::make_unique<RolesThread>(world, 3000);
    broke[i] = false;
  }
  void ended(int i, RolesStore& store) {
    loops_[i].reset();
    asides_[i].reset();
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
    feed_results();
    for (auto& [id, one] : replicas) {
      feed_infer(id);
      feed_outcomes(id);
      for (auto& [to, other] : replicas) feed_parts(id, to);
    }
  }
  // Delivers all of them, and asks for more behind the last.
  template <class Piece, class Take, class Feed>
  void deliver(const std::vector<Piece>& pieces, Take place, Feed feed) {
    Micros least = delay();
    for (const Piece& piece : pieces) {
      const bool last = &piece == &pieces.back();
      carry(
          [piece, place, feed, last] {
            if (place(piece) && last) feed();
          },
          ++least);
    }
  }
  void feed_infer(ReplicaId id) {
    InferPlace* const place = infer(id);
    if (ingest == nullptr || place == nullptr || place->next() == kNoPosition) return;
    const auto blocks = ingest->read(asked(place->next()), 8'000);
    if (!blocks && blocks.error().code() == Code::expired) {
      if (ingest->first() > place->next()) place->log_was_removed();
      return;
    }
    ASSERT_TRUE(blocks);
    deliver(
        *blocks,
        [this, id](const auto& block) { return infer(id) != nullptr && infer(id)->take(block); },
        [this, id] { feed_infer(id); });
  }
  void feed_parts(ReplicaId from, ReplicaId to) {
    InferPlace *const sender = infer(from), *const taker = infer(to);
    if (sender == nullptr || taker == nullptr || taker->next_parts(from) == kNoPosition) return;
    const auto runs = sender->parts(to, asked(taker->next_parts(from)), 8'000);
    if (!runs) return;
    deliver(
        *runs,
        [this, from, to](const PartsRun& run) {
          return infer(to) != nullptr && infer(to)->take(from, run);
        },
        [this, from, to] { feed_parts(from, to); });
  }
  void feed_results() {
    if (ingest == nullptr || results == nullptr || results->next_block() == kNoPosition) return;
    const auto blocks = ingest->read(asked(results->next_block()), 8'000);
    if (!blocks && blocks.error().code() == Code::expired) return;  // asked for too early a one
    ASSERT_TRUE(blocks);
    deliver(
        *blocks, [this](const auto& block) { return results != nullptr && results->take(block); },
        [this] { feed_results(); });
  }
  void feed_outcomes(ReplicaId id) {
    InferPlace* const place = infer(id);
    if (place == nullptr || results == nullptr) return;
    if (results->next_outcome(id) == kNoPosition) return;
    const auto runs = place->outcomes(asked(results->next_outcome(id)), 8'000);
    if (!runs) return;
    const std::uint64_t epoch = place->table().epoch;
    deliver(
        *runs,
        [this, id, epoch](const auto& run) {
          return results != nullptr && results->take(id, epoch, run);
        },
        [this, id] { feed_outcomes(id); });
  }
  // L never goes back, so who is told late is told what was true once.
  void tell_low() {
    if (results == nullptr) return;
    const Position low = results->durable();
    for (const auto& [id, address] : table.addresses) {
      carry(
          [this, id = id, low, now = table] {
            Replica& one = replicas[id];
            const std::pair said(now.epoch, low);
            if (one.place == nullptr || said < one.told) return;
            one.told = said;
            one.place->results_durable(low, now);
            for (auto& [other, place] : replicas) feed_parts(other, id);
          },
          delay());
    }
    carry(
        [this, low] {
          if (ingest == nullptr || low < told_ingest_) return;
          told_ingest_ = low;
          ingest->results_durable(low);
        },
        delay());
  }

  std::shared_ptr<const app::Spec> spec_;
  std::unique_ptr<RolesThread> loops_[3], writers_[3], asides_[3];
  std::unique_ptr<Keys> keys;
  std::unique_ptr<Models> models;
  std::unique_ptr<BaseParts> base;
  std::unique_ptr<Peers> peers;
  Position told_ingest_ = 0;
};

// A page of results with their labels; of a place that may have to ask for keys in `world`.
template <class From>
std::vector<std::string> labelled(RolesWorld& world, From& from, const Answers::Query& query,
                                  Micros at) {
  std::optional<Expected<Answers::Page>> page;
  from.results_with_labels(query, at,
                           [&](Expected<Answers::Page> found) { page = std::move(found); });
  while (!page && world.step()) {
  }
  if (!page || !*page) return {page ? page->error().message() : "no answer"};
  return (*page)->results;
}

}  // namespace quintet::host
