#include "host/client_limits.h"

#include <algorithm>
#include <cmath>

namespace quintet::host {

namespace {

// No address and no token is named so.
const std::string kOthers = "others";

ClientLimitOptions with_burst(ClientLimitOptions options) {
  if (options.burst <= 0) options.burst = 2 * options.per_second;
  options.burst = std::max(options.burst, 1.0);
  return options;
}

}  // namespace

ClientLimits::ClientLimits(ClientLimitOptions options, std::size_t clients)
    : options_(with_burst(options)), most_(clients) {}

void ClientLimits::refill(Client& client, Micros now) const {
  const double seconds = static_cast<double>(now - client.counted) / kSecond;
  client.allowance = std::min(options_.burst, client.allowance + seconds * options_.per_second);
  client.counted = now;
}

// Of those that have not come for the longest time, the first that owes nothing goes.
bool ClientLimits::make_room(Micros now) {
  if (clients_.size() < most_) return true;
  const auto oldest = clients_.find(used_.front());
  refill(oldest->second, now);
  const bool owes = options_.per_second > 0 && oldest->second.allowance < options_.burst;
  if (owes || oldest->second.in_flight > 0) return false;
  used_.pop_front();
  clients_.erase(oldest);
  return true;
}

ClientLimits::Client* ClientLimits::find(const std::string& name, Micros now) {
  const auto found = clients_.find(name);
  if (found != clients_.end()) {
    Client& client = found->second;
    refill(client, now);
    used_.splice(used_.end(), used_, client.place);
    return &client;
  }
  if (name != kOthers && !make_room(now)) return nullptr;
  used_.push_back(name);
  Client fresh{options_.burst, now, 0, std::prev(used_.end())};
  return &clients_.emplace(name, fresh).first->second;
}

Micros ClientLimits::until(const Client& client, double allowance) const {
  if (client.allowance >= allowance) return 0;
  const double seconds = (allowance - client.allowance) / options_.per_second;
  return static_cast<Micros>(std::ceil(seconds * kSecond));
}

ClientLimits::Verdict ClientLimits::begin(std::string& name, Micros now) {
  Client* client = find(name, now);
  if (client == nullptr) {
    name = kOthers;
    client = find(name, now);
  }
  if (options_.in_flight > 0 && client->in_flight >= options_.in_flight) {
    return {Over::in_flight, kSecond};
  }
  if (options_.per_second > 0) {
    if (const Micros left = until(*client, 1); left > 0) return {Over::rate, left};
    client->allowance -= 1;
  }
  ++client->in_flight;
  return {};
}

void ClientLimits::end(const std::string& name) {
  const auto found = clients_.find(name);
  if (found != clients_.end() && found->second.in_flight > 0) --found->second.in_flight;
}

void ClientLimits::take(const std::string& name, double events, Micros now) {
  if (options_.per_second <= 0) return;
  const auto found = clients_.find(name);
  if (found == clients_.end()) return;
  refill(found->second, now);
  found->second.allowance -= events;
}

Micros ClientLimits::wait(const std::string& name, Micros now) {
  if (options_.per_second <= 0) return 0;
  const auto found = clients_.find(name);
  if (found == clients_.end()) return 0;
  refill(found->second, now);
  return until(found->second, 0);
}

}  // namespace quintet::host
