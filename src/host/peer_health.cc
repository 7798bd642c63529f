#include "host/peer_health.h"

#include "link/health.h"

namespace quintet::host {

void PeerHealth::watch(std::string name, link::Caller& peer) {
  peers_[name].caller = &peer;
  ask(name);
}

void PeerHealth::forget(const std::string& name) {
  peers_.erase(name);
}

void PeerHealth::ask(const std::string& name) {
  const Micros now = local_.clock.steady();
  link::Call call{std::string(link::kHealthCheck), link::health_request(""), now + kHealthPatience};
  call.idempotent = true;
  const Peer& peer = peers_.at(name);
  peer.caller->call(std::move(call), [this, name, now, here = std::weak_ptr<int>(peer.watched)](
                                         const Expected<std::string>& bytes) {
    if (!here.expired()) answered(name, now, bytes);
  });
}

void PeerHealth::answered(const std::string& name, Micros asked,
                          const Expected<std::string>& bytes) {
  Peer& peer = peers_.at(name);
  peer.again = local_.scheduler.after(kAskHealth, [this, name] { ask(name); });
  const auto serves = bytes ? link::read_health(*bytes) : Expected<bool>(false);
  bool away = false, first = false;
  if (serves && *serves) {
    peer.failing_since.reset();
    first = !std::exchange(peer.heard, true);
  } else {
    if (!peer.failing_since) peer.failing_since = asked;
    away = local_.clock.steady() - *peer.failing_since >= kAwayAfter;
  }
  if (std::exchange(peer.away, away) != away || first) changed_();
}

bool PeerHealth::away(std::string_view name) const {
  const auto found = peers_.find(name);
  return found != peers_.end() && found->second.away;
}

std::vector<std::string_view> PeerHealth::missing() const {
  std::vector<std::string_view> names;
  for (const auto& [name, peer] : peers_) {
    if (peer.away || !peer.heard) names.push_back(name);
  }
  return names;
}

}  // namespace quintet::host
