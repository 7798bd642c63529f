// An application with one view, and results for it, for tests of views.
#pragma once

#include <gtest/gtest.h>

#include <random>

#include "app/load.h"
#include "base/check.h"
#include "stage/views.h"

namespace quintet::stage {

inline std::string app_with(std::string_view view) {
  return R"(quintet: 1
app: test
events:
  tx:
    id: id
    time: at
    fields:
      id: string
      at: timestamp
      shop: {type: string, optional: true}
      amount: {type: decimal(2), optional: true}
      score: {type: double, optional: true}
      units: {type: int64, optional: true}
      ok: {type: bool, optional: true}
decisions:
  verdict: {of: tx, cases: [{when: units > 5, then: block}, {then: approve}]}
views:
  seen: )" +
         std::string(view) + "\n";
}

inline constexpr std::string_view kEveryAggregate = R"(
    of: tx
    where: verdict == "block" or ok
    by: [shop, verdict]
    every: 1h
    retain: 6h
    aggregate:
      events: count()
      shops: count(shop)
      money: sum(amount)
      usual: mean(amount)
      spread: var(score)
      deviation: std(units)
      total: sum(score)
      least: min(amount)
      most: max(score)
      lowest: min(shop)
      greatest: max(shop)
      one: any(ok)
      each_one: all(ok)
      begin: first(shop)
      end: last(amount)
      few: list(units, 3)
      different: distinct(shop)
      half: quantile(score, 0.5)
      often: top_k(shop, 2)
      large: sum(amount) where units > 3)";

struct ViewRow {
  Micros time;
  Position position;
  event::Arena arena;
  std::vector<event::Value> slots;
};

// Fields by name: 0 id, 1 at, 2 shop, 3 amount, 4 score, 5 n, 6 ok; then the decision.
class ViewsTest : public ::testing::Test {
 protected:
  void load(std::string_view view, std::size_t most_bytes = kViewBytes) {
    const app::Loaded loaded = app::load(app_with(view));
    check(loaded.spec != nullptr, "the test's own application is wrong");
    spec_ = loaded.spec;
    views_ = std::make_unique<Views>(spec_, most_bytes);
  }

  ViewRow& add(Micros time, std::string_view shop, std::int64_t amount, std::int64_t n) {
    ViewRow row{time, static_cast<Position>(rows_.size() + 1), {}, {}};
    row.slots.resize(static_cast<std::size_t>(spec_->rows[0].slots));
    row.slots[1] = event::Value::timestamp(time);
    row.slots[2] = event::Value::text(row.arena.copy(shop));
    row.slots[3] = event::Value::decimal(amount);
    row.slots[5] = event::Value::int64(n);
    row.slots[static_cast<std::size_t>(spec_->rows[0].decisions[0].slot)] =
        event::Value::text(n > 5 ? "block" : "approve");
    rows_.push_back(std::move(row));
    return rows_.back();
  }

  // Rows out of order of time, with nulls, doubles of all sizes, and keys that come again.
  void add_random(std::mt19937_64& random, int count) {
    const auto below = [&](int most) { return static_cast<int>(random() % unsigned(most)); };
    for (int i = 0; i < count; ++i) {
      ViewRow& row = add((below(20) * 30 + i) * kMinute, std::string(1, char('a' + below(4))),
                         below(2000) - 500, below(9));
      row.slots[4] = event::Value::real((below(2000) - 1000) * 1.1e-3);
      row.slots[6] = event::Value::boolean(below(3) == 0);
      for (const std::size_t slot : {2U, 3U, 4U, 5U, 6U}) {
        if (below(8) == 0) row.slots[slot] = {};
      }
    }
  }

  void fold(Views& views, const ViewRow& row) {
    ViewRows out;
    views.take(0, row.time, row.position, row.slots, out);
    views.fold(out, row.position);
  }
  void fold_all() {
    for (const ViewRow& row : rows_) fold(*views_, row);
  }
  ViewPage read(const ViewQuery& query = {}) {
    auto page = views_->read(0, query);
    EXPECT_TRUE(page.has_value());
    return *std::move(page);
  }

  std::shared_ptr<const app::Spec> spec_;
  std::unique_ptr<Views> views_;
  std::vector<ViewRow> rows_;
};

}  // namespace quintet::stage
