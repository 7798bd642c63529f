#include "stage/views.h"

#include "base/civil.h"
#include "feature/naive.h"
#include "stage/views_fixture.h"

namespace quintet::stage {
namespace {

using event::Value;

// S9.1 to S9.4, taken literally.
struct Naive {
  struct Less {
    bool operator()(const std::pair<Micros, std::vector<Value>>& a,
                    const std::pair<Micros, std::vector<Value>>& b) const {
      if (a.first != b.first) return a.first < b.first;
      for (std::size_t i = 0; i < a.second.size(); ++i) {
        const int order = event::compare(a.second[i], b.second[i]);
        if (order != 0) return order < 0;
      }
      return false;
    }
  };
  std::map<std::pair<Micros, std::vector<Value>>, std::vector<const ViewRow*>, Less> lines;

  Naive(const app::View& view, const std::vector<ViewRow>& rows) {
    event::Arena arena;
    Micros newest = kNoTime;
    for (const ViewRow& row : rows) newest = std::max(newest, row.time);
    for (const ViewRow& row : rows) {
      const Value met = view.where.run(row.slots, arena);
      if (met.is_null() || !met.as_bool()) continue;
      const Micros bucket = floor_to(row.time, view.every);
      if (bucket + view.every <= newest - view.retain) continue;
      std::vector<Value> key;
      for (const app::Slot slot : view.by) {
        key.push_back(row.slots[static_cast<std::size_t>(slot)]);
      }
      lines[{bucket, key}].push_back(&row);
    }
    for (auto& [key, in] : lines) {
      std::sort(in.begin(), in.end(), [](const ViewRow* a, const ViewRow* b) {
        return std::pair(a->time, a->position) < std::pair(b->time, b->position);
      });
    }
  }

  static Value answer(const app::ViewAggregate& view, const std::vector<const ViewRow*>& in,
                      event::Arena& arena) {
    app::Aggregate asked;
    asked.function = view.function;
    asked.q = view.q;
    asked.limit = view.limit;
    asked.type = view.type;
    if (view.argument) asked.input = 0;
    std::vector<Value> values;
    std::size_t count = 0;
    for (const ViewRow* row : in) {
      if (view.where) {
        const Value met = view.where.run(row->slots, arena);
        if (met.is_null() || !met.as_bool()) continue;
      }
      ++count;
      if (!view.argument) continue;
      const Value value = view.argument.run(row->slots, arena);
      if (!value.is_null()) values.push_back(value);
    }
    const event::Type type = view.argument ? view.argument.type() : event::Type{};
    return feature::aggregate_of(asked, type, values, count, arena);
  }
};

void expect_same(const app::View& view, const ViewPage& page, const std::vector<ViewRow>& rows) {
  const Naive naive(view, rows);
  ASSERT_EQ(page.lines.size(), naive.lines.size());
  auto wanted = naive.lines.begin();
  for (const ViewLine& line : page.lines) {
    EXPECT_EQ(line.bucket, wanted->first.first);
    for (std::size_t i = 0; i < view.by.size(); ++i) {
      EXPECT_TRUE(event::same(line.key[i], wanted->first.second[i]));
    }
    for (std::size_t i = 0; i < view.aggregates.size(); ++i) {
      event::Arena arena;
      const Value value = Naive::answer(view.aggregates[i], wanted->second, arena);
      const event::Type type = view.aggregates[i].type;
      EXPECT_EQ(event::to_text(type, line.cells[i]), event::to_text(type, value))
          << view.aggregates[i].name;
    }
    ++wanted;
  }
}

// S9.3: a view is a function of the results that are in it.
TEST_F(ViewsTest, EveryAggregateIsThatOfItsDefinitionWhateverTheOrder) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    rows_.clear();
    load(kEveryAggregate);
    std::mt19937_64 random(seed);
    add_random(random, 300);
    std::vector<const ViewRow*> order;
    for (const ViewRow& row : rows_) order.push_back(&row);
    if (seed % 2 == 1) std::shuffle(order.begin(), order.end(), random);
    for (const ViewRow* row : order) fold(*views_, *row);
    ViewQuery query;
    query.limit = 10'000;
    expect_same(spec_->views[0], read(query), rows_);
    if (HasFailure()) FAIL() << "seed " << seed;
  }
}

// S9.2: null is a key like others.
TEST_F(ViewsTest, ANullKeyHasALineOfItsOwn) {
  load("{of: tx, by: shop, aggregate: {hits: count()}}");
  add(0, "a", 1, 1);
  add(0, "a", 1, 1).slots[2] = {};
  fold_all();
  const ViewPage page = read();
  ASSERT_EQ(page.lines.size(), 2U);
  EXPECT_TRUE(page.lines[0].key[0].is_null());
}

// S9.4: a bucket is kept while it ends after the newest time less `retain`.
TEST_F(ViewsTest, ABucketGoesWhenItsEndIsAsOldAsRetain) {
  load("{of: tx, every: 1h, retain: 2h, aggregate: {hits: count()}}");
  add(0, "a", 1, 1);
  add(3 * kHour - 1, "a", 1, 1);
  fold_all();
  EXPECT_EQ(read().lines.size(), 2U);
  fold(*views_, add(3 * kHour, "a", 1, 1));
  EXPECT_EQ(read().lines.size(), 2U);  // of 2 and 3 o'clock
  fold(*views_, add(kHour - 1, "a", 1, 1));
  EXPECT_EQ(read().lines.size(), 2U) << "a late result brought a dropped bucket back";
}

// S9.4: the newest time is that of all results of the event, in the view or not.
TEST_F(ViewsTest, ResultsThatDoNotCountLetOldBucketsGo) {
  load(R"({of: tx, where: verdict == "block", every: 1h, retain: 1h, aggregate: {hits: count()}})");
  add(0, "a", 1, 9);
  add(5 * kHour, "a", 1, 1);
  fold_all();
  const ViewPage page = read();
  EXPECT_TRUE(page.lines.empty());
  EXPECT_EQ(page.newest, 5 * kHour);
  EXPECT_EQ(page.position, 2U);
}

// S9.4
TEST_F(ViewsTest, AnErasedResultLetsNoOldBucketBack) {
  load("{of: tx, every: 1h, retain: 1h, aggregate: {hits: count()}}");
  add(0, "a", 1, 1);
  fold_all();
  EXPECT_EQ(read().lines.size(), 1U);
  Admitted erased;
  erased.event.type = &views_->spec().events[0];
  erased.record.position = 2;
  erased.record.time = 5 * kHour;
  OutcomeView outcome;
  outcome.position = 2;
  outcome.status = OutcomeStatus::erased;
  outcome.app_version = 1;
  const std::shared_ptr<const app::Spec> spec(std::shared_ptr<void>(), &views_->spec());
  ASSERT_TRUE(views_->fold_stored(erased, outcome, {&spec, 1}));
  EXPECT_TRUE(read().lines.empty());
  EXPECT_EQ(read().newest, 5 * kHour);
}

TEST_F(ViewsTest, PagesFollowOneAnotherWithoutGapOrRepeat) {
  load("{of: tx, by: [shop, units], every: 1h, aggregate: {hits: count()}}");
  for (int i = 0; i < 120; ++i) {
    add(i % 7 * kHour, std::string(1, char('a' + i % 5)), 1, i % 3);
  }
  fold_all();
  ViewQuery query;
  query.limit = 1000;
  const ViewPage all = read(query);
  query.limit = 7;
  std::size_t seen = 0;
  do {
    const ViewPage page = read(query);
    EXPECT_LE(page.lines.size(), 7U);
    for (const ViewLine& line : page.lines) {
      ASSERT_LT(seen, all.lines.size());
      EXPECT_EQ(line.bucket, all.lines[seen].bucket);
      EXPECT_TRUE(event::same(line.key[0], all.lines[seen].key[0]));
      EXPECT_TRUE(event::same(line.key[1], all.lines[seen].key[1]));
      ++seen;
    }
    query.after = page.next;
  } while (!query.after.empty());
  EXPECT_EQ(seen, all.lines.size());
}

TEST_F(ViewsTest, RangeAndFiltersChooseLines) {
  load("{of: tx, by: [shop, units], every: 1h, aggregate: {hits: count()}}");
  for (int i = 0; i < 60; ++i) {
    add(i % 6 * kHour, std::string(1, char('a' + i % 5)), 1, i % 2);
  }
  fold_all();
  ViewQuery query;
  query.from = kHour;
  query.to = 3 * kHour;
  query.filters = {{0, Value::text("b")}, {1, Value::int64(1)}};
  const ViewPage page = read(query);
  ASSERT_FALSE(page.lines.empty());
  for (const ViewLine& line : page.lines) {
    EXPECT_GE(line.bucket, query.from);
    EXPECT_LT(line.bucket, query.to);
    EXPECT_EQ(line.key[0].as_text(), "b");
    EXPECT_EQ(line.key[1].as_int64(), 1);
  }
}

TEST_F(ViewsTest, AMarkOfNoPageIsRefused) {
  load("{of: tx, by: shop, aggregate: {hits: count()}}");
  for (const char* text : {"xyz", "00", "00000000000000000102"}) {
    ViewQuery query;
    query.after = text;
    const auto page = views_->read(0, query);
    ASSERT_FALSE(page.has_value()) << text;
    EXPECT_EQ(page.error().place(), "after");
  }
}

// S9.5: never less than there is.
TEST_F(ViewsTest, AViewThatOutgrowsItsMemorySaysSo) {
  load("{of: tx, by: units, aggregate: {often: 'top_k(shop, 3)'}}", 20'000);
  for (int i = 0; i < 200; ++i) add(0, std::to_string(i), 1, i);
  fold_all();
  const auto page = views_->read(0, {});
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error().id(), "view_too_large");
  EXPECT_NE(page.error().message().find("`retain`"), std::string::npos);
  EXPECT_TRUE(views_->size(0).given_up);
  EXPECT_EQ(views_->size(0).bytes, 0U);
}

TEST_F(ViewsTest, DroppedBucketsGiveTheirMemoryBack) {
  load(R"y({of: tx, by: shop, every: 1h, retain: 1h,
            aggregate: {often: "top_k(shop, 3)", latest: list(units)}})y");
  std::size_t most = 0;
  for (int hour = 0; hour < 200; ++hour) {
    for (int i = 0; i < 5; ++i) fold(*views_, add(hour * kHour, std::to_string(i), 1, i));
    if (hour == 10) most = views_->size(0).bytes;
  }
  EXPECT_EQ(views_->size(0).bytes, most);
}

// S9.6: what an older application version decided is read by name.
TEST_F(ViewsTest, AResultOfAnOlderVersionIsReadByName) {
  load("{of: tx, aggregate: {hits: count()}}");
  const auto old_spec = spec_;
  const std::string text = R"(quintet: 1
app: test
events:
  tx: {id: id, fields: {id: string, more: int64}}
features: {t: {of: tx, columns: {twice: more * 2}}}
decisions:
  verdict: {of: tx, cases: [{then: approve}]}
)";
  const auto spec = app::load(text).spec;
  ASSERT_NE(spec, nullptr);
  Outcome outcome;
  outcome.slots.resize(static_cast<std::size_t>(old_spec->rows[0].slots));
  outcome.slots[static_cast<std::size_t>(old_spec->rows[0].decisions[0].slot)] =
      Value::text("block");
  event::Event event;
  event.start(spec->events[0]);
  event.values[1] = Value::int64(7);
  const std::vector<Value> row = recast(*old_spec, outcome, *spec, event);
  EXPECT_EQ(row[1].as_int64(), 7);
  EXPECT_EQ(row[static_cast<std::size_t>(spec->rows[0].decisions[0].slot)].as_text(), "block");
  EXPECT_TRUE(row[static_cast<std::size_t>(spec->rows[0].columns[0].slot)].is_null());
}

}  // namespace
}  // namespace quintet::stage
