// One application under one pattern: started as a process of its own, sent the input through its
// door in one ordered session, disturbed as asked, dumped at rest, ended. Nothing here knows what
// is behind the door. One thread, but for kill() of the sender's reading thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/spec.h"
#include "tool/disturb.h"
#include "tool/program.h"
#include "tool/rest.h"
#include "tool/send.h"

namespace quintet::tool {

struct ModelSwitch {
  std::string model;
  std::string file;        // empty: the model is trained there
  std::uint64_t at = 0;    // after this many events
  Micros as_of = kNoTime;  // of the training
};

struct PatternRunOptions {
  std::string app;  // its file
  std::shared_ptr<const app::Spec> spec;
  std::string pattern;
  std::string program;               // that is asked to run it
  std::string pseudonyms;            // a file with the log's pseudonym key; empty: it needs none
  bool several = false;              // its places are processes of their own
  std::string store_url;             // postgres://..., without a password; empty: SQLite
  std::string schema;                // there, and no other run's
  std::uint32_t infer_replicas = 0;  // 0: as many as the pattern has by itself
  std::vector<InputFile> inputs;
  std::uint64_t events = 0;           // how many there are to be sent
  std::vector<ModelSwitch> switches;  // by `at`
  std::vector<std::uint64_t> kills;   // after so many answers, sorted
  std::uint64_t seed = 1;
  std::string directory;  // gets data, logs, answers and the dump; made here
};

struct PatternFigures {
  std::string pattern;
  std::uint64_t sent = 0, refused = 0, kills = 0, reconnects = 0;
  double seconds = 0;  // from the first event until all was at rest, trainings included
  std::string dump;    // the file
  RestFigures rest;
};

// What a run under way has to be ended by when the command is.
class Endable {
 public:
  void set(Program* program);  // null: none
  void end();                  // ends the program; one that is set later is ended at once

 private:
  std::mutex mutex_;
  Program* program_ = nullptr;
  bool ending_ = false;
};

// Errors: `unavailable` if the application cannot be started, with its last words; what kept it
// from answering.
Expected<PatternFigures> run_pattern(const PatternRunOptions& options, Endable& endable,
                                     Progress::Mode mode, Clock& clock);

}  // namespace quintet::tool
