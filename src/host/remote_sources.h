// What a place that follows the log asks of the service ingest, as calls.
//
// Lives on the caller's loop.
#pragma once

#include "host/key_source.h"
#include "host/wire.h"
#include "link/caller.h"

namespace quintet::host {

// How long an answer may take; who asks asks again.
inline constexpr Micros kSourcePatience = 5 * kSecond;

class RemoteKeys final : public KeySource {
 public:
  RemoteKeys(link::Caller& ingest, Clock& clock) : ingest_(ingest), clock_(clock) {}
  void keys(std::vector<std::string> names,
            std::function<void(Expected<std::vector<FoundKey>>)> done) override;
  void pseudonym_key(std::function<void(Expected<std::string>)> done) override;

 private:
  link::Caller& ingest_;
  Clock& clock_;
};

class RemoteModels final : public ModelSource {
 public:
  RemoteModels(link::Caller& ingest, Clock& clock) : ingest_(ingest), clock_(clock) {}
  void model(std::string name, std::uint32_t version,
             std::function<void(Expected<stage::ModelVersion>)> done) override;

 private:
  link::Caller& ingest_;
  Clock& clock_;
};

class RemoteBase final : public BaseSource {
 public:
  RemoteBase(link::Caller& ingest, Clock& clock) : ingest_(ingest), clock_(clock) {}
  void base(Position at, std::function<void(Expected<std::optional<OfferedBase>>)> done) override;
  void part(std::uint64_t number, std::string name,
            std::function<void(Expected<stage::Snapshot>)> done) override;

 private:
  link::Caller& ingest_;
  Clock& clock_;
};

// Tells peers L, the newest alone, and again until they have heard it; also now and then, for one
// that has forgotten.
class LowMark {
 public:
  struct Parts {
    Scheduler& loop;
    Clock& clock;
    link::Caller& peer;
    std::string method;  // "/quintet.v1.Ingest/Durable"
    std::function<std::string(Position)> body = wire::write_position;
    // It has answered; whether it knows all that was to be told.
    std::function<void(bool all)> heard = nullptr;
  };
  explicit LowMark(Parts parts) : parts_(std::move(parts)) {}
  void tell(Position low);
  // What goes with L is another now.
  void tell_anew();

 private:
  void send();
  void answered(Position told, bool heard);
  Parts parts_;
  Position low_ = kNoPosition;
  std::optional<Position> heard_;              // what the peer was told last, if it is sure to know
  bool under_way_ = false, outdated_ = false;  // what is under way
  Micros told_at_ = 0;
  std::unique_ptr<Timer> again_, soon_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace quintet::host
