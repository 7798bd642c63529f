// What a process offers to others: handlers by method. Filled before a server starts with it, and
// then left alone.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>

#include "link/wire.h"

namespace quintet::link {

// A call as its handler sees it.
struct Incoming {
  std::string method;
  std::string request;  // empty for a stream
  Metadata metadata;
  Micros deadline = kNoDeadline;  // steady time of the server's clock
  std::string peer;
  // Set, by any thread, once the caller has gone or has called off; the answer is still owed.
  std::shared_ptr<const std::atomic<bool>> cancelled;
};

// The way back of one call. Moves to where the answer will be known; used once, from any thread.
// Destroyed unused it answers `broken`.
class Answer {
 public:
  // Sends it; called once, by any thread.
  using Respond = Function<Expected<std::string>>;
  struct State;

  Answer(std::shared_ptr<State> state) : state_(std::move(state)) {}  // NOLINT(implicit)
  Answer(Answer&&) = default;
  Answer& operator=(Answer&&) = default;
  ~Answer();

  void operator()(Expected<std::string> answer);

 private:
  std::shared_ptr<State> state_;
};

// Runs on the server's scheduler, and answers then or later.
using Handler = std::function<void(Incoming, Answer)>;
// Begins a session on a wire that outlives it. The server owns both, and destroys the session after
// its on_end. Runs on the server's scheduler.
using WireHandler = std::function<std::unique_ptr<WireEvents>(const Incoming&, Wire&)>;

class Service {
 public:
  // A method is added once (checked).
  void add(std::string method, Handler handler);
  void add_wire(std::string method, WireHandler handler);

  // Null if there is none; the other kind is not found.
  const Handler* handler(std::string_view method) const;
  const WireHandler* wire_handler(std::string_view method) const;
  // In order of their names.
  std::vector<std::string> methods() const;

 private:
  std::map<std::string, std::variant<Handler, WireHandler>, std::less<>> methods_;
};

}  // namespace quintet::link
