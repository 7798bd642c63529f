#include "sim/run.h"

#include "sim/application.h"
#include "sim/client.h"
#include "sim/nemesis.h"

namespace quintet::sim {

namespace {

using What = stage::Admission::What;

// What is not asked for but shall be seen to happen, in some run.
constexpr const char* kSeen[] = {
    "a commit is refused",      "a dead letter is replayed", "a gap in a session is refused",
    "a place cannot be opened", "a process is killed",       "a subject is erased",
    "an event is too old",      "old log is removed",        "an event is out of its order",
    "an event is too early",    "an event is late",          "the low time moves",
    "the wall clock jumps",     "two sequencers live"};
constexpr Micros kWild = 20 * kSecond;  // at most
constexpr Micros kWildRemoving = 40 * kSecond;
constexpr Micros kHealWithin = 3 * kMinute;
constexpr Micros kAnsweredWithin = 10 * kSecond;

}  // namespace

Options Options::choose(Random& random, bool retain) {
  Options options;
  options.clients = static_cast<int>(random.between(1, 5));
  options.events = static_cast<int>(random.between(20, 120));
  options.sessions = static_cast<int>(random.between(0, options.clients));
  options.at_once = static_cast<int>(random.between(1, random.chance(0.5) ? 4 : 40));
  options.pause = random.below(50'000);
  options.network = random.chance(0.1) ? kSecond : random.between(100, 20'000);
  options.fault_every = random.between(20'000, 800'000);
  // Now and then enough for the low time to move.
  if (random.chance(0.05)) {
    options.events = 2200 / options.clients;
    options.at_once = 40;
    options.sessions = 0;
    options.fault_every = kSecond / 2;
  }
  // Enough for the low time to move twice, in so much time that windows forget.
  if (retain || random.chance(0.04)) {
    options.retain = true;
    options.pace = kHour / kSecond;
    options.events = 4200 / options.clients;
    options.at_once = 40;
    options.sessions = 0;
    options.pause = options.clients * 250'000;
    options.network = random.between(100, 20'000);
    options.fault_every = random.between(300'000, 2 * kSecond);
  }
  return options;
}

std::string Options::text() const {
  return std::to_string(clients) + " clients (" + std::to_string(sessions) + " in order) of " +
         std::to_string(events) + " events, " + std::to_string(at_once) +
         " at once, network up to " + std::to_string(network) + " us, a fault every " +
         std::to_string(fault_every) + " us" + (retain ? ", old log is removed" : "");
}

Run::Run(std::uint64_t seed, bool retain)
    : random_(seed),
      seed_(seed),
      options_(Options::choose(random_, retain)),
      sites_(random_),
      world_(random_),
      disk_(random_, sites_, seed) {
  for (const char* const name : kSeen) sites_.expect(name);
  for (int number = 1; number <= 3; ++number) {
    check(disk_.store.add_model(model_version(number)).has_value(), "a model in memory");
  }
}

bool Run::until(Micros deadline, const std::function<bool()>& done) {
  while (!done()) {
    if (world_.now() > deadline || !world_.step()) return false;
    for (std::size_t i = 0; i < processes_.size();) {
      if (processes_[i]->dying()) {
        end_process(i);
      } else {
        ++i;
      }
    }
  }
  return true;
}

void Run::start_process() {
  starting_ = false;
  ledger_.note("start at " + std::to_string(world_.now()));
  processes_.push_back(std::make_unique<Process>(
      world_, disk_, applications(options_.retain)[form_], jumped_, options_.pace));
  // A process that died while it began is ended by until().
}

void Run::end_process(std::size_t index) {
  ledger_.note("end at " + std::to_string(world_.now()));
  processes_.erase(processes_.begin() + static_cast<std::ptrdiff_t>(index));
  if (!processes_.empty() || starting_) return;
  disk_.crash();
  ++restarts_;
  starting_ = true;
  world_.after(random_.below(300'000), [this] { start_process(); });
}

Process* Run::reached() {
  if (processes_.empty()) return nullptr;
  if (processes_.size() > 1 && random_.chance(0.5)) return random_.pick(processes_).get();
  return processes_.back().get();
}

void Run::answered(Request& request, const host::Receipt& receipt,
                   const std::function<void()>& told) {
  Answer answer;
  answer.what = receipt.what;
  answer.position = receipt.position;
  answer.json = receipt.json;
  answer.latest = wall() + furthest_;
  if (receipt.error != nullptr) {
    const Error& error = *receipt.error;
    answer.error = error.id().empty() ? std::string(name_of(error.code())) : error.id();
    if (error.code() == Code::unavailable || error.code() == Code::exhausted) return;
    if (stage::is_session_fault(error)) {
      sites_.saw("a gap in a session is refused");
      return;
    }
  }
  ledger_.note(request.id + " " + std::to_string(static_cast<int>(answer.what)) + " " +
               std::to_string(answer.position) + " " + answer.error + " at " +
               std::to_string(world_.now()));
  if (answer.error == "out_of_order") sites_.saw("an event is out of its order");
  if (answer.error == "too_early") sites_.saw("an event is too early");
  if (answer.error == "too_old") sites_.saw("an event is too old");
  request.answers.push_back(std::move(answer));
  if (sites_.maybe("an answer is lost", 0.03)) return;
  world_.after(random_.below(options_.network + 1), [told] { told(); });
}

void Run::offer(Process& process, Request& request, const std::function<void()>& told) {
  host::Place* place = process.place();
  if (place == nullptr || place->saturated()) return;
  ++request.attempts;
  // Whoever lives answers, if only that it failed.
  const auto heard = std::make_shared<bool>(false);
  world_.at(world_.now() + kAnsweredWithin, process.loop().alive(), [this, heard, &request] {
    if (!*heard) ledger_.fault(request.id + " was offered to a process that never answers");
  });
  const auto reply = [this, heard, &request, told](const host::Receipt& receipt) {
    *heard = true;
    answered(request, receipt, told);
  };
  const stage::SessionPlace turn{request.session, request.number, request.answered};
  host::Offer offer;
  auto decoder = process.decoder(request.type);
  if (auto decoded = decoder.json(request.text, offer.event); !decoded) {
    stage::DeadLetter letter;
    letter.event_type = request.type;
    letter.format = "json";
    letter.bytes = request.text;
    place->refuse(std::move(letter), std::move(decoded).error(), reply, turn);
  } else {
    offer.original = request.text;
    offer.format = "json";
    offer.place = turn;
    const bool ahead = request.time > process.clock().wall() + place->spec().ahead;
    place->offer(std::move(offer), [this, ahead, reply](const host::Receipt& receipt) {
      if (receipt.error != nullptr && receipt.error->id() == "too_early" && !ahead) {
        ledger_.fault("an event was refused as too early that is not");
      }
      reply(receipt);
    });
  }
  if (random_.chance(0.5)) {
    place->flush();
  } else {
    process.loop().post([&process] {
      if (process.place() != nullptr) process.place()->flush();
    });
  }
}

bool Run::all_told() const {
  for (const auto& request : ledger_.requests) {
    if (!request->told) return false;
  }
  return true;
}

Micros Run::wall() const {
  return kBegin + options_.pace * world_.now();
}

void Run::last_cut() {
  host::Place& place = *processes_.back()->place();
  bool ended = false;
  std::function<void()> look = [&] {
    place.retain([&](const Expected<host::Place::Retention>& done) {
      ended = done.has_value();
      if (ended) return;
      if (done.error().code() != Code::unavailable) {
        ledger_.fault("a cut is refused: " + done.error().message());
      }
      world_.after(kSecond / 10, look);
    });
  };
  look();
  const bool over = until(world_.now() + kHealWithin, [&] {
    return ended && disk_.store.end()->first == place.first() && disk_.store.bases()->size() <= 1;
  });
  if (!over) ledger_.fault("what was removed of the log does not go");
}

Verdict Run::perform() {
  start_process();
  std::vector<std::unique_ptr<Client>> clients;
  for (int number = 0; number < options_.clients; ++number) {
    clients.push_back(std::make_unique<Client>(*this, number));
    clients.back()->go_on();
  }
  Nemesis nemesis(*this);
  nemesis.begin();
  const auto expected = static_cast<std::size_t>(options_.clients * options_.events);
  const auto done = [&] { return ledger_.requests.size() == expected && all_told(); };
  (void)until(options_.retain ? kWildRemoving : kWild, done);
  // Healed: nothing goes wrong any more, and all that waits must come to an end.
  sites_.wild = false;
  nemesis.end();
  const Micros settled = world_.now() + kAnsweredWithin + kSecond;
  world_.at(settled + 1, nullptr, [] {});
  const bool live = until(world_.now() + kHealWithin, [&] {
    return world_.now() > settled && done() && !processes_.empty() &&
           processes_.back()->place() != nullptr && processes_.size() == 1;
  });
  if (live && options_.retain) last_cut();
  if (live) {
    judge(disk_, *processes_.back()->place(), ledger_);
  } else {
    std::size_t open = 0;
    for (const auto& request : ledger_.requests) open += request->told ? 0 : 1;
    ledger_.fault("not live: " + std::to_string(open) + " requests wait, " +
                  (processes_.empty() ? "no process" : processes_.back()->close_reason()));
  }
  Verdict verdict;
  verdict.faults = ledger_.faults;
  verdict.faults.insert(verdict.faults.end(), disk_.faults.begin(), disk_.faults.end());
  verdict.trace = hash128(ledger_.trace);
  verdict.sites = sites_.counts();
  verdict.positions = disk_.store.end()->last;
  verdict.requests = ledger_.requests.size();
  verdict.restarts = restarts_;
  verdict.options = options_.text();
  return verdict;
}

Verdict run_seed(std::uint64_t seed, bool retain) {
  return Run(seed, retain).perform();
}

}  // namespace quintet::sim
