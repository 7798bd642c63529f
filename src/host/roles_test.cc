// The proof that the places of the microservices pattern give what the monolith gives: a seed makes
// an application and what is done with it; three places that follow one log do it over bad links,
// dying and coming back, then one Place does the same in the same order. At rest all that anyone
// can see is compared, byte for byte. ROLES_SEEDS=1:2000 in the environment runs more.
#include <cstdlib>

#include "host/roles_story.h"
#include "stage/outcome_reader.h"
#include "stage/render_view.h"

namespace quintet::host {

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
  std::set<Position> seals;
  for (const event::Record& record : records_of(roles_.ingest_store)) {
    if (record.kind == event::RecordKind::seal) seals.insert(record.position);
  }
  // It keeps its whole log, and has something else where the other has a seal record.
  const auto fill = [&] {
    while (place_ != nullptr && seals.contains(place_->last() + 1)) {
      place_->control(event::RecordKind::train, "", [](const auto&) {});
      while (calm_.step()) {
      }
    }
  };
  for (Deed& deed : deeds_) {
    fill();
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
  fill();
}

namespace {

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

// Each by itself, as bytes.
std::vector<std::string> bytes_of_records(const RolesStore& store) {
  std::vector<std::string> all;
  for (const event::BlockBytes& bytes : store.all) {
    auto decoded = event::decode_block(bytes);
    EXPECT_TRUE(decoded);
    for (event::Record& record : decoded->block.records) {
      event::Block block{record.position, decoded->block.epoch, {std::move(record)}};
      all.push_back(event::encode_block(block, {}).bytes);
    }
  }
  return all;
}

}  // namespace

void Story::compare_logs() {
  const auto wanted = bytes_of_records(store_);
  const auto admitted = bytes_of_records(roles_.ingest_store);
  const auto copied = bytes_of_records(roles_.results_store);
  const auto records = records_of(roles_.ingest_store);
  ASSERT_EQ(wanted.size(), admitted.size());
  ASSERT_EQ(wanted.size(), copied.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_TRUE(admitted[i] == copied[i]) << "the copied record at " << i + 1 << " differs";
    if (records[i].kind == event::RecordKind::seal) continue;
    EXPECT_TRUE(wanted[i] == admitted[i]) << "the record at " << i + 1 << "\n"
                                          << words_of(wanted[i]) << "\n"
                                          << words_of(admitted[i]);
  }
  EXPECT_TRUE(roles_.ingest_store.verify());
  EXPECT_TRUE(roles_.results_store.verify());
  EXPECT_EQ(*roles_.ingest_store.low_mark(), kNoPosition);  // ingest keeps no outcomes
}

void Story::compare_outcomes() {
  stage::OutcomeReader wanted(store_), given(roles_.results_store);
  for (Position position = roles_.results->first(); position <= place_->last(); ++position) {
    const auto one = wanted.at(position), other = given.at(position);
    ASSERT_TRUE(one && *one != nullptr && other && *other != nullptr) << position;
    EXPECT_EQ((*one)->status, (*other)->status) << position;
    EXPECT_TRUE((*one)->bytes == (*other)->bytes) << "the outcome at " << position << " differs";
  }
}

void Story::compare_reads() {
  clock_.now = roles_.results_clock.now = roles_.clock.now;
  const Position first = roles_.results->first();
  const auto records = records_of(roles_.ingest_store);
  for (Position position = 1; position <= place_->last(); ++position) {
    const auto plain = place_->result(position), result = roles_.results->result(position);
    if (position < first) {
      ASSERT_FALSE(result) << position;
      EXPECT_EQ(result.error().code(), Code::expired);
      continue;
    }
    EXPECT_EQ(plain ? *plain : plain.error().message(),
              result ? *result : result.error().message());
    // Of a report that has left the log nobody knows any more when it was.
    const auto& reports = records[position - 1].attached;
    if (std::any_of(reports.begin(), reports.end(),
                    [&](const auto& label) { return label.report < first; })) {
      continue;
    }
    const auto one = place_->result_with_labels(position);
    std::optional<Expected<std::string>> other;
    roles_.results->result_with_labels(position, [&](auto json) { other = std::move(json); });
    while (!other && world_.step()) {
    }
    ASSERT_TRUE(other);
    EXPECT_EQ(one ? *one : one.error().message(), *other ? **other : other->error().message());
  }
  for (const char* value : {"", "go", "review", "stop"}) {
    Answers::Query query;
    query.from = first;
    query.limit = 1000;
    query.decision = *value == 0 ? "" : "verdict";
    query.value = value;
    const auto one = place_->results(query), other = roles_.results->results(query);
    ASSERT_TRUE(one && other);
    EXPECT_EQ(one->results, other->results);
    for (const Micros at : {kNoTime, Micros{0}}) {
      EXPECT_EQ(labelled(calm_, *place_, query, at), labelled(world_, *roles_.results, query, at));
    }
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
  // It forgets ids with their records.
  if (roles_.ingest->first() == 1) {
    EXPECT_EQ(place_->ingest_digest(), roles_.ingest->ingest_digest());
  }
  Sha256 state;
  for (ShardId shard = 0; shard < kShardCount; ++shard) {
    roles_.infer(roles_.table.holders[shard])->add_state(shard, state);
  }
  // An erase empties what a base has of the subject, where the whole log is folded without it.
  const bool erased = std::any_of(deeds_.begin(), deeds_.end(),
                                  [](const Deed& deed) { return deed.what == Deed::erase; });
  if (roles_.ingest->first() == 1 || !erased) {
    EXPECT_EQ(place_->state_digest(), to_hex(bytes_of(state.finish())));
  }
  compare_sizes();
  // What came so late is told by the low time, which is no part of the digests.
  for (Micros before = 0; before < 24 * 3600 * kSecond; before += 3600 * kSecond) {
    compare_peek(before);
  }
}

// Of the state: what the replicas say of their shards.
void Story::compare_sizes() {
  const auto all_of = [](const auto& ask, RolesWorld& world) {
    (void)ask();  // begins to measure
    while (world.step()) {
    }
    return ask().state.keys;
  };
  std::size_t keys = 0;
  for (const auto& [id, address] : roles_.table.addresses) {
    InferPlace& infer = *roles_.infer(id);
    keys += all_of([&] { return infer.figures(); }, world_);
  }
  const std::size_t wanted = all_of([&] { return place_->figures(); }, calm_);
  if (roles_.ingest->first() == 1) {
    EXPECT_EQ(keys, wanted);
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

namespace {

TEST(Roles, GiveTogetherWhatTheMonolithGives) {
  std::vector<std::uint64_t> all;
  if (const char* given = std::getenv("ROLES_SEEDS")) {
    char* rest = nullptr;
    const std::uint64_t first = std::strtoull(given, &rest, 10);
    const std::uint64_t last = *rest == ':' ? std::strtoull(rest + 1, nullptr, 10) : first;
    for (std::uint64_t seed = first; seed <= last; ++seed) all.push_back(seed);
  } else {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) all.push_back(seed);
    for (const std::uint64_t seed : {80, 280, 360})
      all.push_back(seed);  // their logs are cut often
  }
  std::uint64_t fetched = 0;
  int cuts = 0;
  for (const std::uint64_t seed : all) {
    SCOPED_TRACE("ROLES_SEEDS=" + std::to_string(seed));
    Story story(seed);
    story.play();
    if (!HasFatalFailure()) story.compare();
    fetched += story.fetched();
    cuts += story.cuts();
    if (HasFailure()) break;
  }
  EXPECT_TRUE(all.size() < 20 || (fetched > 0 && cuts > 5)) << fetched << " " << cuts;
}

}  // namespace
}  // namespace quintet::host
