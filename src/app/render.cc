// Diagnostics for a terminal and for programs.
#include <algorithm>

#include "app/diagnostic.h"
#include "app/source.h"
#include "base/json_out.h"
#include "base/text.h"

namespace quintet::app {
namespace {

constexpr std::size_t kMaxShown = 120;  // characters of a source line

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

// Characters [from, from + count) of a line.
std::string cut(std::string_view line, std::size_t from, std::size_t count) {
  // Bytes of another encoding, and what a terminal would obey, are shown as `?`.
  const bool text = is_utf8(line);
  std::string out;
  std::size_t at = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto byte = static_cast<unsigned char>(line[i]);
    const bool start = (byte & 0xC0) != 0x80;
    if (start && i > 0) ++at;
    if (at < from || at >= from + count) continue;
    if (byte == '\t') {
      out += ' ';
    } else if (byte < 0x20 || byte == 0x7F || (!text && byte >= 0xC0)) {
      out += '?';
    } else if (text || byte < 0x80) {
      out += line[i];
    }
  }
  return out;
}

class Painter {
 public:
  explicit Painter(bool color) : color_(color) {}
  std::string operator()(std::string_view code, std::string_view text) const {
    if (!color_) return std::string(text);
    return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
  }

 private:
  bool color_;
};

constexpr std::string_view kRed = "1;31", kYellow = "1;33", kBlue = "1;34", kBold = "1",
                           kCyan = "1;36";

// The first line of a place with marks under it.
void append_lines(std::string& out, const Source& source, Place place, char mark,
                  std::string_view note, std::size_t margin, const Painter& paint,
                  std::string_view color) {
  const std::string_view line = source.line(place.line);
  const std::size_t length = characters(line);
  const auto begin = static_cast<std::size_t>(place.column) - 1;
  std::size_t end =
      place.end_line == place.line ? static_cast<std::size_t>(place.end_column) - 1 : length;
  end = std::clamp(end, begin + 1, std::max(begin + 1, length));
  const std::size_t from = begin > kMaxShown - 20 ? begin - (kMaxShown - 40) : 0;
  const std::string number = std::to_string(place.line);
  const std::string gap(margin, ' ');
  out += paint(kBlue, std::string(margin - number.size(), ' ') + number + " |") + " " +
         cut(line, from, kMaxShown) + "\n";
  end = std::min(end, from + kMaxShown);
  std::string marks(begin - from, ' ');
  std::string under(std::max<std::size_t>(end, begin + 1) - begin, mark);
  if (!note.empty()) under += " " + std::string(note);
  out += paint(kBlue, gap + " |") + " " + marks + paint(color, under) + "\n";
}

std::string place_text(std::string_view file, Place place) {
  return std::string(file) + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

void write_place(JsonWriter& json, Place place) {
  json.key("line").int64(place.line).key("column").int64(place.column);
  json.key("end_line").int64(place.end_line).key("end_column").int64(place.end_column);
}

}  // namespace

std::string render(const Diagnostic& diagnostic, std::string_view file_name, std::string_view text,
                   bool color) {
  const Source source(text);
  const Painter paint(color);
  const std::string_view tone = diagnostic.warning ? kYellow : kRed;
  std::size_t margin = std::to_string(diagnostic.place.line).size();
  for (const Related& related : diagnostic.related) {
    margin = std::max(margin, std::to_string(related.place.line).size());
  }
  const std::string gap(margin, ' ');
  std::string out = paint(tone, std::string(diagnostic.warning ? "warning" : "error") + "[" +
                                    diagnostic.code + "]") +
                    paint(kBold, ": " + diagnostic.message) + "\n";
  out += paint(kBlue, gap + "-->") + " " + place_text(file_name, diagnostic.place) + "\n";
  out += paint(kBlue, gap + " |") + "\n";
  append_lines(out, source, diagnostic.place, '^', {}, margin, paint, tone);
  for (const Related& related : diagnostic.related) {
    out += paint(kBlue, gap + ":::") + " " + place_text(file_name, related.place) + "\n";
    append_lines(out, source, related.place, '-', related.message, margin, paint, kBlue);
  }
  if (!diagnostic.hint.empty()) {
    out += paint(kBlue, gap + " =") + " " + paint(kCyan, "help") + ": " + diagnostic.hint + "\n";
  }
  return out;
}

std::string render_json(const Diagnostic& diagnostic, std::string_view file_name) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("code", diagnostic.code);
  json.field("severity", diagnostic.warning ? "warning" : "error").field("file", file_name);
  write_place(json, diagnostic.place);
  json.field("message", diagnostic.message).key("related").begin_array();
  for (const Related& related : diagnostic.related) {
    json.begin_object();
    write_place(json, related.place);
    json.field("message", related.message).end_object();
  }
  json.end_array().field("hint", diagnostic.hint).end_object();
  return out;
}

}  // namespace quintet::app
