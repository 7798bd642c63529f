#include "link/health.h"

#include <fmt/format.h>

#include "base/text.h"
#include "link/proto.h"
#include "link/session.h"

namespace quintet::link {

namespace {

// ServingStatus of the protocol.
enum class Serving : std::uint8_t {
  unknown = 0,
  serving = 1,
  not_serving = 2,
  service_unknown = 3
};

Expected<std::string> service_of(std::string_view request) {
  std::string name;
  ProtoReader in(request);
  while (in.next()) {
    if (in.field() == 1) name = in.bytes();
  }
  if (!in.ok()) return invalid("that is no HealthCheckRequest");
  return name;
}

std::string response_of(Serving serving) {
  std::string bytes;
  ProtoWriter(bytes).number(1, static_cast<std::uint64_t>(serving));
  return bytes;
}

}  // namespace

// One caller of Watch: hears the state at once, and each change of it; of changes that come while
// a write is under way the last alone.
class Health::Watch final : public Session {
 public:
  Watch(Health& health, Wire& wire) : Session(wire), health_(health) { read(); }
  ~Watch() override { health_.watches_.erase(this); }

  void on_message(std::string message) override {
    const auto name = service_of(message);
    if (!name) return finish(name.error());
    name_ = *name;
    health_.watches_.insert(this);
    tell();
  }
  void tell() {
    if (busy()) return;
    const auto found = health_.states_.find(name_);
    const Serving now = found == health_.states_.end() ? Serving::service_unknown
                        : found->second                ? Serving::serving
                                                       : Serving::not_serving;
    if (now == told_) return;
    told_ = now;
    send(response_of(now));
  }

 private:
  void on_idle() override { tell(); }

  Health& health_;
  std::string name_;
  Serving told_ = Serving::unknown;
};

void Health::offer(Service& service) {
  service.add(std::string(kHealthCheck), [this](const Incoming& call, Answer answer) {
    const auto name = service_of(call.request);
    if (!name) return answer(name.error());
    const auto found = states_.find(*name);
    if (found == states_.end()) {
      return answer(not_found(fmt::format("there is no service {}", shown(*name))));
    }
    answer(response_of(found->second ? Serving::serving : Serving::not_serving));
  });
  service.add_wire("/grpc.health.v1.Health/Watch", [this](const Incoming&, Wire& wire) {
    return std::make_unique<Watch>(*this, wire);
  });
}

void Health::set(const std::string& name, bool serving) {
  states_[name] = serving;
  for (Watch* watch : watches_) watch->tell();
}

std::string health_request(std::string_view service) {
  std::string bytes;
  ProtoWriter(bytes).bytes(1, service);
  return bytes;
}

Expected<bool> read_health(std::string_view response) {
  std::uint64_t status = 0;
  ProtoReader in(response);
  while (in.next()) {
    if (in.field() == 1) status = in.number();
  }
  if (!in.ok()) return broken("that is no HealthCheckResponse");
  return status == static_cast<std::uint64_t>(Serving::serving);
}

}  // namespace quintet::link
