// Processes of one application on this machine: started together, started again when one dies, and
// ended in the other order of their starting. A child is any program that prints a line once it is
// ready and ends when its standard input does: so that none outlives this process, however that
// ends.
//
// Lives on a Loop; every method is called in its jobs. A thread a child waits for what it prints
// and for its end.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/expected.h"
#include "host/log.h"
#include "host/loop.h"

namespace quintet::host {

// A child that dies is started again at once. One that dies again before it was ready gets a pause
// that doubles up to the most.
inline constexpr Micros kFirstPause = kSecond / 20;
inline constexpr Micros kLongestPause = kSecond;
// What has not ended so long after it was asked to is killed.
inline constexpr Micros kEndGrace = 20 * kSecond;

// The number under which a child has Program::descriptor.
inline constexpr int kGivenDescriptor = 3;

class Supervisor {
 public:
  struct Program {
    std::string name;                  // "ingest", "infer-2": for logs
    std::vector<std::string> command;  // a path and its arguments
    int descriptor = -1;               // that it has as its number 3; -1: none
    // restart() starts it anew before the old one is told to end, by the end of its input.
    bool overlaps = false;
  };
  struct Settings {
    std::vector<Program> programs;  // in order
    // The line that a child printed, each time that one is ready.
    std::function<void(const std::string& name, const std::string& line)> on_ready;
    // A child ended before it was ever ready: it will not do better another time. Nothing is
    // started again; the owner stops.
    std::function<void(const Error& why)> on_failure;
  };
  // Both outlive it.
  Supervisor(Loop& loop, Logger& log, Settings settings);
  // Kills what still runs and waits for it.
  ~Supervisor();

  // Errors: one could not be started.
  Expected<void> start();
  // Ends each and starts it anew, one after the other, the next once the one before is ready. The
  // program on the disk may be another one than that which runs. `done` is called when all are new;
  // no second call meanwhile does anything.
  void restart(std::function<void()> done);
  bool restarting() const { return restarted_ != nullptr; }
  // Starts one more, behind that one in order. `done` comes once it is ready; or with an error, if
  // it could not be started or ended before: then it is gone again, and nothing else is harmed.
  void add(Program program, const std::string& behind, std::function<void(Expected<void>)> done);
  // Asks one to end and forgets it; `done` comes when it has. Not while restarting.
  void remove(const std::string& name, std::function<void()> done);
  // Of a child's lives to come.
  void set_command(const std::string& name, std::vector<std::string> command);
  // Asks one after the other to end, the last first; `done` comes when all have.
  void stop(std::function<void()> done);

  // Of a child that runs; -1 between two lives.
  int process_id(const std::string& name) const;
  bool all_ready() const;

 private:
  struct Child;
  Child* find(const std::string& name) const;
  void forget(const Child& child);
  Expected<void> spawn(Child& child);
  void said(Child& child, std::uint64_t life, const std::string& line);
  void ended(Child& child, std::uint64_t life);
  void end_next();
  void restart_next();
  void ask_to_end(Child& child);

  Loop& loop_;
  Logger& log_;
  Settings settings_;
  std::vector<std::unique_ptr<Child>> children_;
  bool stopping_ = false;
  bool failed_ = false;
  std::function<void()> stopped_;
  std::unique_ptr<Timer> grace_;
  // Of restart(): those that come, the one whose turn it is, and lives that overlap with new ones.
  std::deque<Child*> old_;
  Child* renewed_ = nullptr;
  std::function<void()> restarted_;
  std::vector<std::unique_ptr<Child>> leaving_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

// This program's own path, for children that are the same program.
Expected<std::string> own_program();

}  // namespace quintet::host
