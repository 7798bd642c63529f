// One process of a run: the real Place with the real Committer on two simulated threads, and what
// host/run.cc does around them: it opens the place, and opens it anew after a failed commit.
#pragma once

#include "event/decode.h"
#include "host/place.h"
#include "sim/disk.h"
#include "sim/world.h"

namespace quintet::sim {

class Process {
 public:
  // `pace`: of the wall clock, in seconds a second of the world.
  Process(World& world, Disk& disk, std::shared_ptr<const app::Spec> spec, Micros jumped,
          std::int64_t pace);
  ~Process();

  host::Place* place() { return place_.get(); }  // null while it is being opened
  event::Decoder decoder(std::string_view event_type);
  Thread& loop() { return *loop_; }
  WorldClock& clock() { return clock_; }
  // It was to die inside a call: end it before it does anything else.
  bool dying() const { return dying_; }
  // Why the last try to open failed; empty if none did.
  const std::string& close_reason() const { return close_reason_; }

 private:
  void open();
  void close();

  World& world_;
  Disk& disk_;
  const std::shared_ptr<const app::Spec> spec_;
  WorldClock clock_;
  bool dying_ = false;
  std::string close_reason_;
  std::unique_ptr<DiskHandle> handle_;
  std::unique_ptr<stage::Store> store_;
  std::unique_ptr<stage::Vault> vault_;
  std::unique_ptr<Thread> loop_, writer_, aside_;
  std::unique_ptr<host::Place> place_;
  std::unique_ptr<Timer> again_;
};

}  // namespace quintet::sim
