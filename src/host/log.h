// Structured logs of the program itself (not the log of events): one line of JSON each on stderr,
// {"time":"2026-01-31T12:00:00.123456Z","level":"info","message":"...","port":8080}.
// Never log a key, a private field, a token or a body.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"

namespace quintet::host {

enum class LogLevel : unsigned char { debug, info, warn, error, off };

// One member of the line. Views need to live during the call only.
struct LogField {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, double, bool> value;

  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
  template <class N>
  requires std::integral<N> LogField(std::string_view k, N v)
      : key(k), value(static_cast<std::int64_t>(v)) {}
};

// Any thread: a line is one write(2) to the descriptor, which the Logger does not own. Text longer
// than kMaxLogText is cut. A line that cannot be written is lost without a word.
class Logger {
 public:
  Logger(Clock& clock, LogLevel least, int descriptor = 2);

  void debug(std::string_view message, std::initializer_list<LogField> fields = {});
  void info(std::string_view message, std::initializer_list<LogField> fields = {});
  void warn(std::string_view message, std::initializer_list<LogField> fields = {});
  void error(std::string_view message, std::initializer_list<LogField> fields = {});
  bool writes(LogLevel level) const { return level >= least_; }

 private:
  void line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields);

  Clock& clock_;
  LogLevel least_;
  int descriptor_;
};

inline constexpr std::size_t kMaxLogText = 4096;

}  // namespace quintet::host
