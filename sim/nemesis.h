// What goes wrong in a run, and what operators do meanwhile: crashes, a second sequencer, jumps of
// the clock, new application forms, promotions, erasures, replays of dead letters, reads.
#pragma once

#include "sim/run.h"

namespace quintet::sim {

class Nemesis {
 public:
  explicit Nemesis(Run& run) : run_(run) {}
  void begin();
  // Heals: one process stays, and what was begun comes to its end.
  void end();

 private:
  void go_on();
  void strike();
  void act(std::int64_t what, Process& process);
  void crash();
  void second_sequencer();
  void promote(Process& process);
  void erase(Process& process);
  void replay(Process& process);
  void discard(Process& process);
  void mark(Process& process);
  void read(Process& process);
  void cut();

  Run& run_;
  bool striking_ = true;
};

}  // namespace quintet::sim
