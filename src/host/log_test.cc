#include "host/log.h"

#include <unistd.h>

namespace quintet::host {
namespace {

class FixedClock final : public Clock {
 public:
  Micros wall() override { return 1'769'860'800'000'001; }
  Micros steady() override { return 0; }
};

std::string logged(LogLevel least, const std::function<void(Logger&)>& use) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  FixedClock clock;
  Logger logger(clock, least, ends[1]);
  use(logger);
  close(ends[1]);
  std::string text(16384, '\0');
  text.resize(static_cast<std::size_t>(read(ends[0], text.data(), text.size())));
  close(ends[0]);
  return text;
}

TEST(Logger, WritesOneLineOfJsonWithItsFields) {
  EXPECT_EQ(
      logged(
          LogLevel::info,
          [](Logger& log) {
            log.info("listening", {{"port", 8080}, {"tls", false}, {"at", "a\"b"}, {"load", 0.5}});
          }),
      "{\"time\":\"2026-01-31T12:00:00.000001Z\",\"level\":\"info\","
      "\"message\":\"listening\",\"port\":8080,\"tls\":false,\"at\":\"a\\\"b\","
      "\"load\":0.5}\n");
}

TEST(Logger, LeavesOutWhatIsBelowItsLevel) {
  EXPECT_EQ(logged(LogLevel::error, [](Logger& log) { log.warn("x"); }), "");
}

TEST(Logger, CutsLongText) {
  const std::string text =
      logged(LogLevel::info, [](Logger& log) { log.error(std::string(9000, 'x')); });
  EXPECT_LT(text.size(), 4200U);
  EXPECT_TRUE(text.ends_with("\"}\n"));
}

}  // namespace
}  // namespace quintet::host
