// What every server does with what arrives, whatever brought it: finds the handler, keeps count,
// refuses, and ends in order. Transports hand calls and streams to it on its scheduler.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "link/running.h"
#include "link/transport.h"

namespace quintet::link {

class Dispatch {
 public:
  // `where` is the server's address, for messages.
  Dispatch(Local local, std::string where, std::shared_ptr<const Service> service,
           ServerOptions options);
  // Answers what runs with `unavailable` and cuts the streams.
  ~Dispatch();
  Dispatch(const Dispatch&) = delete;
  Dispatch& operator=(const Dispatch&) = delete;

  // `respond` is called once, by any thread.
  void call(Incoming call, Answer::Respond respond);
  // `open` gives the wire, whose events are the argument's.
  void stream(const Incoming& call, const std::function<std::unique_ptr<Wire>(WireEvents&)>& open);
  // Whether a method is a stream, of the service or of every server. Any thread.
  static bool is_stream(const Service& service, std::string_view method);
  // As Server::drain.
  void drain(Micros most, Job done);

 private:
  class Session;

  std::unique_ptr<WireEvents> begin(const Incoming& call, Wire& wire);
  void end(const Session* session);
  void after_drain();
  void cut();

  Local local_;
  const std::string where_;
  const std::shared_ptr<const Service> service_;
  const ServerOptions options_;
  const std::shared_ptr<Running> running_;
  std::map<const Session*, std::unique_ptr<Session>> sessions_;
  bool draining_ = false;
  std::unique_ptr<Timer> bound_;
  Job drained_;
  const std::shared_ptr<Dispatch*> self_;  // for jobs that may outlive this object
};

}  // namespace quintet::link
