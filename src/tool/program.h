// `quintet run` as a process that a command starts, asks and ends: it prints {"url": ...} once it
// is ready, its stderr goes to a file, and it does not outlive whoever started it. One whose places
// are processes of their own has them as its children.
//
// kill() and end() from any thread; the rest on the thread that made it, and that has to live as
// long as the process: the system ends a child whose starting thread is gone.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/expected.h"

namespace quintet::tool {

class Program {
 public:
  // `log`: the file that gets its stderr, appended.
  Program(std::vector<std::string> command, std::string log);
  ~Program();  // kills what still runs
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Starts it, and waits until it is ready; the URL of its door. `unavailable`, with the last lines
  // of its stderr, if it ends before.
  Expected<std::string> start();
  // If it ended by itself or was killed, what there is to be said; reaps it.
  bool runs();
  // SIGKILL to it, or to the one of its children that `choice` falls on, if there are any and
  // `child` is set. False if that one is dying already, or nothing runs.
  bool kill(bool child, std::uint64_t choice);
  // SIGTERM, and waits until it has ended. `broken`, with the last lines of its stderr, if it did
  // not end well.
  Expected<void> stop();
  // The same from another thread, which ends this program: nothing is started any more.
  void end();

  // The last lines of its stderr.
  std::string last_words() const;

 private:
  Expected<std::string> read_ready_line();
  int reap(bool wait);  // its status; -1 while it runs

  std::vector<std::string> command_;
  std::string log_;
  std::mutex mutex_;   // of all below
  pid_t id_ = -1;      // until it is reaped: nobody else can have its number
  pid_t killed_ = -1;  // last
  int output_ = -1;
  int status_ = 0;
  bool ending_ = false;
};

// Living processes whose parent is this one, by number.
std::vector<pid_t> children_of(pid_t parent);

// A port of 127.0.0.1 that nobody listens on, below those that the system gives to outgoing
// connections: a server that must come back on its port would else find a client's there.
Expected<int> free_port();

}  // namespace quintet::tool
