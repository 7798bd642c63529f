// Bytes of any kind as a shard's snapshot, behind the right digest of its application: refused, or
// a state with exactly these bytes as its form, which can be asked, compacted and written.
// rooms: feature
#include <cstdlib>

#include "app/load.h"
#include "feature/route.h"
#include "feature/shard.h"

using namespace quintet;

namespace {

constexpr std::string_view kApp = R"(quintet: 1
app: fuzz
tables:
  place: {key: shop, fields: {shop: string, country: string}}
events:
  e:
    id: id
    time: at
    fields: {id: string, at: timestamp, k: string, shop: string, m: int64, x: double}
  report:
    id: id
    time: at
    fields: {id: string, at: timestamp, of: string, bad: bool}
labels:
  fraud: {of: e, value: any(bad) from report over next 2d by of, otherwise: false, after: 1d}
features:
  f:
    of: e
    columns:
      country: place.country
      mean: mean(x) over 7d by k
      spread: std(m) over 7d by k including this
      most: max(x) over 3d delayed 1d by k
      risk: mean(fraud) over 7d delayed 1d by k
      last: last(shop) over 5 events by k
      shops: distinct(shop) over 1d every 1h by k
      half: quantile(x, 0.5) over 7d by k
      common: top_k(shop, 2) over 7d by k
      all: count() over all by k
      visit: sum(m) over session 30m by k
)";

struct World {
  std::shared_ptr<const app::Spec> spec;
  std::shared_ptr<const feature::Plans> plans;
};

const World& world() {
  static const World made = [] {
    app::Loaded read = app::load(kApp);
    if (read.spec == nullptr) std::abort();
    return World{read.spec, std::make_shared<const feature::Plans>(read.spec)};
  }();
  return made;
}

// Every snapshot begins like this one of an empty shard 7: format, digest, shard.
std::string beginning() {
  std::string bytes;
  ByteWriter out(bytes);
  feature::Shard(world().plans, 7).write(out);
  return bytes;
}

// An event of the key "a", which the corpus has, at a late and an early time.
void ask(feature::Shard& shard) {
  using event::Value;
  const Value values[] = {Value::text("i"), Value::timestamp(9 * kDay), Value::text("a"),
                          Value::text("s"), Value::int64(3),            Value::real(0.5)};
  const Value labels[] = {Value()};
  std::vector<feature::Touch> touches;
  const int type = world().spec->event_index("e");
  feature::route(*world().spec, type, values, true, touches);
  feature::PartialRow row;
  Position position = Position{1} << 60;
  for (const Micros time : {9 * kDay, kDay}) {
    const feature::FoldInput input{++position, time, kNoTime, type, values, labels, true};
    for (const feature::Touch& touch : touches) {
      if (touch.shard == shard.id()) shard.apply(input, touch, row);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string kBeginning = beginning();
  // The application's digest is not for a fuzzer to find: the first bytes are given, the rest is
  // the input.
  const std::size_t given = kBeginning.find(world().spec->digest);
  std::string bytes;
  if (given != std::string::npos) {
    bytes = kBeginning.substr(0, given + world().spec->digest.size());
  }
  bytes.append(reinterpret_cast<const char*>(data), size);
  ByteReader in(bytes);
  auto shard = feature::Shard::read(world().plans, in);
  if (!shard) return 0;
  std::string again;
  ByteWriter out(again);
  shard->write(out);
  if (again != bytes) std::abort();  // two byte forms of one state
  (void)shard->size();
  ask(*shard);
  shard->compact(20 * kDay);
  std::string compacted;
  ByteWriter last(compacted);
  shard->write(last);
  return 0;
}
