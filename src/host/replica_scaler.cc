#include "host/replica_scaler.h"

#include "host/wire_exchange.h"

namespace quintet::host {

namespace {

// For results to have the shards moved; and how soon it is asked again, if it was away.
constexpr Micros kPatience = 900 * kSecond;
constexpr Micros kAskAgain = kSecond / 2;

}  // namespace

void ReplicaScaler::scale(ReplicaId count, Done done) {
  if (busy()) return done(conflict("the number of replicas is being changed already"));
  done_ = std::move(done);
  wanted_ = count;
  started_ = count_;
  start_next();
}

void ReplicaScaler::start_next() {
  if (started_ >= wanted_) {
    return tell(wanted_, [this](Expected<void> result) { told(std::move(result)); });
  }
  const ReplicaId id = started_ + 1;
  auto program = parts_.program(id, true);
  if (!program) return undo(std::move(program).error());
  started_ = id;
  parts_.supervisor.add(*std::move(program), replica_name(id - 1), [this](Expected<void> started) {
    if (started) return start_next();
    --started_;
    undo(std::move(started).error());
  });
}

// Results may be between two lives: it is asked until it answers.
void ReplicaScaler::tell(ReplicaId count, std::function<void(Expected<void>)> done) {
  ShardMembers members;
  for (ReplicaId id = 1; id <= count; ++id) members[id] = parts_.address(id);
  if (results_ == nullptr) {
    auto made = parts_.transport.connect(parts_.local, parts_.results, {});
    if (!made) return done(std::move(made).error());
    results_ = *std::move(made);
  }
  tell_again(wire::write_members(members), parts_.local.clock.steady() + kPatience,
             std::move(done));
}

void ReplicaScaler::tell_again(std::string request, Micros until,
                               std::function<void(Expected<void>)> done) {
  results_->call({"/quintet.v1.Results/Scale", request, until},
                 [this, request, until, done = std::move(done)](Expected<std::string> bytes) {
                   if (bytes) return done({});
                   // What results itself refuses as unavailable names who is away.
                   const bool away = bytes.error().code() == Code::unavailable &&
                                     bytes.error().id() != kReplicaAway;
                   if (!away || parts_.local.clock.steady() + kAskAgain > until) {
                     return done(std::move(bytes).error());
                   }
                   again_ = parts_.local.scheduler.after(kAskAgain, [this, request, until, done] {
                     tell_again(request, until, done);
                   });
                 });
}

void ReplicaScaler::told(Expected<void> result) {
  if (!result) return undo(std::move(result).error());
  const ReplicaId before = std::exchange(count_, wanted_);
  const auto kept = parts_.keep(count_);
  end_beyond(count_, [this, before, kept] {
    if (!kept) return end(kept.error());
    end(before);
  });
}

void ReplicaScaler::undo(Error why) {
  tell(count_, [this, why = std::move(why)](const Expected<void>&) {
    end_beyond(count_, [this, why] { end(why); });
  });
}

void ReplicaScaler::end_beyond(ReplicaId count, std::function<void()> done) {
  started_ = std::max(started_, count);
  if (started_ == count) return done();
  parts_.supervisor.remove(replica_name(started_--),
                           [this, count, done = std::move(done)] { end_beyond(count, done); });
}

void ReplicaScaler::end(Expected<ReplicaId> result) {
  std::exchange(done_, nullptr)(std::move(result));
}

}  // namespace quintet::host
