// Bytes of any kind as a stored run of outcomes, with the checksum put right: refused, or outcomes
// that can be shown, and that say the same after being written and read once more.
// rooms: stage
#include <cstdlib>

#include "app/load.h"
#include "base/hash.h"
#include "stage/render.h"

using namespace quintet;

namespace {

constexpr std::string_view kApp = R"(quintet: 1
app: fuzz
events:
  e:
    id: id
    time: at
    fields: {id: string, at: timestamp, k: string, m: int64}
  other:
    fields: {k: string}
features:
  f:
    of: e
    columns:
      seen: list(m, 5) over all by k including this
      square: m * m
      mean: mean(m) over 2 events by k
      text: lower(k)
models:
  score: {of: e, type: linear, inputs: [mean], file: model.json}
decisions:
  size: {of: e, cases: [{when: m > 10, then: large, reason: big}, {when: m > 5, then: middle}]}
)";

const app::Spec& spec() {
  static const auto loaded = [] {
    app::Loaded read = app::load(kApp);
    if (read.spec == nullptr) std::abort();
    return read.spec;
  }();
  return *loaded;
}

void check_outcome(const stage::OutcomeView& view) {
  ByteReader in(view.bytes);
  const auto outcome = stage::read_outcome(in, spec(), view.position);
  if (!outcome) return;
  std::string shown;
  stage::append_result(shown, spec(), {"e", "id", 0, 0, "trace"}, *outcome);
  if (shown.empty()) std::abort();
  std::string once, twice;
  ByteWriter first(once), second(twice);
  stage::write_outcome(first, spec(), *outcome);
  ByteReader back(once);
  const auto again = stage::read_outcome(back, spec(), view.position);
  if (!again) std::abort();
  stage::write_outcome(second, spec(), *again);
  if (once != twice) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  ByteWriter(bytes).u32(crc32c(bytes));
  stage::OutcomeBytes run{0, 0, bytes};
  if (size >= 16) {  // the store says which positions a run is for
    ByteReader header(std::string_view(bytes).substr(4, 12));
    run.first = header.u64();
    run.last = run.first + header.u32() - 1;
  }
  const auto views = stage::read_run(run);
  if (!views) return 0;
  for (const stage::OutcomeView& view : *views) check_outcome(view);
  return 0;
}
