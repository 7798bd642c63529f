#include "link/service.h"

#include "base/check.h"
#include "link/running.h"

namespace quintet::link {

Answer::~Answer() {
  if (state_ != nullptr) state_->answer(broken("the handler gave no answer"));
}

void Answer::operator()(Expected<std::string> answer) {
  check(state_ != nullptr, "an Answer was used twice");
  std::exchange(state_, nullptr)->answer(std::move(answer));
}

void Service::add(std::string method, Handler handler) {
  check(methods_.emplace(std::move(method), std::move(handler)).second, "a method was added twice");
}

void Service::add_wire(std::string method, WireHandler handler) {
  check(methods_.emplace(std::move(method), std::move(handler)).second, "a method was added twice");
}

const Handler* Service::handler(std::string_view method) const {
  const auto found = methods_.find(method);
  return found == methods_.end() ? nullptr : std::get_if<Handler>(&found->second);
}

const WireHandler* Service::wire_handler(std::string_view method) const {
  const auto found = methods_.find(method);
  return found == methods_.end() ? nullptr : std::get_if<WireHandler>(&found->second);
}

std::vector<std::string> Service::methods() const {
  std::vector<std::string> names;
  for (const auto& [name, handler] : methods_) names.push_back(name);
  return names;
}

}  // namespace quintet::link
