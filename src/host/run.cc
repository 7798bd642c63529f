#include "host/run.h"

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "base/civil.h"
#include "host/door_routes.h"
#include "host/event_spans.h"
#include "host/figures.h"
#include "host/front_door.h"
#include "host/log_check.h"
#include "host/model_files.h"
#include "host/node.h"
#include "host/openapi.h"
#include "host/result_streams.h"
#include "host/retention.h"
#include "host/served_models.h"
#include "host/trainer.h"
#include "store/location.h"
#include "store/store.h"
#include "store/vault.h"

namespace quintet::host {

namespace {

constexpr Micros kDrainGrace = 10 * kSecond;
constexpr Micros kReopenAfter = kSecond;
constexpr Micros kFailsAgain = 10 * kSecond;

// Everything of one process, in the order of its making.
class Process {
 public:
  explicit Process(RunSettings settings)
      : settings_(std::move(settings)),
        log_(clock_, LogLevel::info),
        node_{loop_, clock_, log_, metrics_, nullptr, 0, settings_.data_directory, false, {}} {}

  Expected<void> run() {
    std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is an error of the write, not the end
    TRY_DO(store::settle(
        settings_.data_directory,
        store::location_at(settings_.store_url, settings_.store_schema, settings_.spec->app)));
    TRY(auto vault, store::open_vault(settings_.data_directory));
    if (!settings_.pseudonym_key.empty()) {
      TRY_DO(vault->take_pseudonym_key(settings_.pseudonym_key));
    }
    vault_ = std::move(vault);
    if (!settings_.traces.url.empty()) {
      settings_.traces.service = "quintet";
      TRY(tracer_, Tracer::start(settings_.traces, metrics_, log_));
      settings_.door.tracer = tracer_.get();
    }
    TRY_DO(open_place());
    trainer_ = std::make_unique<Trainer>(node_, *vault_);
    retraining_ = std::make_unique<Retraining>(node_, *vault_, *trainer_);
    add_routes();
    TRY(door_, FrontDoor::open(loop_, router_, settings_.door, metrics_, log_,
                               [this](const Expected<std::string>& url) { probed(url); }));
    node_.limits = door_->limits();
    loop_.on_termination([this](int) { stop(); });
    check_log();
    loop_.run();
    door_.reset();
    look_.reset();
    log_check_.reset();
    retraining_.reset();
    trainer_.reset();
    node_.place.reset();
    return std::move(failure_);
  }

 private:
  Expected<void> open_place() {
    TRY(store_, store::open_store(settings_.data_directory, [this](const std::string& less) {
          log_.warn("the store promises less than it should", {{"what", less}});
        }));
    Place::Settings place;
    place.spec = settings_.spec;
    place.snapshot_every = settings_.snapshot_every;
    place.progress = settings_.progress;
    place.on_failure = [this](const Error& why) {
      log_.error("a commit failed; the log is folded again", {{"reason", why.message()}});
      loop_.post([this] { close_place(); });
    };
    place.on_snapshot = [this](const Place::SnapshotFigures& taken, const Expected<void>& result) {
      tell_snapshot(taken, result);
    };
    place.on_retention = [this](const Error& why) {
      log_.warn("old log could not be removed; it is tried again", {{"reason", why.message()}});
    };
    if (!started_) {
      TRY(place.models, application_models(*settings_.spec, settings_.app_directory, *store_,
                                           settings_.data_directory));
    }
    TRY(node_.place, Place::open({*store_, *vault_, clock_, loop_}, std::move(place)));
    log_spans_ = std::make_unique<LogSpans>(tracer_.get(), clock_, settings_.data_directory,
                                            node_.place->last());
    node_.place->when_durable([this](Position, Position last) {
      streams_.wake();
      log_spans_->durable(last);
    });
    streams_.wake();
    started_ = true;
    tell_start(node_.place->started());
    if (const auto every = retention_period(*settings_.spec)) {
      look_ = loop_.every(*every, [this] { look(); });
    }
    return {};
  }

  // Removes what the log need not keep (S10).
  void look() {
    if (node_.place == nullptr || node_.draining || looking_) return;
    looking_ = true;
    node_.place->retain([this](const Expected<Place::Retention>& result) {
      looking_ = false;
      tell_retention(result, log_, metrics_, clock_);
    });
  }

  void check_log() {
    LogCheck::Settings check;
    const auto end = store_->end();
    if (end) check.from = end->first;
    check.directory = settings_.data_directory;
    check.on_damage = [this](const Error& why) {
      log_.error("the log is damaged; restore it from a backup, and see quintet verify",
                 {{"reason", why.message()}});
    };
    log_check_ = std::make_unique<LogCheck>(std::move(check));
  }

  void tell_start(const Place::Started& started) {
    for (const std::string& ignored : started.ignored) {
      log_.warn("a snapshot is not used", {{"reason", ignored}});
    }
    if (!started.cold.empty()) {
      std::string names;
      for (const std::string& one : started.cold) names += (names.empty() ? "" : ", ") + one;
      log_.warn("columns know nothing of what the log no longer holds", {{"columns", names}});
    }
    const Micros ahead = started.newest == kNoTime ? 0 : started.newest - clock_.wall();
    if (ahead > node_.place->spec().ahead) {
      log_.warn(
          "the newest admission of the log is ahead of the clock: until the clock has caught up, "
          "that instant is the admission of all events, and the time of those without one",
          {{"newest", format_time(started.newest)}, {"seconds", ahead / kSecond}});
    }
    start_ = {started.snapshot, started.folded,
              static_cast<double>(started.took) / static_cast<double>(kSecond)};
    log_.info("state is ready", {{"snapshot", start_.from_snapshot},
                                 {"folded", start_.folded},
                                 {"seconds", start_.seconds}});
    metrics_.gauge("quintet_start_snapshot_positions", "Positions that a snapshot spared")
        .set(static_cast<double>(start_.from_snapshot));
    metrics_.gauge("quintet_start_folded_positions", "Positions folded at the last start")
        .set(static_cast<double>(start_.folded));
    metrics_.gauge("quintet_start_seconds", "Time of the last start until state was ready")
        .set(start_.seconds);
  }

  void tell_snapshot(const Place::SnapshotFigures& taken, const Expected<void>& result) {
    if (!result) {
      log_.warn("a snapshot could not be taken", {{"reason", result.error().message()}});
      return;
    }
    log_.info("a snapshot was taken",
              {{"position", taken.position},
               {"bytes", taken.bytes},
               {"seconds", static_cast<double>(taken.took) / static_cast<double>(kSecond)}});
    metrics_.gauge("quintet_snapshot_position", "Position of the newest snapshot")
        .set(static_cast<double>(taken.position));
    metrics_.counter("quintet_snapshots_total", "Snapshots taken").add();
  }

  // Memory may be ahead of the disk: it is thrown away and folded again (DESIGN 6.5). What fails
  // again and again gets a pause, in which this process says that it is not ready.
  void close_place() {
    look_.reset();
    looking_ = false;
    node_.place.reset();
    ++node_.places;
    node_.decoders.clear();
    trainer_->place_went();
    store_.reset();
    const Micros now = clock_.steady();
    const bool again = now - std::exchange(failed_at_, now) < kFailsAgain;
    retry_ = loop_.after(again ? kReopenAfter : 0, [this] { reopen(); });
  }

  void reopen() {
    auto opened = vault_->recover();
    if (opened) opened = open_place();
    if (opened) return;
    log_.error("the store cannot be opened", {{"reason", opened.error().message()}});
    retry_ = loop_.after(kReopenAfter, [this] { reopen(); });
  }

  void add_routes() {
    const RouteParts parts{node_, &served_, trainer_.get(), retraining_.get()};
    for (const std::string_view stage : {"ingest", "infer", "results", "train"}) {
      add_routes_of(stage, router_, parts);
    }
    add_intake_routes(router_, node_);
    streams_.add_routes(router_);
    add_self_routes(router_, node_,
                    {[this] { return node_.place != nullptr && !node_.draining; }, {}});
    router_.add({"GET", "/metrics", Scope::read, make_handler([this](const HttpRequest&) {
                   return HttpResponse{200, Metrics::kContentType, metrics_.text(), {}};
                 })});
    check(undescribed(router_).empty(), "a route is not described in host/openapi_table.cc");
    add_place_metrics(node_, [this]() -> std::optional<Place::Figures> {
      if (node_.place == nullptr) return std::nullopt;
      return node_.place->figures();
    });
    add_infer_metrics(node_, [this]() -> std::optional<InferFigures> {
      if (node_.place == nullptr) return std::nullopt;
      return node_.place->figures();
    });
    add_door_metrics(node_, [this] { return streams_.open(); });
  }

  void probed(const Expected<std::string>& url) {
    if (!url) {
      failure_ = url.error();
      loop_.stop();
    } else if (settings_.on_ready && !node_.draining) {
      settings_.on_ready(*url, start_);
    }
  }

  void stop() {
    if (node_.draining) {
      loop_.stop();
      return;
    }
    node_.draining = true;
    streams_.end_all();
    door_->server().drain(kDrainGrace, [this] { leave_snapshot(); });
  }

  // So that the next start has nothing to fold.
  void leave_snapshot() {
    if (node_.place == nullptr) return loop_.stop();
    node_.place->snapshot([this](const Expected<void>&) { loop_.stop(); });
  }

  RunSettings settings_;
  StartFigures start_;
  // The place was open once: what was promoted since stays in force when the log is folded again.
  bool started_ = false;
  SystemClock clock_;
  Logger log_;
  Loop loop_;
  Metrics metrics_;
  std::unique_ptr<Tracer> tracer_;  // null: no traces
  std::unique_ptr<LogSpans> log_spans_;
  Router router_;
  std::unique_ptr<stage::Store> store_;
  std::unique_ptr<stage::Vault> vault_;
  Node node_;
  ServedModels served_{node_};
  ResultStreams streams_{node_};
  std::unique_ptr<Trainer> trainer_;
  std::unique_ptr<Retraining> retraining_;
  std::unique_ptr<FrontDoor> door_;
  std::unique_ptr<Timer> retry_, look_;
  bool looking_ = false;
  std::unique_ptr<LogCheck> log_check_;
  Micros failed_at_ = -kFailsAgain;  // the last commit that did
  Expected<void> failure_;
};

}  // namespace

Expected<void> run(RunSettings settings) {
  return Process(std::move(settings)).run();
}

}  // namespace quintet::host
