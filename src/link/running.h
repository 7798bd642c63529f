// The calls that a server has taken and not answered, so that none is left when it ends. Any
// thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "link/service.h"

namespace quintet::link {

class Running : public std::enable_shared_from_this<Running> {
 public:
  // `where` is the server's address, for messages.
  Running(std::string where, std::size_t most, std::size_t answer_bytes)
      : where_(std::move(where)), most_(most), answer_bytes_(answer_bytes) {}

  // The Answer for a call's handler. Over the limit, or after close(), there is none: the call has
  // been refused.
  std::unique_ptr<Answer> add(const std::string& method, Answer::Respond respond);
  // Refuses what comes from now on; `emptied` is called once nothing runs, by whichever thread
  // answers last.
  void close(Job emptied);
  // Answers everything that runs; the handlers' own answers come too late then.
  void answer_all(const Error& error);
  std::size_t size() const;

 private:
  friend struct Answer::State;
  // True for the first answer to this call.
  void remove(std::uint64_t number);
  Error named(Error error, std::string_view method) const;

  const std::string where_;
  const std::size_t most_, answer_bytes_;
  mutable std::mutex mutex_;
  bool closed_ = false;
  Job emptied_;
  std::uint64_t next_ = 1;
  std::unordered_map<std::uint64_t, std::shared_ptr<Answer::State>> calls_;
};

struct Answer::State {
  State(std::shared_ptr<Running> to, std::uint64_t own, std::string name, Respond way)
      : running(std::move(to)), number(own), method(std::move(name)), respond(std::move(way)) {}

  void answer(Expected<std::string> answer);

  const std::shared_ptr<Running> running;
  const std::uint64_t number;
  const std::string method;
  Respond respond;
  std::atomic<bool> used = false;
};

}  // namespace quintet::link
