#include "host/retain_round.h"

#include "host/retention.h"
#include "host/wire_base.h"

namespace quintet::host {

namespace {

constexpr Micros kLookForApplication = kSecond;

}  // namespace

void RetainRound::begin() {
  ++round_;
  const ResultsPlace* const place = parts_.place();
  const auto spec = place == nullptr ? nullptr : place->spec();
  // Another version may want it otherwise.
  const auto every = spec == nullptr ? std::nullopt : retention_period(*spec);
  next_ = parts_.process.loop.after(every.value_or(kLookForApplication), [this] { look(); });
}

void RetainRound::stop() {
  ++round_;
  next_ = nullptr;
}

void RetainRound::look() {
  const ResultsPlace* const place = parts_.place();
  const auto spec = place == nullptr ? nullptr : place->spec();
  if (spec == nullptr || spec->retain <= 0 || !place->views_ready()) return begin();
  ask({place->durable(), place->view_edges(), {}}, [this](const Place::Retention& found) {
    if (!found.enough) return begin();
    const ResultsPlace* const now = parts_.place();
    if (now == nullptr) return begin();
    Place::RetainAsk all{now->durable(), now->view_edges(), {}};
    parts_.replicas.digests([this, all, of = round_](Expected<std::vector<PartDigest>> shards) {
      if (of != round_) return;
      if (!shards) return begin();  // another time
      Place::RetainAsk whole = all;
      whole.shards = *std::move(shards);
      ask(whole, [this](const Place::Retention&) { begin(); });
    });
  });
}

void RetainRound::ask(const Place::RetainAsk& asked,
                      std::function<void(const Place::Retention&)> done) {
  link::Call call{"/quintet.v1.Ingest/Retain", wire::write_retain(asked),
                  parts_.process.clock.steady() + kMovePatience};
  parts_.ingest.call(
      std::move(call), [this, done = std::move(done), of = round_](Expected<std::string> bytes) {
        if (of != round_) return;
        // Ingest tells of what went wrong; it is tried again.
        const auto said =
            bytes ? wire::read_retained(*bytes) : Expected<Place::Retention>(bytes.error());
        if (!said) return begin();
        done(*said);
      });
}

}  // namespace quintet::host
