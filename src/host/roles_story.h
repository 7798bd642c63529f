// The first half of roles_test.cc: a seed makes an application, and what is done with it and to the
// places that serve it.
#pragma once

#include "host/roles_deeds.h"
#include "host/roles_fixture.h"

namespace quintet::host {

class Story {
 public:
  explicit Story(std::uint64_t seed)
      : seed_(seed),
        world_(seed),
        application_(make_application(world_, many_)),
        roles_(world_, application_.first),
        events_(world_, *application_.first, application_.retains) {}

  void play() {
    for (int i = 1; application_.model && i <= 2; ++i) {
      ASSERT_TRUE(roles_.ingest_store.add_model(roles_model(i)));
    }
    reopen(application_.first);
    // Some seeds have one replica of infer from beginning to end.
    roles_.hold(moves_ ? std::set<ReplicaId>{1, 2, 3} : std::set<ReplicaId>{1});
    roles_.open_results();
    // A low time there is only behind a thousand positions.
    const int deeds = many_ ? 1'500 + world_.below(1'500) : 150 + world_.below(150);
    const int at_once = application_.retains ? 6 : 1;
    const int pace = (many_ ? 40 : 4) * static_cast<int>(kSecond);
    const int second = world_.chance(0.6) ? world_.below(deeds) : -1;
    for (int i = 0; i < deeds && !testing::Test::HasFatalFailure(); ++i) {
      // An erase record is appended later than it was asked for, and shows when.
      if (!busy()) roles_.clock.now += world_.below(pace);
      world_.until(world_.now() + world_.below(6'000));
      disturb();
      if (i == second) {
        roles_.end_ingest();
        buried();
        reopen(application_.second);
      }
      for (int more = world_.below(at_once); more >= 0; --more) {
        if (roles_.ingest != nullptr && !busy() && !roles_.ingest->saturated()) act();
      }
      if (world_.chance(0.4)) roles_.ingest->flush();
      if (world_.chance(0.3)) roles_.poll();
      if (application_.retains && world_.chance(0.02)) {
        roles_.retain([this](const Expected<Place::Retention>& done) {
          EXPECT_TRUE(done || done.error().code() != Code::broken) << done.error().message();
          if (!done || done->removed == 0) return;
          ++cuts_;
          cut_ = true;
        });
      }
      if (cut_ && world_.chance(0.1)) begin_from_base();
    }
    come_to_rest();
  }

  void compare();
  std::uint64_t fetched() const { return roles_.fetched; }
  int cuts() const { return cuts_; }

 private:
  bool busy() const {
    return !deeds_.empty() && deeds_.back().what == Deed::erase && !deeds_.back().done;
  }

  // The monolith, which does one deed after the other, never says that a letter is being dealt
  // with.
  bool deals_with_letter() const {
    return std::any_of(deeds_.begin(), deeds_.end(),
                       [](const Deed& deed) { return deed.letter != 0 && !deed.done; });
  }

  void reopen(std::shared_ptr<const app::Spec> spec) {
    Deed deed;
    deed.what = Deed::reopen;
    deed.at = roles_.clock.now;
    deed.spec = form_ = std::move(spec);
    deed.done = true;
    deeds_.push_back(deed);
    roles_.open_ingest(form_);
    life_ = deeds_.size();
  }

  // Places die.
  void disturb() {
    const double often = many_ ? 0.2 : 1;  // a log folded from its beginning takes longer
    if (roles_.broke[0] || world_.chance(0.02 * often)) {
      if (world_.chance(0.2)) roles_.ingest_store.fail_next_commit(unavailable("the disk is away"));
      world_.until(world_.now() + world_.below(3'000));
      roles_.end_ingest();
      buried();
      reopen(form_);
    }
    if (roles_.broke[2] || world_.chance(0.03 * often)) {
      roles_.end_results();
      world_.until(world_.now() + world_.below(40'000));
      roles_.open_results();
    }
    if (world_.chance(0.03 * often)) {
      const ReplicaId one = roles_.any_replica();
      roles_.end_infer(one);
      world_.until(world_.now() + world_.below(40'000));
      // It comes back; or it does not, and what it held moves.
      if (roles_.table.addresses.size() > 1 && world_.chance(0.3)) {
        (void)roles_.replicas[one].store.remove_snapshots();
        move(one);
      } else {
        roles_.open_infer(one);
      }
    }
    if (moves_ && world_.chance(0.02 * often)) move(0);
    if (world_.chance(0.02 * often))
      roles_.results_store.fail_next_commit(unavailable("the disk is away"));
  }

  // Log was removed: who has no snapshots begins with what stands in its place.
  void begin_from_base() {
    cut_ = world_.chance(0.7);
    if (world_.chance(0.3)) {
      roles_.end_results();
      (void)roles_.results_store.remove_snapshots();
      return roles_.open_results();
    }
    const ReplicaId one = roles_.any_replica();
    roles_.end_infer(one);
    (void)roles_.replicas[one].store.remove_snapshots();
    roles_.open_infer(one);
  }

  // Shards move to other replicas, none of which is `lost`. Who holds nothing any more ends, soon
  // or late.
  void move(ReplicaId lost) {
    std::set<ReplicaId> ids;
    for (ReplicaId id = 1; id <= 4; ++id) {
      if (id != lost && world_.chance(0.5)) ids.insert(id);
    }
    if (ids.empty()) ids.insert(lost == 1 ? 2 : 1);
    if (world_.chance(0.5)) roles_.hand_over(ids);
    roles_.hold(ids);
    world_.until(world_.now() + world_.below(20'000));
    for (auto& [id, one] : roles_.replicas) {
      if (!ids.contains(id) && one.place != nullptr && world_.chance(0.7)) roles_.end_infer(id);
    }
  }

  // Of the deeds that had no answer, those that are not durable were never done.
  void buried() {
    const auto letters = roles_.ingest_store.dead_letters({0, 100'000, "", false});
    ASSERT_TRUE(letters);
    const Position last = roles_.ingest_store.end()->last;
    std::vector<Deed> kept;
    for (Deed& deed : deeds_) {
      bool there = deed.done;
      if (!there && deed.position > deed.before) there = deed.position <= last;
      for (const stage::DeadLetter& letter : *letters) {
        if (deed.done) break;
        if (!deed.tag.empty() && letter.format == deed.tag) there = true;
        if (deed.what == Deed::replay && letter.number == deed.letter) {
          there = letter.replayed != kNoPosition;
        }
        if (deed.what == Deed::discard && letter.number == deed.letter) there = letter.discarded;
      }
      if (!deed.done && deed.what == Deed::erase) there = was_erased(deed.event.id);
      if (there) kept.push_back(std::move(deed));
    }
    deeds_ = std::move(kept);
    for (Deed& deed : deeds_) deed.done = true;
  }
  bool any_record(const std::function<bool(const event::Record&)>& wanted) {
    bool found = false;
    for (const event::Record& record : records_of(roles_.ingest_store)) {
      found = found || wanted(record);
    }
    return found;
  }
  bool was_erased(const std::string& subject) {
    return any_record([&](const event::Record& record) {
      return record.kind == event::RecordKind::erase &&
             stage::read_erase(record.plain)->subject == subject;
    });
  }
  bool is_in_log(const std::string& subject) {
    return any_record([&](const event::Record& record) { return record.subject == subject; });
  }

  void act() {
    Deed deed;
    deed.at = roles_.clock.now;
    deed.tag = "deed " + std::to_string(++tags_);
    const int what = world_.below(100);
    const auto letters = roles_.ingest->dead_letters({0, 100, "", true});
    ASSERT_TRUE(letters);
    if (what < 3 && application_.model && (!early_ || roles_.ingest->last() < 300)) {
      deed.what = Deed::promote;
      deed.version = static_cast<std::uint32_t>(world_.below(4));
    } else if (what < (many_ ? 4 : 6) && (!application_.retains || world_.chance(0.2))) {
      deed.what = Deed::erase;
      deed.event.id = event::pseudonym(roles_.ingest->pseudonym_key(), events_.customer());
      // A key may have outlived its first event, which was lost with ingest.
      if (roles_.vault.find_subject_key(deed.event.id) && !is_in_log(deed.event.id)) return;
    } else if (what < 8) {
      deed.what = Deed::refuse;
      deed.event.type = "payment";
    } else if (what < 9) {
      deed.what = Deed::train;
      deed.event.json = stage::write_train({"score", roles_.ingest->last(), deed.at, 7});
    } else if (what < 13 && !letters->empty() && !deals_with_letter()) {
      const auto& letter =
          (*letters)[static_cast<std::size_t>(world_.below(static_cast<int>(letters->size())))];
      deed.letter = letter.number;
      deed.what = what < 11 ? Deed::discard : Deed::replay;
      deed.event = events_.next(deed.at);
    } else {
      deed.what = Deed::offer;
      deed.event = events_.next(deed.at);
      if (world_.chance(0.2)) {
        deed.session = "s" + std::to_string(world_.below(2));
        deed.number = ++numbers_[deed.session];
      }
    }
    // What came before the erase is decided by one that has to begin from the base.
    const bool late = deed.what == Deed::erase && cuts_ > 0 && world_.chance(0.7);
    const ReplicaId one = roles_.any_replica();
    if (late) {
      roles_.end_infer(one);
      (void)roles_.replicas[one].store.remove_snapshots();
    }
    deed.before = roles_.ingest->last();
    deeds_.push_back(deed);
    const std::string tag = deed.tag;
    perform(*roles_.ingest, deed, [this, tag](std::string answer) {
      for (Deed& one : deeds_) {
        // A failed commit is no answer: ingest is opened anew, and it was never done.
        if (one.tag != tag || answer.find("the disk is away") != std::string::npos) continue;
        one.done = true;
        one.answer = std::move(answer);
      }
    });
    deeds_.back().position = roles_.ingest->last();
    if (deed.what == Deed::discard) roles_.ingest->flush();
    if (late) {
      world_.until(world_.now() + world_.below(20'000));
      roles_.open_infer(one);
    }
  }

  void come_to_rest() {
    roles_.wild = false;
    roles_.results_store.reopen();
    if (roles_.broke[0]) {
      roles_.end_ingest();
      buried();
      reopen(form_);
    }
    if (roles_.broke[2]) {
      roles_.end_results();
      roles_.open_results();
    }
    roles_.poll();
    const auto answered = [this] {
      return std::all_of(deeds_.begin(), deeds_.end(), [](const Deed& d) { return d.done; });
    };
    const Micros deadline = world_.now() + 600 * kSecond;
    roles_.ingest->flush();
    while (!(answered() && roles_.at_rest()) && world_.now() < deadline && world_.step()) {
    }
    // Nothing that was begun goes on while it is compared.
    while (world_.step()) {
    }
    ASSERT_TRUE(answered() && roles_.at_rest())
        << "ingest " << roles_.ingest->last() << roles_.infer_words() << " results "
        << roles_.results->durable() << " folded " << roles_.results->figures().folded
        << "; not answered: " << unanswered();
  }

  std::string unanswered() const {
    for (const Deed& deed : deeds_) {
      if (!deed.done) {
        return std::to_string(deed.what) + " " + deed.tag + " durable " +
               std::to_string(roles_.ingest->durable()) + (roles_.broke[0] ? " broke" : "") +
               (roles_.ingest->saturated() ? " saturated" : "") + " pending " +
               std::to_string(roles_.ingest->figures().pending) + " low " +
               std::to_string(roles_.ingest->results_low());
      }
    }
    return "none";
  }

  // All that it ever had.
  static std::vector<event::Record> records_of(const RolesStore& store) {
    std::vector<event::Record> records;
    for (const event::BlockBytes& block : store.all) {
      auto decoded = event::decode_block(block);
      EXPECT_TRUE(decoded);
      for (auto& record : decoded->block.records) records.push_back(std::move(record));
    }
    return records;
  }

  // The same deeds in the same order, one after the other.
  void play_monolith();
  void open_monolith(std::shared_ptr<const app::Spec> spec);
  void compare_logs();
  void compare_outcomes();
  void compare_reads();
  void compare_views();
  void compare_letters();
  void compare_sizes();
  void compare_peek(Micros before);

  const std::uint64_t seed_;
  const bool many_ = seed_ % 10 == 0;  // deeds
  int cuts_ = 0;
  bool cut_ = false;                    // since somebody began from a base
  const bool early_ = seed_ % 20 == 0;  // are promotions: their records leave the log
  RolesWorld world_;
  RolesApplication application_;
  Roles roles_;
  RolesEvents events_;
  std::shared_ptr<const app::Spec> form_;
  std::vector<Deed> deeds_;
  std::map<std::string, std::uint64_t> numbers_;
  std::size_t life_ = 0;
  int tags_ = 0;
  const bool moves_ = seed_ % 3 != 1;  // of shards

  RolesWorld calm_{1};
  RolesClock clock_;
  RolesStore store_;
  RolesVault vault_;
  std::unique_ptr<RolesThread> loop_, writer_;
  std::unique_ptr<Place> place_;
};

}  // namespace quintet::host
