// The proof that the places of the microservices pattern give what the monolith gives: a seed makes
// an application and what is done with it; three places that follow one log do it over bad links,
// dying and coming back, then one Place does the same in the same order. At rest all that anyone
// can see is compared, byte for byte. ROLES_SEEDS=1:2000 in the environment runs more.
#include <cstdlib>

#include "host/log_reading.h"
#include "host/roles_deeds.h"
#include "host/roles_fixture.h"
#include "stage/outcome_reader.h"
#include "stage/render_view.h"

namespace quintet::host {
namespace {

class Story {
 public:
  explicit Story(std::uint64_t seed)
      : seed_(seed),
        world_(seed),
        application_(make_application(world_)),
        roles_(world_, application_.first),
        events_(world_, *application_.first) {}

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
      if (roles_.ingest != nullptr && !busy() && !roles_.ingest->saturated()) act();
      if (world_.chance(0.4)) roles_.ingest->flush();
      if (world_.chance(0.3)) roles_.poll();
    }
    come_to_rest();
  }

  void compare();
  std::uint64_t fetched() const { return roles_.fetched; }

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
    const auto read = each_record(roles_.ingest_store, 1, [&](event::Record&& record, Epoch) {
      found = found || wanted(record);
      return Expected<void>();
    });
    EXPECT_TRUE(read);
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
    if (what < 3 && application_.model) {
      deed.what = Deed::promote;
      deed.version = static_cast<std::uint32_t>(world_.below(4));
    } else if (what < (many_ ? 4 : 6)) {
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

  // The same deeds in the same order, one after the other.
  void play_monolith();
  void open_monolith(std::shared_ptr<const app::Spec> spec);
  void compare_logs();
  void compare_outcomes();
  void compare_reads();
  void compare_views();
  void compare_letters();
  void compare_peek(Micros before);

  const std::uint64_t seed_;
  RolesWorld world_;
  RolesApplication application_;
  Roles roles_;
  RolesEvents events_;
  std::shared_ptr<const app::Spec> form_;
  std::vector<Deed> deeds_;
  std::map<std::string, std::uint64_t> numbers_;
  std::size_t life_ = 0;
  int tags_ = 0;
  const bool many_ = seed_ % 10 == 0;  // deeds
  const bool moves_ = seed_ % 3 != 1;  // of shards

  RolesWorld calm_{1};
  RolesClock clock_;
  RolesStore store_;
  RolesVault vault_;
  std::unique_ptr<RolesThread> loop_, writer_;
  std::unique_ptr<Place> place_;
};

void Story::open_monolith(std::shared_ptr<const app::Spec> spec) {
  place_.reset();
  loop_ = std::make_unique<RolesThread>(calm_, 0);
  writer_ = std::make_unique<RolesThread>(calm_, 0);
  Place::Settings settings;
  settings.spec = std::move(spec);
  settings.snapshot_every = 70;
  auto opened = Place::open({store_, vault_, clock_, *loop_, writer_.get()}, std::move(settings));
  ASSERT_TRUE(opened) << opened.error().message();
  place_ = *std::move(opened);
}

void Story::play_monolith() {
  for (int i = 1; application_.model && i <= 2; ++i) ASSERT_TRUE(store_.add_model(roles_model(i)));
  for (Deed& deed : deeds_) {
    clock_.now = deed.at;
    if (deed.what == Deed::reopen) {
      open_monolith(deed.spec);
      continue;
    }
    std::string answer;
    perform(*place_, deed, [&](std::string text) { answer = std::move(text); });
    place_->flush();
    while (calm_.step()) {
    }
    ASSERT_FALSE(answer.empty()) << deed.tag;
    // Of one that died on its way the answer is not known.
    if (!deed.answer.empty()) {
      EXPECT_EQ(deed.answer, answer) << deed.tag << " " << deed.event.json;
    }
  }
}

// For who looks for what differs.
std::string words_of(const std::string& bytes) {
  const auto decoded = event::decode_block(bytes);
  if (!decoded) return decoded.error().message();
  const event::Record& r = decoded->block.records.front();
  return "kind " + std::to_string(static_cast<int>(r.kind)) + " epoch " +
         std::to_string(decoded->block.epoch) + " version " + std::to_string(r.app_version) +
         " admitted " + std::to_string(r.admitted_at) + " time " + std::to_string(r.time) +
         " low " + std::to_string(r.low_time) + " control " + std::to_string(r.control) +
         " visits " + std::to_string(r.visits.size()) + " targets " +
         std::to_string(r.targets.size()) + " attached " + std::to_string(r.attached.size()) +
         " id " + r.id + " subject " + r.subject + " session " + r.session;
}

std::vector<std::string> records_of(stage::Store& store) {
  std::vector<std::string> all;
  const auto read = each_record(store, 1, [&](event::Record&& record, Epoch epoch) {
    event::Block block{record.position, epoch, {std::move(record)}};
    all.push_back(event::encode_block(block, {}).bytes);
    return Expected<void>();
  });
  EXPECT_TRUE(read);
  return all;
}

void Story::compare_logs() {
  const auto wanted = records_of(store_);
  const auto admitted = records_of(roles_.ingest_store), copied = records_of(roles_.results_store);
  ASSERT_EQ(wanted.size(), admitted.size());
  ASSERT_EQ(wanted.size(), copied.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_TRUE(wanted[i] == admitted[i]) << "the record at " << i + 1 << "\n"
                                          << words_of(wanted[i]) << "\n"
                                          << words_of(admitted[i]);
    EXPECT_TRUE(wanted[i] == copied[i]) << "the copied record at " << i + 1 << " differs";
  }
  EXPECT_TRUE(roles_.ingest_store.verify());
  EXPECT_TRUE(roles_.results_store.verify());
  EXPECT_EQ(*roles_.ingest_store.low_mark(), kNoPosition);  // ingest keeps no outcomes
}

void Story::compare_outcomes() {
  stage::OutcomeReader wanted(store_), given(roles_.results_store);
  for (Position position = 1; position <= place_->last(); ++position) {
    const auto one = wanted.at(position), other = given.at(position);
    ASSERT_TRUE(one && *one != nullptr && other && *other != nullptr) << position;
    EXPECT_EQ((*one)->status, (*other)->status) << position;
    EXPECT_TRUE((*one)->bytes == (*other)->bytes) << "the outcome at " << position << " differs";
  }
}

void Story::compare_reads() {
  clock_.now = roles_.results_clock.now = roles_.clock.now;
  for (Position position = 1; position <= place_->last(); ++position) {
    const auto one = place_->result_with_labels(position);
    std::optional<Expected<std::string>> other;
    roles_.results->result_with_labels(position, [&](auto json) { other = std::move(json); });
    while (!other && world_.step()) {
    }
    ASSERT_TRUE(other);
    EXPECT_EQ(one ? *one : one.error().message(), *other ? **other : other->error().message());
    const auto plain = place_->result(position), result = roles_.results->result(position);
    EXPECT_EQ(plain ? *plain : plain.error().message(),
              result ? *result : result.error().message());
  }
  for (const char* value : {"", "go", "review", "stop"}) {
    Answers::Query query;
    query.limit = 1000;
    query.decision = *value == 0 ? "" : "verdict";
    query.value = value;
    const auto one = place_->results(query), other = roles_.results->results(query);
    ASSERT_TRUE(one && other);
    EXPECT_EQ(one->results, other->results);
  }
}

void Story::compare_views() {
  for (std::size_t view = 0; view < place_->spec().views.size(); ++view) {
    stage::ViewQuery query;
    query.limit = 1000;
    const auto one = place_->view(view, query), other = roles_.results->view(view, query);
    ASSERT_TRUE(one) << one.error().message();
    ASSERT_TRUE(other) << other.error().message();
    std::string wanted, given;
    stage::append_view_json(wanted, place_->spec(), place_->spec().views[view], *one, 0);
    stage::append_view_json(given, *roles_.results->spec(), place_->spec().views[view], *other, 0);
    EXPECT_EQ(wanted, given);
  }
}

void Story::compare_letters() {
  const auto one = place_->dead_letters({0, 10'000, "", false});
  const auto other = roles_.ingest->dead_letters({0, 10'000, "", false});
  ASSERT_TRUE(one && other);
  ASSERT_EQ(one->size(), other->size());
  for (std::size_t i = 0; i < one->size(); ++i) {
    const auto a = place_->dead_letter(i + 1), b = roles_.ingest->dead_letter(i + 1);
    ASSERT_TRUE(a && b);
    const auto tied = [](const stage::DeadLetter& l) {
      return std::tie(l.number, l.at, l.event_type, l.id, l.code, l.field, l.message, l.format,
                      l.bytes, l.replayed, l.discarded);
    };
    EXPECT_EQ(tied(*a), tied(*b)) << "dead letter " << i + 1;
  }
}

void Story::compare() {
  play_monolith();
  if (testing::Test::HasFatalFailure()) return;
  compare_logs();
  compare_outcomes();
  compare_reads();
  compare_views();
  compare_letters();
  EXPECT_EQ(place_->ingest_digest(), roles_.ingest->ingest_digest());
  Sha256 state;
  for (ShardId shard = 0; shard < kShardCount; ++shard) {
    roles_.infer(roles_.table.holders[shard])->add_state(shard, state);
  }
  EXPECT_EQ(place_->state_digest(), to_hex(bytes_of(state.finish())));
  // What came so late is told by the low time, which is no part of the digests.
  for (Micros before = 0; before < 24 * 3600 * kSecond; before += 3600 * kSecond) {
    compare_peek(before);
  }
}

// What a payment so long ago would give.
void Story::compare_peek(Micros before) {
  RolesEvent asked;
  do {
    asked = events_.next(clock_.now - before);
  } while (asked.type != "payment");
  const auto decode = [&](const app::Spec& spec, event::Event& event) {
    event::Decoder decoder(spec.events[static_cast<std::size_t>(spec.event_index("payment"))],
                           {place_->pseudonym_key(), 0});
    ASSERT_TRUE(decoder.json(asked.json, event));
  };
  event::Event one, other;
  decode(place_->spec(), one);
  InferPlace& asked_one = *roles_.infer(roles_.any_replica());
  decode(*asked_one.spec(), other);
  std::optional<Expected<std::string>> peeked;
  asked_one.peek(std::move(other), [&](auto json) { peeked = std::move(json); });
  while (!peeked && world_.step()) {
  }
  const auto wanted = place_->peek(std::move(one));
  ASSERT_TRUE(wanted && peeked && *peeked);
  EXPECT_EQ(*wanted, **peeked);
}

TEST(Roles, GiveTogetherWhatTheMonolithGives) {
  std::uint64_t first = 1, last = 40, fetched = 0;
  if (const char* seeds = std::getenv("ROLES_SEEDS")) {
    char* rest = nullptr;
    first = last = std::strtoull(seeds, &rest, 10);
    if (*rest == ':') last = std::strtoull(rest + 1, nullptr, 10);
  }
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE("ROLES_SEEDS=" + std::to_string(seed));
    Story story(seed);
    story.play();
    if (!HasFatalFailure()) story.compare();
    fetched += story.fetched();
    if (HasFailure()) break;
  }
  EXPECT_TRUE(last - first < 20 || fetched > 0);
}

}  // namespace
}  // namespace quintet::host
