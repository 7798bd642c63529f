#include "tool/progress.h"

#include <unistd.h>

#include <cstdio>

namespace quintet::tool {

namespace {
constexpr Micros kRedraw = 100'000;
constexpr Micros kPlainLine = 10 * kSecond;
constexpr int kBarWidth = 30;
}  // namespace

Progress::Progress(std::string what, Mode mode, Clock& clock)
    : what_(std::move(what)),
      quiet_(mode == Mode::quiet),
      terminal_(isatty(STDERR_FILENO) != 0),
      clock_(clock),
      begin_(clock.steady()),
      last_(begin_) {}

Progress::~Progress() {
  if (open_line_) std::fputc('\n', stderr);
}

void Progress::at(std::uint64_t done, std::uint64_t total, std::uint64_t events) {
  if (quiet_ || (events & 1023) != 0) return;
  const Micros now = clock_.steady();
  if (now - last_ < (terminal_ ? kRedraw : kPlainLine)) return;
  last_ = now;
  draw(done, total, events);
}

void Progress::draw(std::uint64_t done, std::uint64_t total, std::uint64_t events) {
  const double seconds = static_cast<double>(clock_.steady() - begin_) / 1e6;
  const double share = total == 0 ? 0 : static_cast<double>(done) / static_cast<double>(total);
  std::string bar(kBarWidth, '.');
  for (int i = 0; i < kBarWidth && i < static_cast<int>(share * kBarWidth); ++i) {
    bar[static_cast<std::size_t>(i)] = '#';
  }
  const double rate = seconds > 0 ? static_cast<double>(events) / seconds : 0;
  std::fprintf(stderr, "%s%s [%s] %3.0f %%  %llu events  %.0f/s%s", terminal_ ? "\r" : "",
               what_.c_str(), bar.c_str(), share * 100,
               static_cast<unsigned long long>(events), rate, terminal_ ? "  " : "\n");
  std::fflush(stderr);
  open_line_ = terminal_;
}

void Progress::finish(std::uint64_t events) {
  if (quiet_) return;
  if (terminal_) draw(1, 1, events);
  if (open_line_) std::fputc('\n', stderr);
  open_line_ = false;
  const double seconds = static_cast<double>(clock_.steady() - begin_) / 1e6;
  std::fprintf(stderr, "%s: %llu events in %.1f s\n", what_.c_str(),
               static_cast<unsigned long long>(events), seconds);
}

}  // namespace quintet::tool
