#include "host/control.h"

#include <cstdio>

#include "host/loop.h"
#include "host/service_process.h"
#include "host/wire.h"
#include "link/grpc.h"
#include "store/lock.h"

namespace quintet::host {

namespace {

// Shards of a large state take their time.
constexpr Micros kCommandPatience = 1800 * kSecond;

Expected<std::string> ask(const std::string& directory, const char* method, std::string request) {
  const auto none = [&] {
    return not_found("no application of several processes runs in " + directory);
  };
  const auto address = store::read_small_file(directory + "/control");
  if (!address) return address.error().code() == Code::not_found ? none() : address.error();
  SystemClock clock;
  Loop loop;
  link::GrpcTransport transport;
  TRY(const auto channel, transport.connect({loop, clock}, *address, {}));
  std::optional<Expected<std::string>> answer;
  channel->call({method, std::move(request), clock.steady() + kCommandPatience},
                [&](Expected<std::string> bytes) {
                  answer = std::move(bytes);
                  loop.stop();
                });
  loop.run();
  return *std::move(answer);
}

}  // namespace

Expected<std::unique_ptr<Control>> Control::open(link::Local local, link::Transport& transport,
                                                 const std::string& directory,
                                                 const std::string& address, Handlers handlers) {
  auto service = std::make_shared<link::Service>();
  add_method<wire::ReplicaCount>(
      *service, "/quintet.v1.Supervisor/Replicas", wire::read_replica_count,
      [handlers](wire::ReplicaCount wanted, const SharedAnswer& answer) {
        handlers.replicas(std::move(wanted), [answer](const Expected<ReplicaId>& before) {
          if (!before) return (*answer)(before.error());
          (*answer)(wire::write_count_before(*before));
        });
      });
  service->add("/quintet.v1.Supervisor/Restart",
               [handlers](const link::Incoming&, link::Answer answer) {
                 const auto shared = std::make_shared<link::Answer>(std::move(answer));
                 handlers.restart([shared](const Expected<void>& done) {
                   if (!done) return (*shared)(done.error());
                   (*shared)(wire::write_nothing());
                 });
               });
  std::unique_ptr<Control> made(new Control());
  made->file_ = directory + "/control";
  TRY(made->server_, transport.listen(local, address, service, {}));
  TRY_DO(store::replace_file(made->file_, address));
  return made;
}

Control::~Control() {
  std::remove(file_.c_str());
}

Expected<ReplicaId> ask_replicas(const std::string& directory, const wire::ReplicaCount& wanted) {
  TRY(const std::string bytes,
      ask(directory, "/quintet.v1.Supervisor/Replicas", wire::write_replica_count(wanted)));
  return wire::read_count_before(bytes);
}

Expected<void> ask_restart(const std::string& directory) {
  TRY_DO(ask(directory, "/quintet.v1.Supervisor/Restart", wire::write_nothing()));
  return {};
}

}  // namespace quintet::host
