// The oracle of a run. It trusts the code that decodes blocks and opens seals, and recomputes the
// rest from the log: what must stand in each record, what each outcome must be, and whether what
// clients were told agrees with it.
#include <algorithm>

#include "host/letters.h"
#include "sim/application.h"
#include "sim/logged.h"
#include "sim/run.h"
#include "stage/infer.h"
#include "stage/low_time.h"

namespace quintet::sim {

namespace {

using What = stage::Admission::What;

class Oracle {
 public:
  Oracle(Disk& disk, host::Place& place, Ledger& ledger)
      : disk_(disk), place_(place), ledger_(ledger) {}

  void judge() {
    if (auto whole = disk_.store.verify(); !whole) return fault(whole.error().message());
    if (!read()) return;
    records();
    requests();
    sessions();
    outcomes();
    letters();
    controls();
    judge_bases(disk_, log_, versions_, ledger_);
    for (const auto& one : log_) ledger_.note(one.record.id);
    ledger_.note(place_.state_digest());
  }

 private:
  void fault(std::string what) { ledger_.fault(std::move(what)); }

  bool read() {
    const auto blocks = disk_.archive.blocks();
    if (!blocks) return fault(blocks.error().message()), false;
    Epoch epoch = 0;
    for (const auto& bytes : *blocks) {
      auto decoded = event::decode_block(bytes.bytes);
      if (!decoded) return fault(decoded.error().message()), false;
      if (decoded->block.epoch < epoch) fault("epochs go back in the log");
      epoch = decoded->block.epoch;
      for (auto& record : decoded->block.records) {
        if (record.position != log_.size() + 1) fault("positions have a gap");
        if (record.kind == event::RecordKind::application) {
          const auto body = stage::read_application(record.plain);
          for (const bool retain : {false, true}) {
            for (const auto& form : applications(retain)) {
              if (body && form->digest == body->digest) versions_.push_back(form);
            }
          }
        }
        log_.push_back({std::move(record), epoch});
      }
    }
    if (log_.size() != place_.last() || place_.durable() != place_.last()) {
      fault("the place and the log end at different positions");
    }
    return !versions_.empty() && ledger_.faults.empty();
  }

  // Chain, control, low time and admission, as S2 and DESIGN 2 say them.
  void records() {
    std::map<ShardId, Position> chain;
    Position control = kNoPosition;
    Micros admitted = kNoTime, low = kNoTime;
    std::vector<Micros> times;
    for (const auto& [record, epoch] : log_) {
      const std::string name = "record " + std::to_string(record.position);
      if (record.position > 1 && (record.position - 1) % 1000 == 0) {
        std::sort(times.begin(), times.end());
        if (times.size() >= 10) low = std::max(low, times[9]);
        times.clear();
      }
      if (record.low_time != low) fault(name + " carries another low time");
      if (record.control != control) fault(name + " carries another last control record");
      if (record.admitted_at < admitted) fault(name + ": admission goes back in time");
      admitted = record.admitted_at;
      for (const event::Visit& visit : record.visits) {
        if (visit.previous != chain[visit.shard]) fault(name + " breaks the chain of a shard");
        chain[visit.shard] = record.position;
      }
      if (event::is_control(record.kind)) {
        control = record.position;
        if (record.kind == event::RecordKind::seal) seal(record);
        continue;
      }
      if (record.time <= edge_) fault(name + " is older than what a cut removed");
      if (record.visits.empty()) fault(name + " visits no shard");
      if (record.time > record.admitted_at + 5 * kMinute) fault(name + " lies too far ahead");
      times.push_back(record.time);
      const Micros horizon = stage::horizon_of(*versions_[record.app_version - 1], low);
      if (record.time <= horizon) disk_.sites.saw("an event is late");
      std::vector<Position>& same = positions_[{type_of(record), record.id}];
      // The id of what was removed is free (S10.4).
      if (!same.empty() && same.back() > cut_before(record.position)) {
        fault(record.id + " stands twice in the log");
      }
      same.push_back(record.position);
    }
    if (low != kNoTime) disk_.sites.saw("the low time moves");
  }

  void seal(const event::Record& record) {
    const auto body = stage::read_seal(record.plain);
    if (!body || body->cut >= record.position || body->cut < cut_before(record.position)) {
      return fault("record " + std::to_string(record.position) + " cuts the log where it cannot");
    }
    cuts_[record.position] = body->cut;
    for (Position position = 1; position <= body->cut; ++position) {
      const event::Record& gone = log_[position - 1].record;
      if (!event::is_control(gone.kind) && gone.time > body->edge) {
        fault("position " + std::to_string(position) + " was removed and is not old");
      }
    }
    edge_ = std::max(edge_, body->edge);
  }

  // What was removed when the record at `position` was written.
  Position cut_before(Position position) const {
    const auto after = cuts_.lower_bound(position);
    return after == cuts_.begin() ? kNoPosition : std::prev(after)->second;
  }

  std::string type_of(const event::Record& record) const {
    return versions_[record.app_version - 1]->events[record.event_type].name;
  }

  std::optional<Hash128> content(const app::Spec& spec, const Request& request) const {
    event::Decoder decoder(spec.events[static_cast<std::size_t>(spec.event_index(request.type))],
                           {disk_.pseudonym_key, 0});
    event::Event event;
    if (!decoder.json(request.text, event)) return std::nullopt;
    std::string scratch;
    return event::content_hash(event, scratch);
  }

  Hash128 logged_content(const Logged& one) {
    host::VaultSealer sealer(all_);
    const app::Spec& spec = *versions_[one.record.app_version - 1];
    stage::Admitted admitted;
    admitted.record = one.record;
    const auto decoded = stage::decode_record(spec, spec, one.epoch, sealer, admitted);
    if (!decoded)
      fault("record " + std::to_string(one.record.position) + ": " + decoded.error().message());
    std::string scratch;
    return decoded ? event::content_hash(admitted.event, scratch) : Hash128{};
  }

  bool subject_erased(const event::Record& record) const {
    return !record.subject.empty() && ledger_.erase_asked.contains(record.subject);
  }

  // Each answer against the log, and each record against the requests.
  void requests() {
    std::set<Position> asked_for;
    for (const auto& request : ledger_.requests) {
      const auto at = positions_.find({request->type, request->id});
      const auto sent = content(*versions_.front(), *request);
      const std::vector<Position> logged =
          at == positions_.end() ? std::vector<Position>() : at->second;
      Position same = kNoPosition;  // with the content of this request
      for (const Position position : logged) {
        if (!sent || *sent != logged_content(log_[position - 1])) continue;
        if (same != kNoPosition) fault(request->id + " was admitted twice");
        same = position;
      }
      if (same != kNoPosition && request->attempts > 0) asked_for.insert(same);
      for (const Answer& answer : request->answers) {
        if (answer.what == What::refused) {
          refused(*request, answer, logged.size(), same != kNoPosition);
          continue;
        }
        // The content of what was erased cannot be compared (S8.4).
        const bool there = std::find(logged.begin(), logged.end(), answer.position) != logged.end();
        const bool gone = there && answer.what == What::repeated &&
                          subject_erased(log_[answer.position - 1].record);
        if (same == kNoPosition && !gone) {
          fault(request->id + " was acknowledged and is not in the log");
        } else if (answer.position != same && !gone) {
          fault(request->id + " was acknowledged at another position");
        }
        if (there) compare(*request, answer);
      }
    }
    for (const auto& [key, positions] : positions_) {
      for (const Position position : positions) {
        if (!asked_for.contains(position)) fault(key.second + " is in the log and was never sent");
      }
    }
  }

  void refused(const Request& request, const Answer& answer, std::size_t logged, bool same) {
    const bool erased = !ledger_.erase_asked.empty();
    if (answer.error == "conflict") {
      // An erased event is known by its id alone: nobody can tell any more that it is the same. And
      // what it was in conflict with may have been removed since.
      if (logged == 0 || (same && !erased && logged == 1)) {
        fault(request.id + " was refused as a conflict with none");
      }
    } else if (answer.error == "too_old") {
      const Micros retain = versions_.front()->retain;
      if (request.time > edge_ && (retain == 0 || request.time >= answer.latest - retain)) {
        fault(request.id + " was refused as too old and is not");
      }
    } else if (answer.error == "erased") {
      if (!erased) fault(request.id + " was refused as erased, and nothing was");
    } else if (answer.error == "out_of_order") {
      if (request.session.empty() || request.attempts < 2) fault(request.id + " was in its order");
    } else if (answer.error != "too_early" && request.intent != Intent::malformed) {
      fault(request.id + " was refused: " + answer.error);
    }
  }

  // The admitted events of a session stand in the log in the sender's order.
  void sessions() {
    std::map<std::string, std::uint64_t> last;
    std::map<std::pair<std::string, std::uint64_t>, const Request*> sent;
    for (const auto& request : ledger_.requests) {
      sent[{request->session, request->number}] = request.get();
    }
    for (const auto& [record, epoch] : log_) {
      if (record.session.empty()) continue;
      const std::string name = "record " + std::to_string(record.position);
      if (record.number <= last[record.session]) fault(name + " is out of its session's order");
      last[record.session] = record.number;
      const auto request = sent.find({record.session, record.number});
      if (request == sent.end() || request->second->id != record.id) {
        fault(name + " has another's number in its session");
      }
    }
  }

  void compare(const Request& request, const Answer& answer) {
    if (answer.json.empty() || subject_erased(log_[answer.position - 1].record)) return;
    const auto result = place_.result(answer.position);
    if (answer.position < place_.first()) {
      if (result || result.error().code() != Code::expired) {
        fault(request.id + " was removed and is read as if it were there");
      }
      return;
    }
    if (!result || *result != answer.json) {
      fault(request.id + " reads otherwise than it was acknowledged: " +
            (result ? *result : result.error().message()) + " and " + answer.json);
    }
  }

  // One outcome a position, equal to a fold from position 1 under what was in force there.
  void outcomes() {
    const auto runs = disk_.archive.outcomes();
    if (!runs) return fault(runs.error().message());
    std::vector<std::string> bytes;
    stored_.resize(log_.size());
    Position next = 1;
    for (const auto& run : *runs) {
      if (run.run.first != next) fault("outcomes have a gap or are doubled");
      next = run.run.last + 1;
      const auto views = stage::read_run(run.run);
      if (!views) return fault(views.error().message());
      for (const auto& view : *views) keep(view);
      for (const auto& change : run.changes) {
        const auto changed = stage::read_run({change.position, change.position, change.bytes});
        if (changed) keep(changed->front());
      }
    }
    if (next != log_.size() + 1) return fault("outcomes end before the log");
    AppVersion version = 1;
    std::set<std::string> erased;
    Position from = 1;
    for (const auto& [record, epoch] : log_) {
      if (record.kind == event::RecordKind::erase) {
        fold(version, erased, from, record.position);
        from = record.position + 1;
        erased.insert(stage::read_erase(record.plain)->subject);
      }
      if (record.kind == event::RecordKind::activate) {
        // The two records of a new version were written under it already.
        fold(version, erased, from, record.position - 2);
        from = record.position - 1;
        version = stage::read_application(record.plain)->version;
      }
    }
    const std::string digest = fold(version, erased, from, log_.size());
    if (digest != place_.state_digest()) fault("the state is not the fold of the log");
  }

  struct Stored {
    stage::OutcomeStatus status = stage::OutcomeStatus::none;
    AppVersion version = 0;
    std::string bytes;
  };
  void keep(const stage::OutcomeView& view) {
    stored_[view.position - 1] = {view.status, view.app_version, std::string(view.bytes)};
  }

  // Folds from position 1 to `last` under one version and one set of erased subjects; compares the
  // outcomes from `first` on. Gives the digest of the state.
  std::string fold(AppVersion version, const std::set<std::string>& erased, Position first,
                   Position last) {
    const auto& spec = versions_[version - 1];
    EveryKey vault(disk_, erased);
    host::VaultSealer sealer(vault);
    stage::Infer infer(spec);
    for (int number = 1; number <= 3; ++number) {
      const auto model = learn::read_model(
          {"linear", model_version(number).bytes, spec->models.front().input_names});
      check(model.has_value(), "the simulator's own model");
      (void)infer.score().install("score", static_cast<std::uint32_t>(number), *model);
    }
    stage::Admitted admitted;
    stage::Outcome outcome;
    stage::LowTime low_time;
    for (Position position = 1; position <= last; ++position) {
      const Logged& one = log_[position - 1];
      admitted.record = one.record;
      const app::Spec& written = *versions_[one.record.app_version - 1];
      auto done = stage::decode_record(written, *spec, one.epoch, sealer, admitted);
      if (done) done = infer.apply(admitted, outcome);
      if (!done) {
        fault("position " + std::to_string(position) + ": " + done.error().message());
        return {};
      }
      if (position >= first) compare_outcome(*spec, one.record, outcome);
      if (event::is_control(one.record.kind)) continue;
      if (written.events[one.record.event_type].is_table) continue;
      low_time.took(position, one.record.time);
    }
    infer.shards().compact(low_time.at(last + 1));
    return infer.shards().digest();
  }

  void compare_outcome(const app::Spec& spec, const event::Record& record,
                       const stage::Outcome& outcome) {
    const Stored& stored = stored_[record.position - 1];
    const std::string name = "the outcome of position " + std::to_string(record.position);
    if (stored.status == stage::OutcomeStatus::erased) {
      if (!subject_erased(record)) fault(name + " is erased, and its subject is not");
      return;
    }
    stage::OutcomeRunWriter writer;
    writer.add(spec, outcome);
    const stage::OutcomeBytes run = writer.take();
    const auto views = stage::read_run(run);
    if (!views || views->front().status != stored.status || views->front().bytes != stored.bytes ||
        views->front().app_version != stored.version) {
      fault(name + " is not the fold of the log");
    }
  }

  // Every refusal has its letter, with the bytes that were sent; nothing else has one.
  void letters() {
    const auto letters = place_.dead_letters({0, SIZE_MAX, "", false});
    if (!letters) return fault(letters.error().message());
    std::map<std::string, std::size_t> kept, refused, attempts;
    for (const auto& letter : *letters) {
      const auto opened = place_.dead_letter(letter.number);
      if (!opened) {
        fault("dead letter " + std::to_string(letter.number) + ": " + opened.error().message());
        continue;
      }
      // Without its bytes where the vault was away.
      ++kept[opened->bytes];
      const auto told = ledger_.replayed.find(letter.number);
      if (told != ledger_.replayed.end() && told->second != letter.replayed) {
        fault("dead letter " + std::to_string(letter.number) + " was replayed elsewhere");
      }
      if (letter.replayed > log_.size()) fault("a dead letter was replayed beyond the log");
    }
    for (const auto& request : ledger_.requests) {
      attempts[request->text] += static_cast<std::size_t>(request->attempts);
      for (const Answer& answer : request->answers) {
        if (answer.what == What::refused) ++refused[request->text];
      }
    }
    std::size_t missing = 0;
    for (const auto& [text, count] : refused)
      missing += count > kept[text] ? count - kept[text] : 0;
    if (missing > kept[""]) fault("a refused event has no dead letter");
    for (const auto& [text, count] : kept) {
      if (!text.empty() && count > attempts[text]) fault("a dead letter of an event never refused");
    }
  }

  void controls() {
    for (const auto& [position, model] : ledger_.promoted) {
      if (position > log_.size() || log_[position - 1].record.kind != event::RecordKind::promote) {
        fault("a promotion was acknowledged and is not in the log");
      }
    }
    for (const auto& [subject, position] : ledger_.erased) {
      if (position > log_.size() || log_[position - 1].record.kind != event::RecordKind::erase) {
        fault("an erasure was acknowledged and is not in the log");
      }
      if (!disk_.destroyed.contains(subject)) fault("an erased subject's key is still there");
      // The outcomes of what was removed went with it.
      for (Position before = cut_before(position) + 1; before < position && before <= log_.size();
           ++before) {
        const event::Record& record = log_[before - 1].record;
        if (record.subject == subject && record.kind == event::RecordKind::event &&
            stored_[before - 1].status != stage::OutcomeStatus::erased) {
          fault("an outcome of an erased subject is still there");
        }
      }
    }
  }

  Disk& disk_;
  host::Place& place_;
  Ledger& ledger_;
  const std::set<std::string> nobody_;
  EveryKey all_{disk_, nobody_};
  std::vector<Logged> log_;
  std::vector<std::shared_ptr<const app::Spec>> versions_;
  std::map<std::pair<std::string, std::string>, std::vector<Position>> positions_;
  std::map<Position, Position> cuts_;  // by their seal record
  Micros edge_ = kNoTime;              // of the last of them
  std::vector<Stored> stored_;
};

}  // namespace

void judge(Disk& disk, host::Place& place, Ledger& ledger) {
  Oracle(disk, place, ledger).judge();
}

}  // namespace quintet::sim
