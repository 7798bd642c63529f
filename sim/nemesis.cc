#include "sim/nemesis.h"

#include "sim/application.h"

namespace quintet::sim {

namespace {

constexpr Micros kLargestJump = 10 * kMinute;
constexpr Micros kTwoSequencers = 300'000;
constexpr Micros kBetweenCuts = kSecond;

}  // namespace

void Nemesis::begin() {
  go_on();
  if (run_.options_.retain) cut();
}

void Nemesis::go_on() {
  run_.world_.after(run_.random_.below(run_.options_.fault_every), [this] { strike(); });
}

// A look at the log's beginning, again and again.
void Nemesis::cut() {
  if (!striking_) return;
  Run& run = run_;
  run.world_.after(run.random_.below(kBetweenCuts), [this] { cut(); });
  Process* process = run.reached();
  if (process == nullptr) return;
  process->loop().post([this, process] {
    if (process->place() == nullptr || process->place()->saturated()) return;
    process->place()->retain([this, process](const Expected<host::Place::Retention>& done) {
      if (!done && done.error().id() == "base_differs") {
        run_.ledger_.fault("a cut is refused: " + done.error().message());
      }
      if (!done || done->removed == 0) return;
      run_.sites_.saw("old log is removed");
      run_.ledger_.note("the log begins at " + std::to_string(done->first));
      // Out of the base too, and while the log below it goes.
      if (run_.random_.chance(0.4)) process->loop().post([this, process] { erase(*process); });
    });
  });
}

void Nemesis::end() {
  striking_ = false;
  while (run_.processes_.size() > 1) run_.end_process(0);
}

void Nemesis::strike() {
  if (!striking_) return;
  Run& run = run_;
  go_on();
  const std::int64_t what = run.random_.below(12);
  if (what == 0) return crash();
  if (what == 1) return second_sequencer();
  if (what == 2) {
    run.sites_.saw("the wall clock jumps");
    run.jumped_ = run.random_.between(-kLargestJump, kLargestJump);
    run.furthest_ = std::max(run.furthest_, run.jumped_);
    for (auto& process : run.processes_) process->clock().jumped = run.jumped_;
    return;
  }
  if (what == 3) {
    // The next start brings it into force.
    run.form_ = 1 - run.form_;
    return crash();
  }
  Process* process = run.reached();
  if (process == nullptr) return;
  process->loop().post([this, process, what] {
    if (process->place() != nullptr && !process->place()->saturated()) act(what, *process);
  });
}

void Nemesis::act(std::int64_t what, Process& process) {
  switch (what) {
    case 4: return promote(process);
    case 5:
      return run_.random_.chance(run_.options_.retain ? 0.8 : 0.3) ? erase(process) : read(process);
    case 6: return replay(process);
    case 7: return discard(process);
    case 8: return mark(process);
    default: return read(process);
  }
}

void Nemesis::crash() {
  run_.sites_.saw("a process is killed");
  while (!run_.processes_.empty()) run_.end_process(run_.processes_.size() - 1);
}

// A new sequencer takes over while the old one still believes that it is in charge.
void Nemesis::second_sequencer() {
  Run& run = run_;
  if (run.processes_.size() != 1) return;
  run.sites_.saw("two sequencers live");
  run.start_process();
  Process* const old = run.processes_.front().get();
  run.world_.after(run.random_.below(kTwoSequencers), [&run, old] {
    for (std::size_t i = 0; i < run.processes_.size(); ++i) {
      if (run.processes_[i].get() == old && run.processes_.size() > 1) return run.end_process(i);
    }
  });
}

void Nemesis::promote(Process& process) {
  stage::Promotion promotion;
  promotion.model = "score";
  promotion.version = static_cast<std::uint32_t>(run_.random_.between(0, 3));
  promotion.reason = "by hand";
  process.place()->promote(promotion, [this](Expected<Position> done) {
    if (!done) return;
    run_.ledger_.note("promoted at " + std::to_string(*done));
    run_.ledger_.promoted[*done] = "score";
  });
}

void Nemesis::erase(Process& process) {
  if (process.place() == nullptr) return;
  Position position = static_cast<Position>(
      run_.random_.between(static_cast<std::int64_t>(process.place()->first()),
                           static_cast<std::int64_t>(process.place()->last())));
  const auto blocks = run_.disk_.store.read_log(position, 1);
  if (!blocks || blocks->empty()) return;
  const auto block = event::decode_block(blocks->front().bytes);
  for (const event::Record& record : block->block.records) {
    if (record.subject.empty()) continue;
    const std::string subject = record.subject;
    run_.ledger_.erase_asked.insert(subject);
    process.place()->erase(subject, [this, subject](Expected<Position> done) {
      if (!done) return;
      run_.sites_.saw("a subject is erased");
      run_.ledger_.note("erased at " + std::to_string(*done));
      run_.ledger_.erased.emplace(subject, *done);
    });
    return;
  }
}

void Nemesis::replay(Process& process) {
  auto letters =
      process.place()->dead_letters({0, 1000, run_.random_.chance(0.7) ? "too_early" : "", true});
  if (!letters || letters->empty()) return;
  const auto letter = process.place()->dead_letter(run_.random_.pick(*letters).number);
  if (!letter) return;
  host::Offer offer;
  if (!process.decoder(letter->event_type).json(letter->bytes, offer.event)) return;
  const std::uint64_t number = letter->number;
  offer.replay_of = number;
  process.place()->offer(std::move(offer), [this, number](const host::Receipt& receipt) {
    if (receipt.error != nullptr) return;
    run_.sites_.saw("a dead letter is replayed");
    run_.ledger_.note("replayed " + std::to_string(number));
    if (!run_.ledger_.replayed.emplace(number, receipt.position).second) {
      run_.ledger_.fault("dead letter " + std::to_string(number) + " was replayed twice");
    }
  });
  process.place()->flush();
}

void Nemesis::discard(Process& process) {
  auto letters = process.place()->dead_letters({0, 1000, "", true});
  if (!letters || letters->empty()) return;
  process.place()->discard_letter(run_.random_.pick(*letters).number, [](const Expected<void>&) {});
}

void Nemesis::mark(Process& process) {
  stage::TrainBody body;
  body.model = "score";
  body.last = process.place()->durable();
  process.place()->control(event::RecordKind::train, stage::write_train(body),
                           [](Expected<Position>) {});
}

// What was acknowledged can be read at once and at any time, unless it was erased.
void Nemesis::read(Process& process) {
  auto& requests = run_.ledger_.requests;
  if (requests.empty()) return;
  const Request& request = *run_.random_.pick(requests);
  for (const Answer& answer : request.answers) {
    if (answer.json.empty() || answer.position > process.place()->durable()) continue;
    const auto result = process.place()->result(answer.position);
    if (!result) {
      if (result.error().code() == Code::not_found) {
        run_.ledger_.fault(request.id +
                           " was acknowledged and cannot be read: " + result.error().message());
      } else if (result.error().code() == Code::expired &&
                 answer.position >= process.place()->first()) {
        run_.ledger_.fault(request.id + " is in the log and cannot be read");
      }
    } else if (*result != answer.json && run_.ledger_.erase_asked.empty()) {
      run_.ledger_.fault(request.id + " reads otherwise than it was acknowledged: " + *result +
                         " and " + answer.json);
    }
  }
}

}  // namespace quintet::sim
