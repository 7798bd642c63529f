#include "host/remote_sources.h"

#include "host/wire.h"
#include "host/wire_base.h"

namespace quintet::host {

namespace {

constexpr Micros kTellAgain = kSecond;
constexpr Micros kTellPause = kSecond / 50;

link::Call call_for(Clock& clock, std::string method, std::string request) {
  link::Call call{std::move(method), std::move(request), clock.steady() + kSourcePatience};
  call.idempotent = true;
  return call;
}

}  // namespace

void RemoteKeys::keys(std::vector<std::string> names,
                      std::function<void(Expected<std::vector<FoundKey>>)> done) {
  const std::size_t asked = names.size();
  ingest_.call(call_for(clock_, "/quintet.v1.Ingest/Keys", wire::write_subjects(names)),
               [asked, done = std::move(done)](Expected<std::string> bytes) {
                 if (!bytes) return done(std::move(bytes).error());
                 auto keys = wire::read_keys(*bytes);
                 if (!keys) return done(std::move(keys).error());
                 if (keys->size() != asked) return done(broken("ingest gave other keys"));
                 std::vector<FoundKey> found;
                 for (wire::SubjectKey& key : *keys) {
                   found.emplace_back();
                   if (!key.destroyed) found.back() = std::move(key.key);
                 }
                 done(std::move(found));
               });
}

void RemoteKeys::pseudonym_key(std::function<void(Expected<std::string>)> done) {
  ingest_.call(call_for(clock_, "/quintet.v1.Ingest/Describe", wire::write_nothing()),
               [done = std::move(done)](Expected<std::string> bytes) {
                 if (!bytes) return done(std::move(bytes).error());
                 auto said = wire::read_description(*bytes);
                 if (!said) return done(std::move(said).error());
                 done(std::move(said->pseudonym_key));
               });
}

void RemoteModels::model(std::string name, std::uint32_t version,
                         std::function<void(Expected<stage::ModelVersion>)> done) {
  ingest_.call(call_for(clock_, "/quintet.v1.Ingest/Model",
                        wire::write_model_name({std::move(name), version})),
               [done = std::move(done)](Expected<std::string> bytes) {
                 if (!bytes) return done(std::move(bytes).error());
                 done(wire::read_model(*bytes));
               });
}

void RemoteBase::base(Position at, std::function<void(Expected<std::optional<OfferedBase>>)> done) {
  ingest_.call(call_for(clock_, "/quintet.v1.Ingest/Base", wire::write_base_ask(at)),
               [done = std::move(done)](Expected<std::string> bytes) {
                 if (!bytes) return done(std::move(bytes).error());
                 done(wire::read_base(*bytes));
               });
}

void RemoteBase::part(std::uint64_t number, std::string name,
                      std::function<void(Expected<stage::Snapshot>)> done) {
  ingest_.call(call_for(clock_, "/quintet.v1.Ingest/BasePart",
                        wire::write_base_part_name({number, std::move(name)})),
               [done = std::move(done)](Expected<std::string> bytes) {
                 if (!bytes) return done(std::move(bytes).error());
                 done(wire::read_base_part(*bytes));
               });
}

void LowMark::tell(Position low) {
  low_ = low;
  if (again_ == nullptr) {
    again_ = parts_.loop.every(kTellAgain, [this] {
      heard_.reset();
      send();
    });
  }
  if (under_way_ || soon_ != nullptr || heard_ == low_) return;
  // Of many in a row each costs both sides a call, and the last says it all.
  const Micros wait = told_at_ + kTellPause - parts_.clock.steady();
  if (wait <= 0) return send();
  soon_ = parts_.loop.after(wait, [this] {
    soon_ = nullptr;
    send();
  });
}

void LowMark::tell_anew() {
  heard_.reset();
  outdated_ = under_way_;
  send();
}

void LowMark::send() {
  if (under_way_ || heard_ == low_) return;
  under_way_ = true;
  told_at_ = parts_.clock.steady();
  parts_.peer.call(
      call_for(parts_.clock, parts_.method, parts_.body(low_)),
      [this, told = low_, here = std::weak_ptr<int>(alive_)](const Expected<std::string>& bytes) {
        if (!here.expired()) answered(told, bytes.has_value());
      });
}

void LowMark::answered(Position told, bool heard) {
  under_way_ = false;
  const bool outdated = std::exchange(outdated_, false);
  if (heard && parts_.heard) parts_.heard(!outdated && told == low_);
  if (heard && !outdated) heard_ = told;
  if (outdated) return send();
  if (heard) tell(low_);  // else again in a second
}

}  // namespace quintet::host
