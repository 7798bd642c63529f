#include "host/tracer.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/hash.h"
#include "host/http_client.h"

namespace quintet::host {

namespace {

using namespace std::chrono_literals;

constexpr Micros kPatience = 5 * kSecond;  // with the collector
constexpr auto kSendEvery = 1s;
constexpr auto kAgainAfter = 5s;  // while it is away
constexpr auto kEndGrace = 2s;

// Hexadecimal, never all zero.
std::string hex_of(std::uint64_t bits) {
  static constexpr char kHex[] = "0123456789abcdef";
  if (bits == 0) bits = 1;
  std::string id(16, '0');
  for (int i = 15; i >= 0; --i, bits >>= 4) id[static_cast<std::size_t>(i)] = kHex[bits & 15];
  return id;
}

// Where the collector takes spans.
Expected<Url> spans_at(std::string_view collector) {
  TRY_DO(parse_url(collector));
  std::string target(collector);
  while (target.ends_with('/')) target.pop_back();
  return parse_url(target + "/v1/traces");
}

}  // namespace

Expected<void> check_collector(std::string_view url) {
  TRY_DO(spans_at(url));
  return {};
}

std::string span_id_of(std::string_view trace_id, std::string_view name, Position position) {
  std::string text(trace_id);
  text += '/';
  text += name;
  return hex_of(hash64(text, position));
}

struct Tracer::State {
  State(TracerSettings s, Url u, Logger& l) : settings(std::move(s)), url(std::move(u)), log(l) {}

  void run();
  // Whether they need not be kept: they are there, or never will be.
  bool send(const std::vector<Span>& spans);
  void tell(bool well, const std::string& why);

  const TracerSettings settings;
  const Url url;
  Logger& log;
  Counter* sent = nullptr;
  Counter* dropped = nullptr;
  std::optional<HttpClient> client;  // of the thread
  bool away = false;                 // of the thread: the last message was not taken

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Span> waiting;
  bool ending = false;
  std::thread thread;
};

Expected<std::unique_ptr<Tracer>> Tracer::start(TracerSettings settings, Metrics& metrics,
                                                Logger& log) {
  auto url = spans_at(settings.url);
  if (!url) return std::move(url).error().during("where traces go");
  auto state = std::make_unique<State>(std::move(settings), *std::move(url), log);
  state->sent = &metrics.counter("quintet_spans_sent_total", "Spans that the collector took.");
  state->dropped = &metrics.counter("quintet_spans_dropped_total",
                                    "Spans that were not sent: too many, or not taken.");
  state->thread = std::thread([self = state.get()] { self->run(); });
  return std::unique_ptr<Tracer>(new Tracer(std::move(state)));
}

Tracer::Tracer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Tracer::~Tracer() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
  }
  state_->changed.notify_all();
  state_->thread.join();
}

bool Tracer::samples(std::string_view trace_id) const {
  constexpr double kWhole = 18446744073709551616.0;  // 2^64
  return static_cast<double>(hash64(trace_id)) < state_->settings.share * kWhole;
}

void Tracer::add(Span span) {
  State& s = *state_;
  std::unique_lock lock(s.mutex);
  if (s.waiting.size() >= kMostSpans) {
    lock.unlock();
    s.dropped->add();
    return;
  }
  s.waiting.push_back(std::move(span));
  if (s.waiting.size() == kSpansAtOnce) s.changed.notify_all();
}

void Tracer::State::run() {
  std::vector<Span> spans;
  std::optional<std::chrono::steady_clock::time_point> last;  // when the end is near
  for (;;) {
    {
      std::unique_lock lock(mutex);
      const auto pause = away ? std::chrono::milliseconds(kAgainAfter) : 1000ms;
      const auto due = [this] { return ending || (!away && waiting.size() >= kSpansAtOnce); };
      changed.wait_for(lock, pause, due);
      if (ending && !last) last = std::chrono::steady_clock::now() + kEndGrace;
      while (spans.size() < kSpansAtOnce && !waiting.empty()) {
        spans.push_back(std::move(waiting.front()));
        waiting.pop_front();
      }
    }
    if (!spans.empty() && send(spans)) spans.clear();
    if (!last) continue;
    const bool late = std::chrono::steady_clock::now() >= *last;
    const std::lock_guard lock(mutex);
    if ((spans.empty() && waiting.empty()) || away || late) break;
  }
  const std::lock_guard lock(mutex);
  dropped->add(spans.size() + waiting.size());
}

bool Tracer::State::send(const std::vector<Span>& spans) {
  ClientRequest request{"POST", url.path, {{"Content-Type", "application/x-protobuf"}}, {}};
  request.body = write_otlp(settings.service, spans);
  std::string why;
  for (int i = 0; i < 2; ++i) {  // a kept connection may have been closed meanwhile
    if (!client || !client->usable()) {
      auto opened = HttpClient::connect(url, {}, kPatience);
      if (!opened) {
        tell(false, opened.error().message());
        return false;
      }
      client = *std::move(opened);
    }
    const auto answer = client->ask(request);
    if (!answer) {
      why = answer.error().message();
      client.reset();
      continue;
    }
    if (answer->status / 100 == 2) {
      sent->add(spans.size());
      tell(true, {});
      return true;
    }
    const bool again = answer->status == 429 || answer->status == 502 || answer->status == 503 ||
                       answer->status == 504;
    tell(false, "status " + std::to_string(answer->status));
    if (!again) dropped->add(spans.size());
    return !again;
  }
  tell(false, why);
  return false;
}

// Once for each change: a collector that is away is away for long.
void Tracer::State::tell(bool well, const std::string& why) {
  if (away == !well) return;
  away = !well;
  if (well) return log.info("the collector takes traces again", {{"at", settings.url}});
  log.warn("the collector takes no traces", {{"at", settings.url}, {"reason", why}});
}

}  // namespace quintet::host
