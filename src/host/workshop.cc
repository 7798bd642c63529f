#include "host/workshop.h"

#include <sys/stat.h>

#include <future>
#include <utility>

#include "app/load.h"
#include "base/check.h"
#include "host/api_erase.h"
#include "host/api_models.h"
#include "host/api_train.h"
#include "host/control_chain.h"
#include "host/http_text.h"
#include "host/model_files.h"
#include "host/model_upload.h"
#include "host/run_services.h"
#include "store/location.h"
#include "store/store.h"
#include "store/vault.h"

namespace quintet::host {

namespace {

constexpr int kBatch = 512;
constexpr Micros kMillisecond = kSecond / 1'000;
constexpr Micros kProgressEvery = kSecond / 4;

// A request that never was on a wire.
class LocalExchange final : public Exchange {
 public:
  explicit LocalExchange(std::function<void(HttpResponse)> answer) : answer_(std::move(answer)) {}
  ~LocalExchange() override {
    if (answer_) answer_({500, kJson, "{\"detail\":\"it was never answered\"}", {}});
  }
  const HttpRequest& request() const override { return given; }
  void respond(HttpResponse response) override {
    std::exchange(answer_, nullptr)(std::move(response));
  }
  void read_body(std::shared_ptr<BodyReader> reader) override {
    reader->on_body(body);
    if (answer_) reader->on_end();
  }
  void resume() override {}
  void begin(HttpResponse) override {}
  void write(std::string_view) override {}
  void end() override {}
  std::size_t unsent() const override { return 0; }
  void when_writable(std::function<void()>) override {}
  void when_closed(std::function<void()>) override {}
  HttpRequest given;
  std::string path, method, body;

 private:
  std::function<void(HttpResponse)> answer_;
};

// The application in force at the end of the log, found backwards over its control records.
Expected<std::shared_ptr<const app::Spec>> spec_in_force(stage::Store& store) {
  AppVersion wanted = 0;
  std::string text;
  TRY_DO(each_control_back(store, kNoPosition, [&](event::Record&& record) -> Expected<bool> {
    const bool activates = record.kind == event::RecordKind::activate;
    if (!activates && record.kind != event::RecordKind::application) return true;
    TRY(auto body, stage::read_application(record.plain));
    if (activates && wanted == 0) wanted = body.version;
    if (activates || body.version != wanted) return true;
    text = std::move(body.text);
    return false;
  }));
  if (text.empty()) return not_found("there is no application in the log");
  if (auto spec = app::load(text).spec) return spec;
  return broken("the application of the log is not understood by this build");
}

}  // namespace

struct Workshop::State {
  explicit State(const std::string& directory)
      : log(clock, LogLevel::warn), node{loop, clock,     log,   metrics, nullptr,
                                         0,    directory, false, {}} {}

  SystemClock clock;
  Logger log;
  Loop loop;
  Metrics metrics;
  Router router;
  std::unique_ptr<stage::Store> store;
  std::unique_ptr<stage::Vault> vault;
  Node node;
  std::unique_ptr<Trainer> trainer;
  std::optional<Error> failure;

  // Of an import under way.
  Import given;
  std::unique_ptr<Timer> timer;

  // Runs `begin` on the loop and waits until what it was given is called there.
  void wait_for(const std::function<void(std::function<void()> wake)>& begin) {
    const auto done = std::make_shared<std::promise<void>>();
    loop.post([&begin, done] { begin([done] { done->set_value(); }); });
    done->get_future().wait();
  }

  // A directory that another process holds is `unavailable`: it may let go of it.
  Expected<void> open_store() {
    auto opened = store::open_vault(node.data_directory);
    if (!opened && opened.error().code() == Code::conflict) {
      return unavailable(opened.error().message() + "; a running application is asked by its URL");
    }
    TRY(vault, std::move(opened));
    TRY(store, store::open_store(node.data_directory));
    return {};
  }

  Expected<void> open(std::shared_ptr<const app::Spec> spec, const std::string& app_directory) {
    if (spec == nullptr && !store::has_store(node.data_directory)) {
      return no_log_in(node.data_directory);
    }
    TRY_DO(open_store());
    Place::Settings settings;
    if (spec == nullptr) {
      TRY(spec, spec_in_force(*store));
    } else {
      TRY(settings.models, application_models(*spec, app_directory, *store, node.data_directory));
    }
    settings.spec = std::move(spec);
    settings.on_failure = [this](const Error& why) { failure = why; };
    TRY(node.place, Place::open({*store, *vault, clock, loop}, std::move(settings)));
    trainer = std::make_unique<Trainer>(node, *vault);
    add_model_routes(router, node);
    add_train_routes(router, trainer.get(), nullptr);
    add_erase_routes(router, node);
    add_model_upload(router, node);
    return {};
  }

  void close() {
    timer.reset();
    trainer.reset();
    node.place.reset();
  }

  // Waits until all that was offered is durable.
  void finish(const std::function<void()>& wake) {
    node.place->flush();
    if (failure || node.place->pending() == 0) return wake();
    timer = loop.after(kMillisecond, [this, wake] { finish(wake); });
  }

  // Offers a batch and comes again, a little later while the store is behind.
  void step(const std::function<void()>& wake) {
    Place& place = *node.place;
    for (int i = 0; i < kBatch && !place.saturated() && !failure; ++i) {
      Offer offer;
      const auto any = given.next(offer.event);
      if (!any) failure = any.error();
      if (!any || !*any) {
        return finish(wake);
      }
      offer.show = Show::nothing;
      place.offer(std::move(offer), [this](const Receipt& receipt) {
        if (receipt.error != nullptr && given.on_refused) given.on_refused(*receipt.error);
      });
    }
    place.flush();
    if (failure) return wake();
    timer = loop.after(place.saturated() ? kMillisecond : 0, [this, wake] { step(wake); });
  }
};

Workshop::Workshop(std::unique_ptr<State> state) : state_(std::move(state)) {}

Workshop::~Workshop() {
  state_->wait_for([this](const std::function<void()>& wake) {
    state_->close();
    wake();
  });
  state_->loop.stop();
  state_->loop.join();
}

Expected<std::unique_ptr<Workshop>> Workshop::open(const std::string& directory,
                                                   std::shared_ptr<const app::Spec> spec,
                                                   const std::string& app_directory) {
  auto state = std::make_unique<State>(directory);
  state->loop.start("workshop");
  std::unique_ptr<Workshop> workshop(new Workshop(std::move(state)));
  State& opened = *workshop->state_;
  Expected<void> result;
  opened.wait_for([&](const std::function<void()>& wake) {
    result = opened.open(std::move(spec), app_directory);
    wake();
  });
  TRY_DO(std::move(result));
  return workshop;
}

const std::string& Workshop::pseudonym_key() const {
  return state_->node.place->pseudonym_key();
}

Workshop::Answer Workshop::ask(const std::string& method, const std::string& target,
                               const std::string& body) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  const std::string path = target.substr(0, mark);
  auto query = parse_query(std::string_view(target).substr(std::min(mark + 1, target.size())));
  check(query.has_value(), "a command writes a query that can be read");
  auto match = state_->router.match(method, path);
  if (match.route == nullptr) return {404, "{\"detail\":\"there is no such route\"}"};
  Answer answer;
  state_->wait_for([&](const std::function<void()>& wake) {
    auto exchange = std::make_shared<LocalExchange>([&answer, wake](HttpResponse response) {
      answer = {response.status, std::move(response.body)};
      wake();
    });
    exchange->body = body;
    exchange->body.reserve(body.size() + kBodyPadding);
    exchange->given.method = method;
    exchange->given.path = path;
    exchange->given.target = target;
    exchange->given.query = *std::move(query);
    exchange->given.headers = {{"Content-Type", "application/octet-stream"}};
    exchange->given.body = exchange->body;
    exchange->given.params = std::move(match.params);
    match.route->handler->handle(exchange);
  });
  return answer;
}

Expected<void> Workshop::import(const Import& import) {
  state_->given = import;
  state_->wait_for([this](const std::function<void()>& wake) { state_->step(wake); });
  if (state_->failure) return *state_->failure;
  return {};
}

Expected<TrainRun> Workshop::train(const TrainOrder& order,
                                   const std::function<void(const TrainRun&)>& on_progress) {
  Expected<TrainRun> result = TrainRun();
  state_->wait_for([&](const std::function<void()>& wake) {
    TrainHears hears;
    hears.ended = [&result, wake](const TrainRun& ended) {
      result = ended;
      wake();
    };
    const auto run = state_->trainer->start(order, std::move(hears));
    if (!run) {
      result = run.error();
      wake();
      return;
    }
    if (!on_progress) return;
    state_->timer = state_->loop.every(kProgressEvery, [this, &on_progress] {
      const auto& runs = state_->trainer->runs();
      if (!runs.empty()) on_progress(runs.rbegin()->second);
    });
  });
  state_->wait_for([this](const std::function<void()>& wake) {
    state_->timer.reset();
    wake();
  });
  return result;
}

}  // namespace quintet::host
