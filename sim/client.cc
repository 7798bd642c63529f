#include "sim/client.h"

#include "sim/application.h"

namespace quintet::sim {

namespace {

constexpr int kCustomers = 6;
constexpr int kShops = 3;
constexpr std::int64_t kEventTime = 6000;  // seconds, twice what all events of a client span
constexpr Micros kAnswerWithin = kSecond / 2;

std::string quoted(const std::string& text) {
  return "\"" + text + "\"";
}

}  // namespace

Client::Client(Run& run, int number)
    : run_(run),
      number_(number),
      session_(number < run.options_.sessions ? "session-" + std::to_string(number) : "") {}

void Client::go_on() {
  // More than a few at once come out of order so often that a session hardly gets on.
  const int at_once = session_.empty() ? run_.options_.at_once : std::min(run_.options_.at_once, 4);
  while (made_ < run_.options_.events && under_way_ < at_once) {
    Request& request = make();
    ++under_way_;
    send(request);
  }
}

std::string Client::payment(Request& request) {
  Random& random = run_.random_;
  const char* const rates[] = {"0.1", "0.7", "1e16", "-1e16", "1e-9", "3.3"};
  std::string text =
      "{\"id\":" + quoted(request.id) + ",\"at\":" + std::to_string(request.time / kSecond);
  text += ",\"customer\":" +
          (random.chance(0.03) ? "null" : quoted("c" + std::to_string(random.below(kCustomers))));
  text += ",\"shop\":" + quoted("s" + std::to_string(random.below(kShops)));
  text += ",\"amount\":" + std::to_string(random.below(300)) + "." +
          std::to_string(random.between(10, 99));
  text += ",\"rate\":" + std::string(rates[random.below(6)]);
  if (random.chance(0.7)) text += random.chance(0.2) ? ",\"bad\":true" : ",\"bad\":false";
  return text + "}";
}

std::string Client::report(Request& request) {
  Random& random = run_.random_;
  // Of a payment that was sent, or of one that comes later.
  const std::int64_t about = std::max<std::int64_t>(0, made_ + random.between(-30, 5));
  return "{\"id\":" + quoted(request.id) + ",\"at\":" + std::to_string(request.time / kSecond) +
         ",\"payment_id\":" + quoted("e" + std::to_string(number_) + "-" + std::to_string(about)) +
         ",\"fraud\":" + (random.chance(0.5) ? "true" : "false") + "}";
}

Request& Client::make() {
  Random& random = run_.random_;
  auto made = std::make_unique<Request>();
  Request& request = *made;
  run_.ledger_.requests.push_back(std::move(made));
  const int index = made_++;
  event_time_ += random.below(kEventTime / run_.options_.events + 1) * kSecond;
  const bool again = index > 0 && random.chance(0.08);
  if (again) {
    const Request& known = *random.pick(mine_);
    request.intent = known.intent;
    request.type = known.type;
    request.id = known.id;
    request.text = known.text;
    request.time = known.time;
  } else {
    request.type = random.chance(0.15) ? "report" : "payment";
    request.id = "e" + std::to_string(number_) + "-" + std::to_string(index);
    // Where old log goes, as far behind the clock as it may jump.
    request.time = run_.options_.retain
                       ? run_.wall() / kSecond * kSecond - random.between(15, 20) * kMinute
                       : kBegin - kHour + event_time_;
    // In long runs few: the low time is the tenth smallest of a thousand, late ones included.
    if (random.chance(run_.options_.events > 400 ? 0.004 : 0.04)) {
      request.intent = Intent::late;
      request.time -= random.between(1, 5) * kHour;
    } else if (random.chance(0.03)) {
      request.intent = Intent::future;
      request.time = (run_.options_.retain ? run_.wall() / kSecond * kSecond : kBegin) +
                     random.between(6, 20) * kMinute;
    }
    request.text = request.type == "report" ? report(request) : payment(request);
    if (random.chance(0.04)) {
      request.intent = Intent::malformed;
      request.text.insert(1, "\"unknown\":1,");
      if (random.chance(0.5)) request.text = request.text.substr(0, request.text.size() / 2);
    } else if (!mine_.empty() && random.chance(0.04)) {
      // Another event under an id that is taken.
      request.intent = Intent::conflict;
      const Request& known = *random.pick(mine_);
      request.type = known.type;
      request.id = known.id;
      request.text = request.type == "report" ? report(request) : payment(request);
    }
  }
  mine_.push_back(&request);
  request.session = session_;
  request.number = mine_.size();
  return request;
}

void Client::send(Request& request) {
  if (request.told) return;
  Run& run = run_;
  while (answered_ < mine_.size() && mine_[answered_]->told) ++answered_;
  request.answered = answered_;
  if (!run.sites_.maybe("a request is lost", 0.02)) {
    run.world_.after(run.random_.below(run.options_.network + 1),
                     [this, &request] { deliver(request); });
  }
  if (run.sites_.maybe("a request comes twice", 0.03)) {
    run.world_.after(run.random_.below(10 * run.options_.network + 1),
                     [this, &request] { deliver(request); });
  }
  run.world_.after(kAnswerWithin + run.random_.below(kAnswerWithin),
                   [this, &request] { send(request); });
}

void Client::deliver(Request& request) {
  Process* process = run_.reached();
  if (process == nullptr) return;
  // The door runs on the loop of the process.
  process->loop().post([this, process, &request] {
    run_.offer(*process, request, [this, &request] {
      if (request.told) return;
      request.told = true;
      --under_way_;
      run_.world_.after(run_.random_.below(run_.options_.pause + 1), [this] { go_on(); });
    });
  });
}

}  // namespace quintet::sim
