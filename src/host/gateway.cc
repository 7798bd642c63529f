#include "host/gateway.h"

#include "base/decimal.h"
#include "base/json_out.h"
#include "host/door_routes.h"
#include "host/figures.h"
#include "host/infer_ways.h"
#include "host/metrics_merge.h"
#include "host/node.h"
#include "host/openapi.h"
#include "host/patient_call.h"
#include "host/problem.h"
#include "host/remote_intake.h"
#include "host/remote_streams.h"
#include "host/served_models.h"
#include "host/service_process.h"
#include "learn/model.h"
#include "link/call_stream.h"

namespace quintet::host {

namespace {

constexpr Micros kDrainGrace = 10 * kSecond;
constexpr Micros kIdleGrace = 2 * kSecond;  // for connections without a request, to one replaced
// How long another service may take to answer a request at the door.
constexpr Micros kCallPatience = 30 * kSecond;
// It says that it is ready once it has heard of all others that they serve, or after so long.
constexpr Micros kFirstHearing = 10 * kSecond;
constexpr Micros kLatestDoor = kSecond;  // without ingest there is still much to read
constexpr Micros kScrapePatience = 2 * kSecond;
constexpr std::string_view kReplay = "/v1/dead-letters/{number}/replay";

std::string_view meaning_of(std::string_view away) {
  if (away == "ingest") return "no events are taken; results are read";
  if (away.starts_with("infer")) return "events are accepted and answered with their position";
  if (away == "results") return "events are accepted; nothing is read";
  return "no training is taken";
}

class Gateway {
 public:
  explicit Gateway(ServiceSettings settings)
      : process_(std::move(settings)), node_(node_of(process_)) {}

  Expected<void> run() {
    TRY_DO(process_.trace());
    TRY(link::CallStream* const ingest, process_.stream("ingest"));
    TRY(link::Caller* const asked, process_.ask("ingest"));
    TRY(to_results_, process_.ask_often("results"));
    TRY(link::Caller* const streaming, process_.ask("results"));
    intake_ = std::make_unique<RemoteIntake>(
        RemoteIntake::Parts{process_.loop, process_.clock, *ingest, *asked, *to_results_,
                            [this] { return outcomes_wait_for(); }},
        [this] { changed(); });
    streams_ = std::make_unique<RemoteStreams>(
        RemoteStreams::Parts{process_.loop, process_.clock, *streaming});
    for (const std::string_view peer : peers_of("gateway")) {
      if (peer == "infer") continue;
      TRY(link::Channel* const channel, process_.peer(peer));
      health_.watch(std::string(peer), *channel);
    }
    TRY(infers_, InferWays::open({process_, health_, *streaming}));
    TRY_DO(add_routes());
    // On a socket that another holds, clients wait in its queue until events can be taken.
    if (process_.settings().door.descriptor < 0) TRY_DO(open_door());
    intake_->describe();
    late_ = process_.loop.after(kLatestDoor, [this] { open_late(); });
    wait_ = process_.loop.after(kFirstHearing, [this] {
      waited_ = true;
      ready();
    });
    process_.run([this] { stop(); });
    door_.reset();
    return process_.failure();
  }

 private:
  Expected<void> open_door() {
    TRY(door_,
        FrontDoor::open(process_.loop, router_, process_.settings().door, process_.metrics,
                        process_.log, [this](const Expected<std::string>& url) { probed(url); }));
    node_.limits = door_->limits();
    return {};
  }

  void open_late() {
    if (door_ != nullptr || node_.draining) return;
    if (auto opened = open_door(); !opened) process_.fail(std::move(opened).error());
  }

  // Another application is in force: what was read under the older one is of no use.
  void changed() {
    node_.roles.intake = intake_.get();
    node_.decoders.clear();
    ++node_.places;
    open_late();
    ready();
  }

  // Who is away of those without whom outcomes do not come.
  std::string_view outcomes_wait_for() const {
    return health_.away("results") ? "results" : infers_->any_away() ? "infer" : "";
  }

  bool serves() const {
    const bool neither = health_.away("ingest") && health_.away("results");
    return node_.intake() != nullptr && !node_.draining && !neither;
  }

  // Members of /readyz: who is away, and what that means.
  std::string missing() const {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("missing").begin_array();
    for (const std::string_view name : health_.missing()) {
      json.begin_object().field("service", name).field("means", meaning_of(name)).end_object();
    }
    json.end_array();
    if (node_.intake() != nullptr && intake_->saturated()) {
      json.field("saturated", intake_->why_saturated().message());
    }
    json.end_object();
    return "," + out.substr(1, out.size() - 2);
  }

  void probed(const Expected<std::string>& url) {
    if (!url) return process_.fail(url.error());
    url_ = *url;
    ready();
  }

  void ready() {
    const bool known = waited_ || health_.missing().empty();
    const bool can = !url_.empty() && node_.roles.intake != nullptr && !node_.draining;
    if (can && known) process_.ready(url_);
  }

  void stop() {
    node_.draining = true;
    streams_->end_all();
    if (door_ == nullptr) return process_.ended();
    door_->server().drain(
        kDrainGrace, [this] { process_.ended(); }, process_.replaced() ? kIdleGrace : 0);
  }

  // To a service: for infer, to one of its replicas.
  CallHttp way_to(const std::string& service) {
    return [this, service](const wire::HttpCall& call, auto done) {
      ask_http(service, service == "infer" ? infers_->one() : service, call, kCallPatience, done);
    };
  }

  void ask_http(const std::string& service, const std::string& peer, const wire::HttpCall& call,
                Micros patience, std::function<void(Expected<HttpResponse>)> done) {
    const auto channel = process_.ask(peer);
    if (!channel) {
      return process_.loop.post([done, why = channel.error()] { done(why); });
    }
    link::Call out{"/quintet.v1." + capital(service) + "/Http", wire::write_http_call(call),
                   process_.clock.steady() + patience};
    out.idempotent = call.method == "GET";
    if (!call.traceparent.empty()) out.metadata.emplace_back("traceparent", call.traceparent);
    (*channel)->call(std::move(out), [done](Expected<std::string> bytes) {
      if (!bytes) return done(std::move(bytes).error());
      done(wire::read_http_answer(*bytes));
    });
  }

  Expected<void> add_routes() {
    for (const std::string_view peer : peers_of("gateway")) {
      Router theirs;
      add_routes_of(peer, theirs, {node_, &unserved_});
      for (const Route& route : theirs.routes()) hand_on(std::string(peer), route);
    }
    add_intake_routes(router_, node_);
    streams_->add_routes(router_);
    add_self_routes(router_, node_, {[this] { return serves(); }, [this] { return missing(); }});
    add_door_metrics(node_, [this] { return streams_->open(); });
    process_.metrics.add_process_metrics();
    add_metrics_route();
    check(undescribed(router_).empty(), "a route is not described in host/openapi_table.cc");
    return {};
  }

  void tell_away() {
    std::string names;
    for (const std::string_view name : health_.missing()) {
      names += (names.empty() ? "" : ", ") + std::string(name);
    }
    if (names == told_) return;
    told_ = names;
    if (names.empty()) return process_.log.info("all services are there", {});
    process_.log.warn("services are away", {{"services", names}});
  }

  void hand_on(const std::string& peer, const Route& route) {
    CallHttp way = patient(process_.loop, process_.clock, way_to(peer));
    if (route.pattern == kReplay) way = with_result(std::move(way));
    // What takes its body as it comes takes a model's.
    const bool large = route.handler->body_mode({}) == BodyMode::stream;
    router_.add(
        {route.method, route.pattern, route.scope,
         std::make_shared<ForwardHandler>(std::move(way), large ? learn::kMaxModelBytes : 0)});
  }

  // Ingest says where a replayed event was admitted; what became of it results knows.
  CallHttp with_result(CallHttp way) {
    return [this, way = std::move(way)](const wire::HttpCall& call, auto done) {
      way(call, [this, done](Expected<HttpResponse> answer) {
        std::optional<std::int64_t> position;
        if (answer && answer->status == 200) {
          for (const auto& [name, value] : answer->headers) {
            if (name != "Quintet-Position") continue;
            if (const auto number = parse_int64(value)) position = *number;
          }
        }
        if (!position) return done(std::move(answer));
        link::Call wait{"/quintet.v1.Results/Await",
                        wire::write_await({static_cast<Position>(*position), true}),
                        process_.clock.steady() + kCallPatience};
        wait.idempotent = true;
        to_results_->call(std::move(wait),
                          [done, answer = *std::move(answer)](Expected<std::string> bytes) mutable {
                            auto json = bytes ? wire::read_result(*bytes)
                                              : Expected<std::string>(bytes.error());
                            // Admitted it is: without the result the answer says where to ask.
                            if (json) answer.body = *std::move(json);
                            if (!json) answer.status = 202;
                            done(std::move(answer));
                          });
      });
    };
  }

  // The pages of all services as one; who does not answer in time is not there.
  void add_metrics_route() {
    router_.add({"GET", "/metrics", Scope::read,
                 make_handler(std::function([this](std::shared_ptr<Exchange> exchange) {
                   scrape(std::move(exchange));
                 }))});
  }

  void scrape(std::shared_ptr<Exchange> exchange) {
    std::vector<std::pair<std::string, std::string>> asked;  // service, peer
    for (const std::string_view service : peers_of("gateway")) {
      if (service != "infer") asked.emplace_back(service, service);
    }
    for (const std::string& name : infers_->names()) asked.emplace_back("infer", name);
    auto pages = std::make_shared<std::vector<MetricsPage>>();
    pages->push_back({"gateway", process_.metrics.text()});
    for (const auto& [service, peer] : asked) pages->push_back({peer, ""});
    auto open = std::make_shared<std::size_t>(asked.size());
    for (std::size_t i = 0; i < asked.size(); ++i) {
      ask_http(asked[i].first, asked[i].second, {"GET", "/metrics", {}, {}, {}, {}},
               kScrapePatience, [exchange, pages, open, i](Expected<HttpResponse> page) {
                 if (page) (*pages)[i + 1].text = std::move(page->body);
                 if (--*open > 0) return;
                 exchange->respond({200, Metrics::kContentType, merge_metrics(*pages), {}});
               });
    }
  }

  ServiceProcess process_;
  Router router_;
  Node node_;
  ServedModels unserved_{node_};
  link::Caller* to_results_ = nullptr;
  std::unique_ptr<RemoteIntake> intake_;
  std::unique_ptr<RemoteStreams> streams_;
  PeerHealth health_{process_.local(), [this] {
                       tell_away();
                       ready();
                       intake_->hurry();
                     }};
  std::unique_ptr<InferWays> infers_;
  std::string told_;
  std::unique_ptr<Timer> wait_, late_;
  bool waited_ = false;
  std::unique_ptr<FrontDoor> door_;
  std::string url_;
};

}  // namespace

Expected<void> run_gateway(ServiceSettings settings) {
  return Gateway(std::move(settings)).run();
}

}  // namespace quintet::host
