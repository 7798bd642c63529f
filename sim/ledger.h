// What was asked of the processes of a run and what they answered: the side of the clients, from
// which the oracle judges the log.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/hash.h"
#include "stage/ingest.h"

namespace quintet::sim {

struct Answer {
  stage::Admission::What what = stage::Admission::What::refused;
  Position position = kNoPosition;
  std::string error;  // Error::id(), or its code's name
  Micros latest = 0;  // that any clock has shown by then
  std::string json;
  bool of_replay = false;
};

enum class Intent : std::uint8_t { plain, malformed, future, late, conflict };

struct Request {
  Intent intent = Intent::plain;
  std::string type, id, text;
  Micros time = 0;      // of the event, as its text says
  std::string session;  // empty: none
  std::uint64_t number = 0;
  std::uint64_t answered = 0;   // all before it were, when it was sent last
  int attempts = 0;             // that reached a place
  std::vector<Answer> answers;  // definite ones, whether they came through or not
  bool told = false;            // one came through
};

struct Ledger {
  std::vector<std::unique_ptr<Request>> requests;
  std::set<std::string> erase_asked;           // pseudonyms
  std::map<std::string, Position> erased;      // acknowledged
  std::map<std::uint64_t, Position> replayed;  // dead letters, acknowledged
  std::map<Position, std::string> promoted;    // acknowledged: body
  std::vector<std::string> faults;             // found on the way
  std::string trace;                           // grows; hashed at times

  void fault(std::string what) {
    if (faults.size() < 20) faults.push_back(std::move(what));
  }
  void note(const std::string& what) {
    trace += what;
    trace += '\n';
    if (trace.size() < 1 << 16) return;
    const Hash128 hash = hash128(trace);
    trace = std::to_string(hash.high) + "/" + std::to_string(hash.low) + "\n";
  }
};

}  // namespace quintet::sim
