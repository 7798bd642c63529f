// Bytes of any kind as an event, in JSON or (first byte odd) as lines of CSV under their header:
// refused with a reason, or an event whose parts and content survive being written and read.
// rooms: app
#include <cstdlib>

#include "app/load.h"
#include "event/decode.h"

using namespace quintet;

namespace {

constexpr std::string_view kApp = R"yaml(quintet: 1
app: fuzz
timezone: "+02:00"
events:
  e:
    id: id
    time: at
    fields:
      id: string
      at: {type: timestamp, from: WHEN}
      flag: {type: bool, optional: true}
      m: {type: int64, optional: true, minimum: -5, maximum: 5000000000}
      x: {type: double, optional: true}
      amount: {type: decimal(2), default: 1.5}
      took: {type: duration, optional: true}
      kind: {type: string, optional: true, levels: [a, b]}
      raw: {type: bytes, optional: true}
      words: {type: list(string), optional: true}
      card: {type: string, optional: true, privacy: pseudonymize}
      phone: {type: string, optional: true, privacy: mask}
      secret: {type: string, optional: true, privacy: drop}
)yaml";

const app::Spec& spec() {
  static const auto loaded = [] {
    app::Loaded read = app::load(kApp);
    if (read.spec == nullptr) std::abort();
    return read.spec;
  }();
  return *loaded;
}

void check_event(const event::Event& event) {
  const event::EventType& type = *event.type;
  event::Event again;
  again.start(type);
  for (const bool sealed : {false, true}) {
    const std::string part = event::encode_part(type, event.values, sealed);
    if (!event::decode_part(type, part, sealed, again.arena, again.values)) std::abort();
  }
  again.id = event.id;
  again.time = event.time;
  std::string scratch;
  const Hash128 content = event::content_hash(event, scratch);
  if (!(event::content_hash(again, scratch) == content)) std::abort();
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    if (!event.values[i].is_null()) (void)event::to_text(type.fields[i].type, event.values[i]);
  }
}

void try_csv(event::Decoder& decoder, std::string_view text) {
  std::vector<std::string_view> cells;
  std::string scratch;
  bool header = true;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    cells.clear();
    if (!event::split_csv(line, ',', scratch, cells)) return;
    if (header) {
      if (!decoder.csv_header(cells)) return;
      header = false;
      continue;
    }
    event::Event event;
    if (decoder.csv(cells, event)) check_event(event);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  event::Decoder decoder(spec().events[0], {std::string(32, 'k'), 120});
  if (data[0] % 2 == 1) {
    try_csv(decoder, text);
    return 0;
  }
  event::Event event;
  const auto read = decoder.json(text, event);
  if (read) {
    check_event(event);
  } else if (read.error().id().empty() || read.error().message().empty()) {
    std::abort();
  }
  return 0;
}
