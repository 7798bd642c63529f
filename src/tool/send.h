// Streams files into a running application: lines as they stand, in merged order, over one
// connection at a time, as one ordered session (S1.6): none is admitted before the lines before it
// had their answer. Lines that were not answered when a connection breaks are sent again on the
// next one; their ids make that harmless, so every line counts once.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "tool/input.h"
#include "tool/progress.h"

namespace quintet::tool {

struct SendOptions {
  std::shared_ptr<const app::Spec> spec;  // of the running application, or one that fits it
  std::vector<InputFile> inputs;
  std::string url;
  std::string token;    // bearer token; may be empty
  std::string ca_file;  // as in tool/door.h
  // Of a session that may have begun before: what was answered then is not sent again. The inputs
  // are the same. Empty: a session of its own.
  std::string session;
  // How many of it were; nothing: the application is asked.
  std::optional<std::uint64_t> answered;
  std::string output;               // answers as NDJSON, full results; empty: positions alone
  double rate = 0;                  // events a second; 0: as fast as it goes
  std::uint64_t limit = 0;          // send no more than this; 0: all
  std::size_t open_lines = 16'384;  // sent and not answered, at most
  Micros patience = 60 * kSecond;   // without an answer before it gives up
  // Told at each answer how many there were in this call, on the thread that reads them.
  std::function<void(std::uint64_t answers)> on_answer;
  // The connection is lost and another will be tried: on the caller's thread. An error ends it.
  std::function<Expected<void>()> on_lost;
};

struct SendReport {
  std::uint64_t acknowledged = 0, refused = 0;
  std::uint64_t skipped = 0;  // answered before, in the same session
  std::uint64_t reconnects = 0;
  Micros took = 0;
};

// Gets each refused line: where it stood and the application's answer, {"line", "error"}. Called
// from a thread of its own, one call at a time.
using OnRefused =
    std::function<void(const std::string& path, std::uint64_t line, const std::string& answer)>;

// Fails with what the server said if it takes no lines at all, and with `unavailable` when it does
// not answer for `patience`. Then everything acknowledged before is in the application.
Expected<SendReport> send(const SendOptions& options, Progress& progress, Clock& clock,
                          const OnRefused& on_refused);

}  // namespace quintet::tool
