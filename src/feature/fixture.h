// For tests and benches of this room: a Spec put together by hand, and a world of shards that is
// driven record by record.
#pragma once

#include <initializer_list>
#include <map>

#include "feature/naive.h"
#include "feature/route.h"
#include "feature/shard.h"

namespace quintet::feature {

// Fields of event type 0, "tx". Labels come after them: kFlag is the field of the same event,
// kFraud is reported by event type 1 ("report"). Type 2 is the table "place", type 3 ("visit") asks
// only.
enum TxField : int { kId, kAt, kCustomer, kTerminal, kAmount, kScore, kOk, kCity, kN, kTxFields };
inline constexpr int kFlag = kTxFields, kFraud = kTxFields + 1;
inline constexpr int kPlaceKey = 0, kPlaceCountry = 1, kPlaceFields = 2;

class SpecBuilder {
 public:
  SpecBuilder();

  // A group of tx by these fields; gives its index.
  int group(std::string name, std::vector<int> key_fields);
  // An input that is one slot; gives its index.
  int input(int group, int slot);
  // slot_a (a number or label) where slot_b is true, else null: reads two slots.
  int input_if(int group, int slot_a, int slot_b);
  int filter(int group, int slot);
  // Adds the aggregate and asks it on rows of tx and of visit.
  int aggregate(int group, app::Aggregate aggregate);

  // Fills in reach and the rows.
  std::shared_ptr<const app::Spec> build();
  app::Spec& spec() { return *spec_; }

 private:
  std::shared_ptr<app::Spec> spec_;
};

app::Window over(Micros length, Micros delay = 0, Micros every = 0);
app::Window last(std::int64_t n);
app::Window session(Micros gap);
app::Window everything();

// One event of tx; text lives in `arena`.
struct Tx {
  Micros time = 0;
  std::vector<event::Value> fields = std::vector<event::Value>(kTxFields);
  std::vector<event::Value> labels = std::vector<event::Value>(2);
};

// All shards of an application.
class World {
 public:
  explicit World(std::shared_ptr<const app::Spec> spec);

  // Routes and applies; the cells of the row by slot.
  std::map<int, event::Value> feed(const FoldInput& input, PartialRow& row);
  void report(int label, const FoldInput& report, const FoldInput& target, event::Value value);
  void erase(int group, std::string_view key);
  void compact(Micros low_time);
  // Through bytes and back.
  void restore();
  // All shards' canonical bytes, empty ones left out.
  std::string bytes() const;
  Shard::Size size() const;
  Shard& shard(ShardId id);

 private:
  std::shared_ptr<const app::Spec> spec_;
  std::shared_ptr<const Plans> plans_;
  std::map<ShardId, Shard> shards_;
};

std::string show(event::Value value);

}  // namespace quintet::feature
