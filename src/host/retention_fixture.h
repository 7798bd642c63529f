// For tests of retention: a place that removes the beginning of its log beside one that keeps all,
// fed alike and compared answer by answer. Used by tests of this room alone.
#pragma once

#include <gtest/gtest.h>

#include <random>

#include "app/load.h"
#include "base/digest.h"
#include "event/decode.h"
#include "host/loop.h"
#include "host/place.h"
#include "store/memory.h"

namespace quintet::host {

inline constexpr std::string_view kApp = R"(quintet: 1
app: shop
pattern: monolithic
late: 5m
retain: 30m
tables:
  branch:
    key: shop
    fields: {shop: int64, town: string, owner: {type: string, privacy: pseudonymize}}
events:
  sale:
    id: id
    time: at
    fields:
      id: string
      at: timestamp
      customer: {type: string, privacy: pseudonymize}
      card: {type: string, privacy: mask}
      shop: int64
      amount: {type: decimal(2), minimum: 0}
  report:
    id: id
    time: at
    fields: {id: string, at: timestamp, of: string, bad: bool}
labels:
  fraud: {of: sale, value: any(bad) from report over next 5m by of, otherwise: false, after: 2m}
features:
  f:
    of: sale
    columns:
      spent: sum(amount) over 8m by customer including this
      ever: count() over all by customer
      most: max(amount) over all by shop
      last_three: list(amount, 3) over 3 events by shop
      cards: list(card, 3) over 3 events by customer
      people: distinct(customer) over 5m by shop
      burst: count() over session 60s by shop
      risk: mean(fraud) over 8m delayed 2m by customer
      city: branch.town
      owner: branch.owner
decisions:
  verdict: {of: sale, cases: [{when: burst >= 8, then: many}, {then: few}]}
views:
  shops:
    of: sale
    by: [shop, verdict]
    every: 1m
    retain: 40m
    aggregate: {n: count(), money: sum(amount)}
  reports: {of: report, by: bad, aggregate: {n: count(), last: last(of)}}
)";

// With more columns.
inline std::string with(std::string_view columns) {
  std::string text(kApp);
  text.insert(text.find("decisions:"), columns);
  return text;
}

inline constexpr Micros kStart = 1'700'000'000 * kSecond;

class MovingClock final : public Clock {
 public:
  Micros wall() override { return now; }
  Micros steady() override { return 0; }
  Micros now = kStart;
};

// Dies at a chosen change: that one and all later ones fail, as for a process that was killed.
class MortalStore final : public store::MemoryStore {
 public:
  int left = INT_MAX;  // changes until death
  bool died() const { return left < 0; }
  std::function<void(stage::Snapshot&)> tamper;

  Expected<void> commit(stage::Commit& commit, Epoch epoch) override {
    if (!lives()) return gone();
    return MemoryStore::commit(commit, epoch);
  }
  Expected<void> put_snapshots(const std::vector<stage::Snapshot>& given) override {
    if (!lives()) return gone();
    std::vector<stage::Snapshot> snapshots = given;
    for (auto& one : snapshots) {
      if (tamper) tamper(one);
    }
    return MemoryStore::put_snapshots(snapshots);
  }
  Expected<void> put_base(std::uint64_t number, const std::vector<stage::Snapshot>& parts,
                          Epoch epoch) override {
    if (!lives()) return gone();
    return MemoryStore::put_base(number, parts, epoch);
  }
  Expected<bool> remove_base(std::uint64_t number, std::size_t most, Epoch epoch) override {
    if (!lives()) return gone();
    return MemoryStore::remove_base(number, most, epoch);
  }
  Expected<bool> remove_below(Position position, std::size_t most, Epoch epoch) override {
    if (!lives()) return gone();
    return MemoryStore::remove_below(position, most, epoch);
  }
  Expected<void> remove_snapshots(const std::vector<std::string>& names) override {
    if (!lives()) return gone();
    return MemoryStore::remove_snapshots(names);
  }
  using MemoryStore::remove_snapshots;

 private:
  bool lives() {
    if (left > 0)
      --left;
    else
      left = -1;
    return left >= 0;
  }
  static Error gone() { return unavailable("the process is dead"); }
};

// Two logs that are compared have one pseudonym key.
class TwinVault final : public stage::Vault {
 public:
  explicit TwinVault(stage::Vault& first) : first_(first) {}
  Expected<std::string> pseudonym_key() override { return first_.pseudonym_key(); }
  Expected<std::string> subject_key(std::string_view s) override { return own_->subject_key(s); }
  Expected<std::string> find_subject_key(std::string_view s) override {
    return own_->find_subject_key(s);
  }
  Expected<void> destroy(std::string_view s) override { return own_->destroy(s); }
  Expected<std::vector<std::string>> destroyed() override { return own_->destroyed(); }

 private:
  stage::Vault& first_;
  std::unique_ptr<stage::Vault> own_ = store::make_memory_vault();
};

// A log and the place that serves it.
struct Shop {
  explicit Shop(std::string_view text) { load(text); }

  void load(std::string_view text) {
    const app::Loaded loaded = app::load(text);
    for (const auto& diagnostic : loaded.diagnostics) ADD_FAILURE() << diagnostic.message;
    spec = loaded.spec;
  }
  Expected<void> try_open(stage::Vault& with) {
    place.reset();
    store.left = INT_MAX;
    vault = &with;
    Place::Settings settings;
    settings.spec = spec;
    settings.snapshot_every = 0;
    settings.retain_least = 0;
    settings.on_failure = [this](const Error& why) {
      if (!store.died()) ADD_FAILURE() << why.message();
    };
    settings.on_retention = [this](const Error& why) {
      if (!store.died()) ADD_FAILURE() << why.message();
    };
    TRY(place, Place::open({store, with, *clock, loop, &loop, &loop}, std::move(settings)));
    return {};
  }
  void open(stage::Vault& with) {
    const auto opened = try_open(with);
    ASSERT_TRUE(opened) << opened.error().message();
  }
  void open() { open(*vault); }

  void turn() {
    loop.post([this] { loop.stop(); });
    loop.run();
  }
  template <class Ready>
  void until(const Ready& ready) {
    for (int i = 0; i < 100'000 && !ready(); ++i) turn();
    ASSERT_TRUE(ready());
  }

  void send(const std::string& type, const std::string& json) {
    const int index = spec->event_index(type);
    event::Decoder decoder(spec->events[static_cast<std::size_t>(index)],
                           {place->pseudonym_key(), 0});
    Offer offer;
    const auto decoded = decoder.json(json, offer.event);
    ASSERT_TRUE(decoded) << decoded.error().message();
    const std::size_t number = answers.size();
    const std::string own = "n" + std::to_string(number);
    if (offer.event.id.empty()) offer.event.id = own;
    answers.emplace_back();
    ++pending;
    place->offer(std::move(offer), [this, number](const Receipt& receipt) {
      answers[number] = receipt.error != nullptr ? receipt.error->id() : std::string(receipt.json);
      --pending;
    });
  }
  void settle() {
    place->flush();
    until([&] { return pending == 0; });
  }
  void control() {  // where the other place has its seal record
    bool durable = false;
    place->control(event::RecordKind::train, "", [&](const auto&) { durable = true; });
    until([&] { return durable; });
  }
  Expected<Place::Retention> retain() {
    std::optional<Expected<Place::Retention>> result;
    place->retain([&](const Expected<Place::Retention>& done) { result = done; });
    until([&] { return result.has_value(); });
    // What is removed goes in slices behind it.
    for (int i = 0; i < 200; ++i) turn();
    return result ? *result : Expected<Place::Retention>(unavailable("never"));
  }
  Expected<Position> erase(const std::string& subject) {
    std::optional<Expected<Position>> result;
    place->erase(subject, [&](const Expected<Position>& done) { result = done; });
    until([&] { return result.has_value(); });
    return result ? *result : Expected<Position>(unavailable("never"));
  }

  std::shared_ptr<const app::Spec> spec;
  MortalStore store;
  Clock* clock = nullptr;
  stage::Vault* vault = nullptr;
  Loop loop;
  std::unique_ptr<Place> place;
  std::vector<std::string> answers;
  int pending = 0;
};

struct RetentionTest : testing::Test {
  RetentionTest() {
    cutting.clock = keeping.clock = &clock;
    cutting.open(*vault);
    keeping.open(twin);
  }

  void both(const std::string& type, const std::string& json) {
    cutting.send(type, json);
    keeping.send(type, json);
  }

  // Sales, repeats, reports before and after their sale, rows of the table, late and old events.
  void feed(int count) {
    for (int i = 0; i < count; ++i, ++n) {
      clock.now = kStart + n * 3 * kSecond;
      const int late = dice() % 50 == 0 ? int(dice() % 1500) : int(dice() % 40);
      const std::string at = std::to_string(clock.now / kSecond - late);
      const std::string number = std::to_string(n);
      switch (dice() % 8) {
        case 0: {
          const int back = dice() % 10 == 0 ? int(dice() % 900) : int(dice() % 60) - 20;
          both("report", R"({"id":"r)" + number + R"(","at":)" + at + R"(,"of":")" +
                             std::to_string(n - back) + R"(","bad":)" +
                             (dice() % 2 ? "true}" : "false}"));
          break;
        }
        case 1:
          both("branch", R"({"shop":)" + std::to_string(dice() % 4) + R"(,"town":"t)" + number +
                             R"(","owner":"c)" + std::to_string(dice() % 9) + R"("})");
          break;
        default: sale(number, at);
      }
      if (dice() % 5 == 0 && !sales.empty()) repeat(sales[dice() % sales.size()]);
      if (dice() % 16 == 0) settle();
    }
    settle();
    compare_views();
  }
  void compare_views() {
    for (std::size_t i = 0; i < cutting.spec->views.size(); ++i) {
      ASSERT_EQ(sha256_hex(cutting.place->views().write(i, {})),
                sha256_hex(keeping.place->views().write(i, {})))
          << cutting.spec->views[i].name << lines_of(cutting, i) << lines_of(keeping, i);
    }
  }
  static std::string lines_of(Shop& shop, std::size_t view) {
    stage::ViewQuery query;
    query.limit = 10'000;
    const auto page = shop.place->view(view, query);
    if (!page) return page.error().message();
    std::string all = "\n" + std::to_string(page->newest);
    for (const stage::ViewLine& line : page->lines) {
      all += "\n" + std::to_string(line.bucket) + ":";
      for (const event::Value value : line.key) {
        all += value.is_null()                     ? " null"
               : value.kind() == event::Kind::text ? " " + std::string(value.as_text())
                                                   : " " + std::to_string(value.as_int64());
      }
      for (const event::Value value : line.cells)
        all += value.is_null() ? " null" : " " + std::to_string(value.as_int64());
    }
    return all;
  }
  void sale(const std::string& id, const std::string& at) {
    sales.emplace_back(id, R"({"id":")" + id + R"(","at":)" + at + R"(,"customer":"c)" +
                               std::to_string(dice() % 9) + R"(","card":"4000000)" +
                               std::to_string(1000 + dice() % 9000) + R"(","shop":)" +
                               std::to_string(dice() % 4) + R"(,"amount":)" +
                               std::to_string(dice() % 1000) + "}");
    both("sale", sales.back().second);
  }
  // One that the log still has gets the answer that is stored.
  void repeat(const std::pair<std::string, std::string>& sale) {
    const auto position = keeping.place->find("sale", sale.first);
    if (position && *position >= cutting.place->first()) both("sale", sale.second);
  }
  void settle() {
    cutting.settle();
    keeping.settle();
    compare();
  }
  // The pseudonym of a customer who has bought just now, for the first time.
  std::string new_subject() {
    const std::string id = "x" + std::to_string(n++);
    both("sale", R"({"id":")" + id + R"(","at":)" + std::to_string(clock.now / kSecond) +
                     R"(,"customer":")" + id + R"(","card":"40001234","shop":1,"amount":5})");
    settle();
    return subject_of(id);
  }
  void compare() {
    ASSERT_EQ(cutting.answers.size(), keeping.answers.size());
    for (; compared < cutting.answers.size(); ++compared) {
      ASSERT_EQ(cutting.answers[compared], keeping.answers[compared]) << "answer " << compared;
    }
  }
  // A look; the other place has a record at the same position.
  Place::Retention cut() {
    const auto result = cutting.retain();
    EXPECT_TRUE(result) << result.error().message();
    if (!result) return {};
    if (result->removed > 0) keeping.control();
    EXPECT_EQ(cutting.place->last(), keeping.place->last());
    return *result;
  }
  std::string subject_of(const std::string& customer) {
    std::string subject;
    const auto blocks = keeping.store.read_log(1, std::size_t{1} << 30);
    event::Event event;
    const auto& type =
        keeping.spec->events[static_cast<std::size_t>(keeping.spec->event_index("sale"))];
    event::Decoder decoder(type, {keeping.place->pseudonym_key(), 0});
    EXPECT_TRUE(decoder.json(R"({"id":"x","at":1,"customer":")" + customer +
                                 R"(","card":"1234567","shop":1,"amount":1})",
                             event));
    return std::string(event.values[static_cast<std::size_t>(type.subject_field)].as_text());
  }

  MovingClock clock;
  std::unique_ptr<stage::Vault> vault = store::make_memory_vault();
  TwinVault twin{*vault};
  Shop cutting{kApp}, keeping{kApp};
  std::mt19937 dice{1};
  int n = 0;
  std::vector<std::pair<std::string, std::string>> sales;  // id, event
  std::size_t compared = 0;
};

}  // namespace quintet::host
