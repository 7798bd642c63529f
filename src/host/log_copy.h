// A copy of the log in the store of a service, for who reads it at its own pace: blocks as they
// come, and of a log whose beginning was removed its base (S10). Where a seal record comes the base
// is fetched before it, so that the copy can be read at any time; what lies below goes then. A copy
// that fell behind what was removed begins anew at the base.
//
// Lives on the process's loop.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "host/committer.h"
#include "host/fetched_base.h"
#include "host/service_process.h"
#include "host/versions.h"

namespace quintet::host {

class LogCopy final : public link::FeedEvents {
 public:
  struct Parts {  // all outlive it
    ServiceProcess& process;
    link::Channel& ingest;
    BaseSource& base;
    std::function<void()> changed;  // durable() has, or is_there()
  };
  explicit LogCopy(Parts parts) : parts_(std::move(parts)) {}
  ~LogCopy() override;

  // Errors: the store cannot be opened. After any later failure it is opened anew by itself.
  Expected<void> open();
  void close();

  bool is_there() const { return committer_ != nullptr && active_ > 0; }
  Position durable() const { return durable_; }  // copied
  const Versions& versions() const { return versions_; }
  AppVersion active() const { return active_; }  // in force at the end of what came; 0: none yet
  // Of a model's versions, there; 0: none.
  std::uint32_t promoted(const std::string& model) const;
  // While one of these is alive, nothing is removed.
  std::shared_ptr<const void> hold() const { return held_; }

 private:
  void follow();
  void on_items(std::vector<link::FeedItem> items) override;
  void on_down(const Error&) override {}
  void on_failed(const Error& error) override;
  void go_on();
  void commit_blocks();
  Expected<void> note(const event::Record& record);
  void lose(const Error& why);

  using Offered = std::function<void(const OfferedBase&)>;
  void ask_base();
  void fetch_base(const OfferedBase& offered, bool anew);
  void store_base(std::uint64_t number, std::shared_ptr<std::vector<stage::Snapshot>> parts,
                  std::size_t next, bool anew);
  void begin_anew();
  void clean_up();
  void soon(std::function<void()> job);

  const Parts parts_;
  std::unique_ptr<stage::Store> store_;
  Epoch epoch_ = 0;
  std::unique_ptr<Committer> committer_;  // null while it is away
  std::unique_ptr<link::FeedConsumer> feed_;
  std::deque<std::pair<event::BlockBytes, link::FeedItem>> came_;  // not committed
  bool waits_for_base_ = false;
  bool anew_ = false;         // the next block is the first one
  std::uint64_t sealed_ = 0;  // the base of this number is there, or none will be
  std::shared_ptr<const Base> base_;
  Versions versions_;
  AppVersion active_ = 0;
  std::map<std::string, std::uint32_t> promoted_;
  Position last_ = kNoPosition;  // that came
  Position durable_ = kNoPosition;
  bool cleaning_ = false;
  std::uint64_t life_ = 0;  // since open(): what an earlier one asked for is passed over
  const std::shared_ptr<int> held_ = std::make_shared<int>(0);
  std::unique_ptr<Timer> retry_, look_;
};

}  // namespace quintet::host
