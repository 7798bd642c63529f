#include "event/schema.h"

namespace quintet::event {

int EventType::field_index(std::string_view wanted) const {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == wanted) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace quintet::event
