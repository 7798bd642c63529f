#include "app/spec.h"

namespace quintet::app {

int Spec::event_index(std::string_view name) const {
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

int Spec::label_index(std::string_view name) const {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

std::vector<int> Spec::labels_of(int event_type) const {
  std::vector<int> out;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].of == event_type) out.push_back(static_cast<int>(i));
  }
  return out;
}

}  // namespace quintet::app
