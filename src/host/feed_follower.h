// Follows one feed of another service for a place that says what it wants next, and may refuse: a
// feed that ended, or whose pieces were refused, is followed again when the owner looks again.
//
// Lives on the process's loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "host/service_process.h"

namespace quintet::host {

class FeedFollower final : public link::FeedEvents {
 public:
  using Take = std::function<Expected<void>(std::string_view body)>;
  // `look_soon`: call follow() in a moment; `gone`: what was asked for was removed there.
  FeedFollower(ServiceProcess& process, std::string name, Take take,
               std::function<void()> look_soon, std::function<void()> gone = nullptr)
      : process_(process),
        name_(std::move(name)),
        take_(std::move(take)),
        look_soon_(std::move(look_soon)),
        gone_(std::move(gone)) {}

  // From `next` on, unless it does so already; not at all with kNoPosition, until it is asked
  // again.
  void follow(link::Channel& channel, Position next);
  void stop() { feed_.reset(); }

 private:
  void on_items(std::vector<link::FeedItem> items) override;
  void on_down(const Error&) override {}
  void on_failed(const Error& error) override;
  void tell(const char* what, const Error& why);

  ServiceProcess& process_;
  const std::string name_;
  const Take take_;
  const std::function<void()> look_soon_, gone_;
  std::unique_ptr<link::FeedConsumer> feed_;
};

}  // namespace quintet::host
