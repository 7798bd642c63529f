#include "host/patient_call.h"

#include <unordered_map>

namespace quintet::host {

namespace {

bool is_away(const Expected<HttpResponse>& answer) {
  return answer ? answer->status == 503 : answer.error().code() == Code::unavailable;
}

// Nothing under /v2, the Open Inference Protocol, changes anything.
bool only_reads(const wire::HttpCall& call) {
  return call.method == "GET" || call.target.starts_with("/v2/");
}

// Lives as long as the way that it is behind; what waits goes with it.
class Patience : public std::enable_shared_from_this<Patience> {
 public:
  using Done = std::function<void(Expected<HttpResponse>)>;

  Patience(Scheduler& loop, Clock& clock, CallHttp call)
      : loop_(loop), clock_(clock), call_(std::move(call)) {}

  void ask(const wire::HttpCall& asked, Done done) {
    if (!only_reads(asked) || waiting_.size() >= kMostPatient) return call_(asked, done);
    const std::uint64_t id = ++last_;
    waiting_[id] = {asked, std::move(done), clock_.steady() + kAwayPatience, nullptr};
    attempt(id);
  }

 private:
  struct Waiting {
    wire::HttpCall call;
    Done done;
    Micros until = 0;
    std::unique_ptr<Timer> again;
  };

  void attempt(std::uint64_t id) {
    const wire::HttpCall call = waiting_.at(id).call;
    call_(call, [weak = weak_from_this(), id](Expected<HttpResponse> answer) {
      if (const auto self = weak.lock()) self->answered(id, std::move(answer));
    });
  }

  void answered(std::uint64_t id, Expected<HttpResponse> answer) {
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return;
    if (is_away(answer) && clock_.steady() < found->second.until) {
      found->second.again = loop_.after(kAwayPause, [this, id] { attempt(id); });
      return;
    }
    const Done done = std::move(found->second.done);
    waiting_.erase(found);
    done(std::move(answer));
  }

  Scheduler& loop_;
  Clock& clock_;
  const CallHttp call_;
  std::uint64_t last_ = 0;
  std::unordered_map<std::uint64_t, Waiting> waiting_;  // order never shows
};

}  // namespace

CallHttp patient(Scheduler& loop, Clock& clock, CallHttp call) {
  const auto patience = std::make_shared<Patience>(loop, clock, std::move(call));
  return [patience](const wire::HttpCall& asked, std::function<void(Expected<HttpResponse>)> done) {
    patience->ask(asked, std::move(done));
  };
}

}  // namespace quintet::host
