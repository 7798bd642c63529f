#include "link/direct.h"

#include <fmt/format.h>

#include "link/direct_wire.h"
#include "link/dispatch.h"
#include "link/pending.h"

namespace quintet::link {

namespace {

// Where a server is reached. Its dispatch is touched by the server's jobs alone, and null once the
// server has gone.
struct Port {
  Scheduler& scheduler;
  std::size_t message_bytes;
  std::unique_ptr<Dispatch> dispatch;
};

}  // namespace

struct DirectTransport::Table {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<Port>> ports;

  std::shared_ptr<Port> find(const std::string& address) {
    const std::lock_guard lock(mutex);
    const auto found = ports.find(address);
    return found == ports.end() ? nullptr : found->second;
  }
};

namespace {

using Table = DirectTransport::Table;

class DirectServer final : public Server {
 public:
  DirectServer(std::shared_ptr<Table> table, std::string address, std::shared_ptr<Port> port)
      : table_(std::move(table)), address_(std::move(address)), port_(std::move(port)) {}
  ~DirectServer() override {
    {
      const std::lock_guard lock(table_->mutex);
      table_->ports.erase(address_);
    }
    port_->dispatch.reset();
  }
  const std::string& address() const override { return address_; }
  void drain(Micros most, Job done) override { port_->dispatch->drain(most, std::move(done)); }

 private:
  const std::shared_ptr<Table> table_;
  const std::string address_;
  const std::shared_ptr<Port> port_;
};

class DirectChannel final : public Channel {
 public:
  DirectChannel(Local local, std::shared_ptr<Table> table, const std::string& address,
                ChannelOptions options)
      : local_(local),
        table_(std::move(table)),
        options_(options),
        pending_(std::make_shared<Pending>(
            local, address, Pending::Limits{options.calls, options.message_bytes},
            [](CallId, const std::shared_ptr<void>& load) {
              *std::static_pointer_cast<std::atomic<bool>>(load) = true;
            })) {}
  ~DirectChannel() override { pending_->clear(); }

  const std::string& peer() const override { return pending_->peer(); }
  void cancel(CallId id) override { pending_->cancel(id); }
  CallId call(Call call, Reply reply) override;
  std::unique_ptr<Wire> open(Opening opening, WireEvents& events) override;

 private:
  const Local local_;
  const std::shared_ptr<Table> table_;
  const ChannelOptions options_;
  const std::shared_ptr<Pending> pending_;  // answers on their way know it weakly
};

CallId DirectChannel::call(Call call, Reply reply) {
  const auto [id, send] = pending_->add(call, std::move(reply));
  if (!send) return id;
  auto cancelled = std::make_shared<std::atomic<bool>>(false);
  pending_->attach(id, cancelled);
  // Runs on any thread; the answer is taken here.
  auto respond = [&scheduler = local_.scheduler, to = std::weak_ptr(pending_), id,
                  most = options_.message_bytes](Expected<std::string> answer) {
    scheduler.post([to, id, most, answer = std::move(answer)]() mutable {
      const auto pending = to.lock();
      if (pending == nullptr) return;
      if (answer && answer->size() > most) {
        return pending->fail(
            id, exhausted(fmt::format("an answer of {} bytes, at most {}", answer->size(), most)));
      }
      pending->answer(id, std::move(answer));
    });
  };
  const auto port = table_->find(peer());
  if (port == nullptr) {
    respond(on_the_way(unavailable("nobody listens there"), call.method, peer()));
    return id;
  }
  Incoming incoming{std::move(call.method),
                    std::move(call.request),
                    std::move(call.metadata),
                    call.deadline,
                    "direct",
                    std::move(cancelled)};
  port->scheduler.post([port, incoming = std::move(incoming), respond = std::move(respond),
                        peer = peer()]() mutable {
    if (port->dispatch != nullptr) {
      return port->dispatch->call(std::move(incoming), std::move(respond));
    }
    respond(on_the_way(unavailable("the server has gone"), incoming.method, peer));
  });
  return id;
}

std::unique_ptr<Wire> DirectChannel::open(Opening opening, WireEvents& events) {
  const auto port = table_->find(peer());
  auto mine = std::make_shared<DirectEnd>(
      local_.scheduler, DirectEnd::Is{false, opening.method, peer(), options_.message_bytes});
  std::unique_ptr<Wire> wire = mine->attach(events);
  if (const Expected<void> good = check_metadata(opening.metadata); !good) {
    mine->cut_later(on_the_way(good.error(), opening.method, peer()));
    return wire;
  }
  if (port == nullptr) {
    mine->cut_later(mine->lost("nobody listens there"));
    return wire;
  }
  auto theirs = std::make_shared<DirectEnd>(
      port->scheduler, DirectEnd::Is{true, opening.method, "direct", port->message_bytes});
  DirectEnd::join(mine, theirs);
  port->scheduler.post([port, mine, theirs, opening = std::move(opening)]() mutable {
    if (port->dispatch == nullptr) return mine->cut_later(mine->lost("the server has gone"));
    const Incoming incoming{
        std::move(opening.method), {}, std::move(opening.metadata), kNoDeadline, "direct", nullptr};
    port->dispatch->stream(incoming, [&](WireEvents& sink) { return theirs->attach(sink); });
  });
  return wire;
}

}  // namespace

DirectTransport::DirectTransport() : table_(std::make_shared<Table>()) {}
DirectTransport::~DirectTransport() = default;

Expected<std::unique_ptr<Server>> DirectTransport::listen(Local local, const std::string& address,
                                                          std::shared_ptr<const Service> service,
                                                          ServerOptions options) {
  if (address.empty()) return invalid("an empty address");
  auto port = std::make_shared<Port>(Port{local.scheduler, options.message_bytes, nullptr});
  port->dispatch = std::make_unique<Dispatch>(local, address, std::move(service), options);
  const std::lock_guard lock(table_->mutex);
  if (!table_->ports.emplace(address, port).second) {
    return conflict(fmt::format("{} is listened at already", address));
  }
  std::unique_ptr<Server> server = std::make_unique<DirectServer>(table_, address, std::move(port));
  return server;
}

Expected<std::unique_ptr<Channel>> DirectTransport::connect(Local local, const std::string& address,
                                                            ChannelOptions options) {
  if (address.empty()) return invalid("an empty address");
  std::unique_ptr<Channel> channel =
      std::make_unique<DirectChannel>(local, table_, address, options);
  return channel;
}

}  // namespace quintet::link
