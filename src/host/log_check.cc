#include "host/log_check.h"

#include <chrono>

#include "store/log_reader.h"

namespace quintet::host {

namespace {
constexpr Micros kLook = kSecond / 100;  // how soon it sees that it is to end
}

LogCheck::LogCheck(Settings settings)
    : settings_(std::move(settings)), thread_([this] { run(); }) {}

LogCheck::~LogCheck() {
  ends_ = true;
  thread_.join();
}

void LogCheck::run() {
  auto done = read();
  if (ends_) return;
  // Removed by retention meanwhile, or a server that went away: no damage.
  const bool other =
      !done && (done.error().code() == Code::expired || done.error().code() == Code::unavailable);
  if (!done && !other && settings_.on_damage) settings_.on_damage(done.error());
  if (settings_.on_end) settings_.on_end();
}

Expected<void> LogCheck::read() {
  TRY(const auto log, store::open_log_reader(settings_.directory));
  Position next = settings_.from;
  for (int told = 0; !ends_;) {
    TRY(const auto blocks, log->read_log(next, settings_.piece_bytes));
    if (blocks.empty()) return {};
    for (const event::BlockBytes& block : blocks) {
      next = block.last + 1;
      const auto sound = event::check_block(block);
      if (sound) continue;
      if (++told > kMostTold) return {};
      if (settings_.on_damage) settings_.on_damage(sound.error());
    }
    for (Micros slept = 0; slept < settings_.pause && !ends_; slept += kLook) {
      std::this_thread::sleep_for(std::chrono::microseconds(kLook));
    }
  }
  return {};
}

}  // namespace quintet::host
