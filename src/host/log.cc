#include "host/log.h"

#include <unistd.h>

#include <charconv>
#include <cmath>

#include "base/civil.h"
#include "base/json_out.h"

namespace quintet::host {

namespace {

void append_text(std::string& out, std::string_view text) {
  append_json_text(out, text.substr(0, kMaxLogText));
}

template <class N>
void append_number(std::string& out, N value) {
  char text[40];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void append_field(std::string& out, const LogField& field) {
  append_text(out, field.key);
  out.push_back(':');
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    append_text(out, *text);
  } else if (const auto* whole = std::get_if<std::int64_t>(&field.value)) {
    append_number(out, *whole);
  } else if (const auto* real = std::get_if<double>(&field.value)) {
    std::isfinite(*real) ? append_number(out, *real) : void(out += "null");
  } else {
    out += std::get<bool>(field.value) ? "true" : "false";
  }
}

constexpr std::string_view kLevelNames[] = {"debug", "info", "warn", "error"};

}  // namespace

Logger::Logger(Clock& clock, LogLevel least, int descriptor)
    : clock_(clock), least_(least), descriptor_(descriptor) {}

void Logger::debug(std::string_view message, std::initializer_list<LogField> fields) {
  line(LogLevel::debug, message, fields);
}
void Logger::info(std::string_view message, std::initializer_list<LogField> fields) {
  line(LogLevel::info, message, fields);
}
void Logger::warn(std::string_view message, std::initializer_list<LogField> fields) {
  line(LogLevel::warn, message, fields);
}
void Logger::error(std::string_view message, std::initializer_list<LogField> fields) {
  line(LogLevel::error, message, fields);
}

void Logger::line(LogLevel level, std::string_view message,
                  std::initializer_list<LogField> fields) {
  if (!writes(level)) return;
  std::string out = "{\"time\":\"";
  append_time(out, clock_.wall());
  out += "\",\"level\":\"";
  out += kLevelNames[static_cast<int>(level)];
  out += "\",\"message\":";
  append_text(out, message);
  for (const LogField& field : fields) {
    out.push_back(',');
    append_field(out, field);
  }
  out += "}\n";
  [[maybe_unused]] const auto written = ::write(descriptor_, out.data(), out.size());
}

}  // namespace quintet::host
