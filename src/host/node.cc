#include "host/node.h"

namespace quintet::host {

event::Decoder Node::new_decoder(int event_type) const {
  const app::Spec& spec = place->spec();
  return event::Decoder(spec.events[static_cast<std::size_t>(event_type)],
                        {place->pseudonym_key(), spec.utc_offset_minutes});
}

event::Decoder& Node::decoder(int event_type) {
  const auto found = decoders.find(event_type);
  if (found != decoders.end()) return found->second;
  return decoders.emplace(event_type, new_decoder(event_type)).first->second;
}

Expected<int> event_type_of(const app::Spec& spec, const HttpRequest& request) {
  const auto name = request.query_value("event");
  if (name) {
    const int index = spec.event_index(*name);
    if (index >= 0) return index;
    return not_found("the application has no event or table \"" + std::string(*name) + "\"")
        .at("event");
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
