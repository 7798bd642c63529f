// A client: makes requests, sends each until it has a definite answer, and may send several at
// once.
#pragma once

#include "sim/run.h"

namespace quintet::sim {

class Client {
 public:
  Client(Run& run, int number);
  // Makes and sends what may be under way now.
  void go_on();

 private:
  Request& make();
  std::string payment(Request& request);
  std::string report(Request& request);
  void send(Request& request);
  void deliver(Request& request);

  Run& run_;
  const int number_;
  int made_ = 0;
  int under_way_ = 0;
  const std::string session_;   // empty: its order does not matter
  std::uint64_t answered_ = 0;  // of its requests, from the first on
  Micros event_time_ = 0;
  std::vector<Request*> mine_;
};

}  // namespace quintet::sim
