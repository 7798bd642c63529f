// The service results: keeps one outcome a position, and answers what is asked of them.
#include <map>

#include "host/door_routes.h"
#include "host/event_spans.h"
#include "host/figures.h"
#include "host/http_text.h"
#include "host/infer_replicas.h"
#include "host/node.h"
#include "host/result_streams.h"
#include "host/retain_round.h"
#include "host/service_process.h"
#include "host/services.h"
#include "host/wire.h"
#include "host/wire_exchange.h"
#include "host/wire_lot.h"

namespace quintet::host {

namespace {

constexpr Micros kReopenAfter = kSecond;
constexpr Micros kLookReady = kSecond / 50;  // whether views are folded
// A caller that waits is answered so long before its deadline, with what there is.
constexpr Micros kAnswerBefore = kSecond / 2;
// Calls that wait for outcomes at a time.
constexpr std::size_t kWaitingCalls = 16'384;

// ResultsPlace, as handlers know it. Ids are ingest's to know.
class Reading final : public ResultsRole {
 public:
  Reading(ResultsPlace& place, link::Caller& ingest, Clock& clock)
      : place_(place), ingest_(ingest), clock_(clock) {}

  const app::Spec& spec() const override { return *place_.spec(); }
  std::shared_ptr<const app::Spec> spec_of(AppVersion version) const override {
    return place_.spec_of(version);
  }
  void find(const std::string& event_type, const std::string& id, Micros deadline,
            std::function<void(Expected<Position>)> done) override {
    link::Call call{"/quintet.v1.Ingest/Find", wire::write_event_name({event_type, id}),
                    std::min(deadline, clock_.steady() + kSourcePatience)};
    call.idempotent = true;
    ingest_.call(std::move(call), [done = std::move(done)](Expected<std::string> bytes) {
      if (!bytes) return done(std::move(bytes).error());
      done(wire::read_position(*bytes));
    });
  }
  Expected<std::string> result(Position position) override { return place_.result(position); }
  void result_with_labels(Position position,
                          std::function<void(Expected<std::string>)> done) override {
    place_.result_with_labels(position, std::move(done));
  }
  Expected<Answers::Page> results(const Answers::Query& query) override {
    return place_.results(query);
  }
  void results_with_labels(const Answers::Query& query, Micros at,
                           std::function<void(Expected<Answers::Page>)> done) override {
    place_.results_with_labels(query, at, std::move(done));
  }
  Expected<stage::ViewPage> view(std::size_t view, const stage::ViewQuery& query) override {
    return place_.view(view, query);
  }
  stage::Views::Size view_size(std::size_t view) const override { return place_.view_size(view); }
  Position first() const override { return place_.first(); }
  Position durable() const override { return place_.durable(); }

 private:
  ResultsPlace& place_;
  link::Caller& ingest_;
  Clock& clock_;
};

class ResultsService {
 public:
  explicit ResultsService(ServiceSettings settings)
      : process_(std::move(settings)), node_(node_of(process_)) {}

  Expected<void> run() {
    TRY_DO(process_.trace());
    spans_ =
        std::make_unique<EventSpans>(process_.tracer.get(), process_.clock, "results", "infer");
    TRY(ingest_, process_.peer("ingest"));
    TRY(asked_, process_.ask("ingest"));
    keys_ = std::make_unique<RemoteKeys>(*asked_, process_.clock);
    to_ingest_ = std::make_unique<LowMark>(
        LowMark::Parts{process_.loop, process_.clock, *asked_, "/quintet.v1.Ingest/Durable"});
    TRY(replicas_,
        InferReplicas::open({process_, [this] { return place_.get(); }, [this] { look_soon(); }}));
    retain_ = std::make_unique<RetainRound>(
        RetainRound::Parts{process_, *asked_, *replicas_, [this] { return place_.get(); }});
    add_methods();
    TRY_DO(open_place());
    process_.serves_while([this] { return node_.results() != nullptr; });
    TRY_DO(process_.listen());
    process_.run([this] { stop(); });
    close();
    return process_.failure();
  }

 private:
  Expected<void> open_place() {
    const ServiceSettings& settings = process_.settings();
    TRY(store_, process_.open_store());
    ResultsPlace::Settings place;
    place.snapshot_every = settings.snapshot_every;
    place.on_failure = [this](const Error& why) {
      process_.log.error("a commit failed; results are opened anew", {{"reason", why.message()}});
      process_.loop.post([this] { close_place(); });
    };
    place.on_retention = [this](const Expected<Position>& first) { removed(first); };
    TRY(place_,
        ResultsPlace::open({*store_, process_.clock, process_.loop, *keys_}, std::move(place)));
    reading_ = std::make_unique<Reading>(*place_, *asked_, process_.clock);
    place_->when_wanting([this] { follow(); });
    place_->when_durable([this](Position, Position last) { reached(last); });
    look_ready_ = process_.loop.every(kLookReady, [this] { play(); });
    place_->come_from(replicas_->table());
    reached(place_->durable());
    follow();
    retain_->begin();
    return {};
  }

  void close() {
    log_.stop();
    replicas_->stop_following();
    retain_->stop();
    node_.roles = {};
    look_ready_ = nullptr;
    reading_.reset();
    place_.reset();
    store_.reset();
  }

  void close_place() {
    close();
    ++node_.places;
    retry_ = process_.loop.after(kReopenAfter, [this] {
      if (const auto opened = open_place(); !opened) {
        process_.log.error("the store cannot be opened", {{"reason", opened.error().message()}});
        close_place();
      }
    });
  }

  void follow() {
    if (place_ == nullptr) return;
    log_.follow(*ingest_, place_->next_block());
    replicas_->follow();
  }

  // Results below ingest's cut.
  void removed(const Expected<Position>& first) {
    if (!first) {
      process_.log.error("no results were removed", {{"reason", first.error().message()}});
      return;
    }
    if (std::exchange(first_told_, *first) == *first) return;
    process_.log.info("results were removed", {{"first", *first}});
  }

  void look_soon() {
    again_ = process_.loop.after(kSecond / 10, [this] { follow(); });
  }

  void stop() {
    node_.draining = true;
    answer_all();
    if (place_ == nullptr) return process_.ended();
    process_.end_within(kSnapshotGrace);
    place_->snapshot([this](const Expected<void>&) { process_.ended(); });
  }

  // Whoever reads needs an application; it is ready once views can be read too.
  void play() {
    if (place_ == nullptr || place_->spec() == nullptr || reading_ == nullptr) return;
    node_.roles.results = reading_.get();
    if (!place_->views_ready()) return;
    look_ready_ = nullptr;
    process_.ready(process_.settings().listen);
  }

  // L is here now.
  void reached(Position low) {
    spans_->done(low);
    play();
    to_ingest_->tell(low);
    replicas_->tell(low);
    answer_up_to(low);
  }

  // --- calls that wait ---
  struct Waiting {
    std::function<void()> answer;
    Micros until;
  };

  void wait(Position for_position, Micros deadline, std::function<void()> answer) {
    const Micros until = deadline == link::kNoDeadline ? deadline : deadline - kAnswerBefore;
    waiting_.emplace(for_position, Waiting{std::move(answer), until});
    if (look_ == nullptr) look_ = process_.loop.every(kAnswerBefore / 2, [this] { answer_late(); });
  }

  void answer_up_to(Position low) {
    while (!waiting_.empty() && waiting_.begin()->first <= low) {
      const auto answer = std::move(waiting_.begin()->second.answer);
      waiting_.erase(waiting_.begin());
      answer();
    }
    if (waiting_.empty()) look_ = nullptr;
  }

  void answer_late() {
    const Micros now = process_.clock.steady();
    std::vector<std::function<void()>> late;
    for (auto at = waiting_.begin(); at != waiting_.end();) {
      if (at->second.until > now) {
        ++at;
        continue;
      }
      late.push_back(std::move(at->second.answer));
      at = waiting_.erase(at);
    }
    if (waiting_.empty()) look_ = nullptr;
    for (const auto& answer : late) answer();
  }

  void answer_all() { answer_up_to(~Position{0}); }

  void await(const wire::Await& await, Micros deadline, const SharedAnswer& answer) {
    const bool there = place_ != nullptr && await.position <= place_->durable();
    if (there || await.now) return give(await, answer);
    if (waiting_.size() >= kWaitingCalls) {
      return (*answer)(exhausted("too many calls wait for outcomes"));
    }
    wait(await.position, deadline, [this, await, answer] { give(await, answer); });
  }

  void give(const wire::Await& await, const SharedAnswer& answer) {
    if (place_ == nullptr) return (*answer)(place_is_away());
    const auto json = outcome(await.position, await.show);
    if (!json) return (*answer)(json.error());
    (*answer)(wire::write_result(*json));
  }

  Expected<std::string> outcome(Position position, bool show) {
    if (position > place_->durable()) {
      return expired("the outcome of position " + std::to_string(position) + " is not there yet")
          .with_id("not_yet");
    }
    return show ? place_->reply(position) : Expected<std::string>("");
  }

  void await_lot(const std::shared_ptr<const wire::AwaitLot>& lot, Micros deadline,
                 const SharedAnswer& answer) {
    Position last = kNoPosition;
    for (const auto& one : lot->positions) last = std::max(last, one.position);
    const bool there = place_ != nullptr && last <= place_->durable();
    if (there || lot->now) return give_lot(*lot, answer);
    if (waiting_.size() >= kWaitingCalls) {
      return (*answer)(exhausted("too many calls wait for outcomes"));
    }
    wait(last, deadline, [this, lot, answer] { give_lot(*lot, answer); });
  }

  void give_lot(const wire::AwaitLot& lot, const SharedAnswer& answer) {
    if (place_ == nullptr) return (*answer)(place_is_away());
    std::vector<Expected<std::string>> outcomes;
    outcomes.reserve(lot.positions.size());
    for (const auto& one : lot.positions) outcomes.push_back(outcome(one.position, one.show));
    (*answer)(wire::write_outcomes(outcomes));
  }

  // A stream of results asks again and again, each time from where it was.
  void page(const wire::PageQuery& asked, Micros deadline, const SharedAnswer& answer) {
    if (node_.results() == nullptr) return (*answer)(place_is_away());
    HttpRequest request;
    const auto target = parse_target(asked.target);
    auto parameters = target ? parse_query(target->query) : std::nullopt;
    if (!parameters) return (*answer)(invalid("the request target is no path"));
    request.query = *std::move(parameters);
    if (!asked.last_event_id.empty()) {
      request.headers.push_back({"Last-Event-ID", asked.last_event_id});
    }
    auto query = stream_query(*node_.results(), request);
    if (!query) return (*answer)(std::move(query).error());
    if (asked.from == kNoPosition) return (*answer)(wire::write_page({{}, query->from}));
    query->from = asked.from;
    const Position durable = place_->durable();
    if (asked.wait && query->from > durable && waiting_.size() < kWaitingCalls && !node_.draining) {
      wire::PageQuery later = asked;
      later.wait = false;
      return wait(query->from, deadline, [this, later, answer] { page(later, 0, answer); });
    }
    auto found = node_.results()->results(*query);
    if (!found) return (*answer)(std::move(found).error());
    const Position next =
        found->next != kNoPosition ? found->next : std::max(query->from, durable + 1);
    (*answer)(wire::write_page({std::move(found->results), next}));
  }

  void add_methods() {
    add_routes_of("results", router_, {node_});
    link::Service& service = process_.service();
    service.add("/quintet.v1.Results/Await", [this](link::Incoming call, link::Answer answer) {
      const auto asked = wire::read_await(call.request);
      if (!asked) return answer(asked.error());
      await(*asked, call.deadline, std::make_shared<link::Answer>(std::move(answer)));
    });
    service.add("/quintet.v1.Results/AwaitLot", [this](link::Incoming call, link::Answer answer) {
      auto lot = wire::read_await_lot(call.request);
      if (!lot) return answer(std::move(lot).error());
      await_lot(std::make_shared<const wire::AwaitLot>(*std::move(lot)), call.deadline,
                std::make_shared<link::Answer>(std::move(answer)));
    });
    service.add("/quintet.v1.Results/Page", [this](link::Incoming call, link::Answer answer) {
      const auto asked = wire::read_page_query(call.request);
      if (!asked) return answer(asked.error());
      page(*asked, call.deadline, std::make_shared<link::Answer>(std::move(answer)));
    });
    add_method<ShardMembers>(service, "/quintet.v1.Results/Scale", wire::read_members,
                             [this](ShardMembers members, const SharedAnswer& answer) {
                               replicas_->want(
                                   std::move(members), [this, answer](const Expected<void>& done) {
                                     if (!done) return (*answer)(done.error());
                                     (*answer)(wire::write_in_force(replicas_->table()));
                                   });
                             });
    service.add("/quintet.v1.Results/Shards", [this](const link::Incoming&, link::Answer answer) {
      answer(wire::write_in_force(replicas_->table()));
    });
    add_place_metrics(node_, {});
    offer_routes(process_, "Results", router_);
  }

  ServiceProcess process_;
  Router router_;
  Node node_;
  link::Channel* ingest_ = nullptr;
  link::Caller* asked_ = nullptr;  // ingest
  std::unique_ptr<RemoteKeys> keys_;
  std::unique_ptr<LowMark> to_ingest_;
  std::unique_ptr<stage::Store> store_;
  std::unique_ptr<ResultsPlace> place_;  // null while it is away
  std::unique_ptr<Reading> reading_;
  std::unique_ptr<EventSpans> spans_;
  FeedFollower log_{process_, "log",
                    [this](std::string_view body) -> Expected<void> {
                      TRY(auto block, wire::read_block(body));
                      spans_->came(block);
                      return place_->take(std::move(block));
                    },
                    [this] { look_soon(); }};
  std::unique_ptr<InferReplicas> replicas_;
  std::unique_ptr<RetainRound> retain_;
  Position first_told_ = kNoPosition;
  std::multimap<Position, Waiting> waiting_;  // by the position that they wait for
  std::unique_ptr<Timer> retry_, again_, look_, look_ready_;
};

}  // namespace

Expected<void> run_results(ServiceSettings settings) {
  return ResultsService(std::move(settings)).run();
}

}  // namespace quintet::host
