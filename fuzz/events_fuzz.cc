// Bytes of any kind as an event, in JSON or (first byte odd) as lines of CSV under their header:
// refused with a reason, or an event whose parts and content survive being written and read.
// rooms: app
#include <algorithm>
#include <cstdlib>

#include "app/load.h"
#include "event/decode.h"
#include "event/line_cutter.h"

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

constexpr std::size_t kLongest = 200;

// The records of the text, cut into pieces of so many bytes; no line may be lost.
std::vector<std::string> records_of(std::string_view text, std::size_t piece) {
  event::LineCutter cutter(kLongest, ',');
  std::vector<std::string> records;
  std::uint64_t lines = 0;
  const auto take = [&] {
    while (const auto record = cutter.next()) {
      if (record->number != lines + 1) std::abort();
      if (record->text.size() > kLongest) std::abort();
      lines += 1 + static_cast<std::uint64_t>(
                       std::count(record->text.begin(), record->text.end(), '\n'));
      records.emplace_back(record->text);
    }
  };
  for (std::size_t at = 0; at < text.size(); at += piece) {
    cutter.add(text.substr(at, piece));
    take();
  }
  cutter.end();
  take();
  const auto ends = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
  if (lines != ends + (text.empty() || text.ends_with('\n') ? 0 : 1)) std::abort();
  return records;
}

void try_csv(event::Decoder& decoder, std::string_view text) {
  std::vector<std::string_view> cells;
  std::string scratch;
  bool header = true;
  const std::vector<std::string> records = records_of(text, text.size() + 1);
  for (const std::size_t piece : {1, 7, 64}) {
    if (records_of(text, piece) != records) std::abort();
  }
  for (const std::string& record : records) {
    cells.clear();
    if (!event::split_csv(record, ',', scratch, cells)) {
      if (header) return;
      continue;
    }
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
