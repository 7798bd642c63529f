// A request at one process's door that another process answers: what the gateway does with all that
// is not its own. The handlers on both sides are the same; the one who answers cannot tell.
#pragma once

#include <functional>

#include "host/http.h"
#include "host/router.h"
#include "host/tracer.h"
#include "host/wire.h"

namespace quintet::host {

// What of the request travels: not the headers that are between a client and its door (tokens,
// connection, host, length).
wire::HttpCall call_of(const HttpRequest& request, std::string_view body);

// Who is told what was answered; both outlive the calls, and a null tracer is told nothing.
struct CallTraces {
  Tracer* tracer;
  Clock& clock;
};

// Answers a call by the routes of this process. `done` is called once, on the loop, maybe at once;
// a streamed answer is collected first, so no route that streams without end is asked this way.
void answer_call(const Router& router, wire::HttpCall call, const CallTraces& traces,
                 std::function<void(HttpResponse)> done);

// How a call reaches the process that answers it: `done` is called once, in a later job.
using CallHttp = std::function<void(const wire::HttpCall& call,
                                    std::function<void(Expected<HttpResponse>)> done)>;

// Hands requests on. A body is as large as the door's limit allows, or, if it is given, as
// `most_body`: what is larger answers 413.
class ForwardHandler final : public Handler {
 public:
  explicit ForwardHandler(CallHttp call, std::size_t most_body = 0)
      : call_(std::move(call)), most_body_(most_body) {}

  BodyMode body_mode(const HttpRequest&) const override {
    return most_body_ > 0 ? BodyMode::stream : BodyMode::whole;
  }
  void handle(std::shared_ptr<Exchange> exchange) override;

 private:
  CallHttp call_;
  std::size_t most_body_;
};

}  // namespace quintet::host
