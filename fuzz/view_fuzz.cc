// Bytes of any kind as a piece of a view's snapshot, behind the right beginning of its application:
// refused, or a view with exactly these bytes as its form, which can be read and folded on.
// rooms: stage
#include <cstdlib>

#include "app/load.h"
#include "stage/views.h"

using namespace quintet;

namespace {

constexpr std::string_view kApp = R"(quintet: 1
app: fuzz
events:
  e:
    id: id
    time: at
    fields: {id: string, at: timestamp, k: string, d: decimal(2), m: int64, x: double, ok: bool}
views:
  v:
    of: e
    by: [k, x]
    every: 1h
    retain: 30d
    aggregate:
      events: count()
      money: sum(d)
      usual: mean(x)
      spread: var(x)
      deviation: std(m)
      least: min(k)
      most: max(x)
      one: any(ok)
      begin: first(k)
      few: list(m, 3)
      different: distinct(k)
      half: quantile(x, 0.5)
      often: top_k(k, 2)
)";

const std::shared_ptr<const app::Spec>& spec() {
  static const std::shared_ptr<const app::Spec> made = [] {
    app::Loaded read = app::load(kApp);
    if (read.spec == nullptr) std::abort();
    return read.spec;
  }();
  return made;
}

// A result of the key ("a", 0.5), which the corpus has.
void fold(stage::Views& views, Micros time, Position position) {
  using event::Value;
  std::vector<Value> slots(static_cast<std::size_t>(spec()->rows[0].slots));
  slots[0] = Value::text("i");
  slots[1] = Value::timestamp(time);
  slots[2] = Value::text("a");
  slots[3] = Value::decimal(1234);
  slots[4] = Value::int64(7);
  slots[5] = Value::real(0.5);
  slots[6] = Value::boolean(true);
  stage::ViewRows rows;
  views.take(0, time, position, slots, rows);
  views.fold(rows, position);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Form, semantics version, digest and name are not for a fuzzer to find; the place, the newest
  // time and the lines are the input.
  stage::Views views(spec());
  const std::string empty = views.write(0, {});
  constexpr std::size_t kFound = 1 + 2 + 1 + 8 + 1;  // of an empty view behind its name
  std::string bytes = empty.substr(0, empty.size() - kFound);
  bytes.append(reinterpret_cast<const char*>(data), size);
  const auto piece = stage::Views::piece_of(bytes);
  if (!piece) return 0;
  // The rest of the view is an older snapshot of nothing.
  const auto read = views.restore(0, {{2, bytes}, {1, empty}});
  if (!read) {
    if (views.write(0, {}) != empty) std::abort();  // a refused piece left something behind
    return 0;
  }
  if (views.write(0, *piece) != bytes) std::abort();  // two byte forms of one state
  views.caught_up();
  (void)views.read(0, stage::ViewQuery{});
  Position position = 10;
  for (const Micros time : {Micros{0}, 9 * kDay, kDay}) fold(views, time, ++position);
  (void)views.read(0, stage::ViewQuery{});
  const std::string later = views.write(0, {});
  stage::Views again(spec());
  if (!again.restore(0, {{3, later}}) || again.write(0, {}) != later) std::abort();
  return 0;
}
