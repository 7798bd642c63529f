// One run: a seed decides everything that happens. First a wild phase, in which safety is asserted;
// then all is healed and every request must get its answer (liveness); then the oracle reads the
// log.
#pragma once

#include "sim/ledger.h"
#include "sim/process.h"

namespace quintet::sim {

struct Verdict {
  std::vector<std::string> faults;  // empty: it held
  Hash128 trace;                    // the same for the same seed
  std::map<std::string, Sites::Count> sites;
  Position positions = 0;
  std::size_t requests = 0;
  int restarts = 0;
  std::string options;  // what the seed chose, in words
};

// `retain`: the log loses its beginning, as it does with few seeds otherwise.
Verdict run_seed(std::uint64_t seed, bool retain);

// What a seed chooses once.
struct Options {
  int clients = 1;
  int sessions = 0;  // of the clients, so many send in order
  int events = 100;  // of each client
  int at_once = 1;   // requests of a client that are under way together
  Micros pause = 0;  // of a client between two requests
  Micros network = 0;
  Micros fault_every = 0;
  bool retain = false;    // old log is removed
  std::int64_t pace = 1;  // of the wall clocks, in seconds a second
  static Options choose(Random& random, bool retain);
  std::string text() const;
};

class Run {
 public:
  Run(std::uint64_t seed, bool retain);
  Verdict perform();

 private:
  friend class Client;
  friend class Nemesis;

  // Steps until `done` or until simulated `deadline`; false if the deadline came first.
  bool until(Micros deadline, const std::function<bool()>& done);
  void start_process();
  void end_process(std::size_t index);
  // The process that a request reaches: the newest, or by chance an older one that still lives.
  Process* reached();
  void offer(Process& process, Request& request, const std::function<void()>& told);
  void answered(Request& request, const host::Receipt& receipt, const std::function<void()>& told);
  bool all_told() const;
  // Of a clock that never jumped.
  Micros wall() const;
  // A look at the log's beginning when nothing goes wrong any more.
  void last_cut();

  Random random_;
  const std::uint64_t seed_;
  const Options options_;
  Sites sites_;
  World world_;
  Disk disk_;
  Ledger ledger_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::size_t form_ = 0;   // of the application
  Micros jumped_ = 0;      // wall clock
  Micros furthest_ = 0;    // that it jumped
  bool starting_ = false;  // a start is on its way
  int restarts_ = 0;
};

// Reads everything back and compares it with what the ledger knows and with models of its own.
void judge(Disk& disk, host::Place& place, Ledger& ledger);

}  // namespace quintet::sim
