#include "tool/input.h"

#include "base/text.h"

namespace quintet::tool {

Expected<InputFile> parse_input(std::string_view text, const app::Spec& spec) {
  const std::size_t equals = text.find('=');
  InputFile file;
  if (equals == std::string_view::npos) {
    int only = -1, types = 0;
    for (const event::EventType& type : spec.events) {
      if (type.is_table) continue;
      only = type.index;
      ++types;
    }
    if (types != 1) {
      return invalid("--input " + std::string(text) + ": say of which event, as EVENT=FILE");
    }
    file = {spec.events[static_cast<std::size_t>(only)].name, std::string(text)};
  } else {
    file = {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
  }
  if (spec.event_index(file.event_type) < 0) {
    return not_found("--input " + std::string(text) + ": the application has no event or table \"" +
                     file.event_type + "\"");
  }
  return file;
}

namespace {

enum class Format { csv, json };

Expected<Format> format_of(std::string_view path) {
  std::string_view name = path;
  if (name.ends_with(".gz")) name.remove_suffix(3);
  if (name.ends_with(".csv")) return Format::csv;
  if (name.ends_with(".ndjson") || name.ends_with(".jsonl")) return Format::json;
  return invalid(std::string(path) +
                 ": the name must end in .csv, .ndjson or .jsonl, with or without .gz");
}

// One file and its next event.
struct Stream {
  std::string path;
  std::string name;  // the path without folders: part of ids
  Format format = Format::csv;
  std::unique_ptr<LineReader> lines;
  std::unique_ptr<event::Decoder> decoder;
  std::string scratch;
  std::vector<std::string_view> cells;
  event::Event event;
  std::string text;
  std::string header;
  std::size_t index = 0;
  std::uint64_t line_number = 0;
  bool has = false;
};

Expected<void> read_header(Stream& stream) {
  std::string_view line;
  TRY(const bool any, stream.lines->next(line));
  if (!any) return invalid(stream.path + " is empty: a CSV file needs a header line");
  line = without_byte_order_mark(line);
  stream.header = line;
  const char separator = stream.decoder->type().input.separator;
  TRY_DO(event::split_csv(line, separator, stream.scratch, stream.cells));
  auto taken = stream.decoder->csv_header(stream.cells);
  if (!taken) {
    const Error& why = taken.error();
    return Error(why.code(), stream.path + ":1: " + why.place() + ": " + why.message());
  }
  return {};
}

Expected<void> decode(Stream& stream, std::string_view line) {
  if (stream.format == Format::json) return stream.decoder->json(line, stream.event);
  const char separator = stream.decoder->type().input.separator;
  TRY_DO(event::split_csv(line, separator, stream.scratch, stream.cells));
  return stream.decoder->csv(stream.cells, stream.event);
}

Expected<void> advance(Stream& stream, const EventSource::OnBad& on_bad) {
  stream.has = false;
  std::string_view line;
  for (;;) {
    TRY(const bool any, stream.lines->next(line));
    if (!any) return {};
    if (line.empty()) continue;
    auto decoded = decode(stream, line);
    if (decoded) break;
    TRY_DO(on_bad({stream.path, stream.lines->line_number(), std::move(decoded).error(), line,
                   stream.index}));
  }
  stream.text = line;
  stream.line_number = stream.lines->line_number();
  if (stream.event.id.empty()) {
    stream.event.id =
        stream.event.arena.copy(stream.name + ":" + std::to_string(stream.lines->line_number()));
  }
  stream.has = true;
  return {};
}

}  // namespace

struct EventSource::State {
  std::vector<Stream> streams;
  bool started = false;
  std::size_t last = 0;
  std::uint64_t line_number = 0;
  std::string line;
};

EventSource::EventSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
EventSource::~EventSource() = default;

Expected<std::unique_ptr<EventSource>> EventSource::open(const app::Spec& spec,
                                                         const std::vector<InputFile>& files,
                                                         const std::string& pseudonym_key) {
  auto state = std::make_unique<State>();
  for (const InputFile& file : files) {
    Stream stream;
    stream.path = file.path;
    stream.index = state->streams.size();
    stream.name = file.path.substr(file.path.find_last_of('/') + 1);
    const auto index = static_cast<std::size_t>(spec.event_index(file.event_type));
    const auto format = format_of(file.path);
    const bool csv = format && *format == Format::csv;
    TRY(stream.lines, LineReader::open(file.path, csv ? spec.events[index].input.separator : '\0'));
    TRY(stream.format, format);
    stream.decoder = std::make_unique<event::Decoder>(
        spec.events[index], event::Decoder::Options{pseudonym_key, spec.utc_offset_minutes});
    if (stream.format == Format::csv) TRY_DO(read_header(stream));
    state->streams.push_back(std::move(stream));
  }
  return std::unique_ptr<EventSource>(new EventSource(std::move(state)));
}

Expected<bool> EventSource::next(event::Event& out, const OnBad& on_bad) {
  State& s = *state_;
  if (!s.started) {
    for (Stream& stream : s.streams) TRY_DO(advance(stream, on_bad));
    s.started = true;
  }
  Stream* first = nullptr;
  for (Stream& stream : s.streams) {
    if (stream.has && (first == nullptr || stream.event.time < first->event.time)) first = &stream;
  }
  if (first == nullptr) return false;
  std::swap(out, first->event);
  std::swap(s.line, first->text);
  s.last = first->index;
  s.line_number = first->line_number;
  TRY_DO(advance(*first, on_bad));
  return true;
}

std::string_view EventSource::line() const {
  return state_->line;
}
std::string_view EventSource::format() const {
  return state_->streams[state_->last].format == Format::csv ? "csv" : "json";
}

std::size_t EventSource::file() const {
  return state_->last;
}
std::uint64_t EventSource::line_number() const {
  return state_->line_number;
}
const std::string& EventSource::header(std::size_t file) const {
  return state_->streams[file].header;
}

std::uint64_t EventSource::bytes_read() const {
  std::uint64_t sum = 0;
  for (const Stream& stream : state_->streams) sum += stream.lines->bytes_read();
  return sum;
}

std::uint64_t EventSource::bytes_total() const {
  std::uint64_t sum = 0;
  for (const Stream& stream : state_->streams) sum += stream.lines->bytes_total();
  return sum;
}

}  // namespace quintet::tool
