#include "host/node.h"

#include "host/request.h"

namespace quintet::host {

event::Decoder Node::new_decoder(int event_type) const {
  const app::Spec& spec = intake()->spec();
  return event::Decoder(spec.events[static_cast<std::size_t>(event_type)],
                        {intake()->pseudonym_key(), spec.utc_offset_minutes});
}

event::Decoder& Node::decoder(int event_type) {
  const auto found = decoders.find(event_type);
  if (found != decoders.end()) return found->second;
  return decoders.emplace(event_type, new_decoder(event_type)).first->second;
}

std::vector<std::string_view> event_names(const app::Spec& spec) {
  std::vector<std::string_view> names;
  for (const event::EventType& type : spec.events) names.emplace_back(type.name);
  return names;
}

Expected<int> event_type_of(const app::Spec& spec, const HttpRequest& request) {
  const auto name = request.query_value("event");
  if (name) {
    const int index = spec.event_index(*name);
    if (index >= 0) return index;
    return unknown_name("event or table", *name, event_names(spec)).at("event");
  }
  int only = -1;
  for (const event::EventType& type : spec.events) {
    if (type.is_table) continue;
    if (only >= 0) {
      return invalid("the application has several events: say which, as ?event=NAME").at("event");
    }
    only = type.index;
  }
  return only;
}

}  // namespace quintet::host
