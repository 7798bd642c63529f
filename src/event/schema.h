// What an event of one type looks like: made by room app from the application file, read by
// everyone. Immutable after it is made; shared by pointer for the life of its Spec.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "event/types.h"
#include "event/value.h"

namespace quintet::event {

enum class Privacy : std::uint8_t { none, drop, pseudonymize, mask };
enum class Use : std::uint8_t { feature, label, audit };

struct Field {
  std::string name;
  Type type;
  std::string from;  // the name in the input; equals `name` unless the file says otherwise
  bool optional = false;
  Value fallback;  // `default:`; null if none. Its text lives in EventType::arena
  std::optional<Value> minimum, maximum;
  std::vector<std::string> levels;  // allowed texts; empty means any
  Use use = Use::feature;
  Privacy privacy = Privacy::none;
  // In the sealed part of a record: pseudonymized and masked fields.
  bool sealed() const { return privacy == Privacy::pseudonymize || privacy == Privacy::mask; }
};

// How text input is to be read.
struct InputRules {
  char separator = ',';
  std::vector<std::string> nulls = {""};  // CSV texts that mean null
  bool refuse_unknown = false;            // unknown input names: refuse instead of ignore
  // How bare numbers are read as timestamps: seconds, millis or micros since 1970.
  enum class Epoch : std::uint8_t { seconds, millis, micros } epoch = Epoch::seconds;
};

struct EventType {
  std::uint16_t index = 0;  // in Spec::events; stable within one application version
  std::string name;
  bool is_table = false;
  std::vector<Field> fields;  // in the order of the file; Event::values has the same order
  int id_field = -1;          // -1: the source's own place
  int time_field = -1;        // -1: time of admission
  int subject_field = -1;     // the first pseudonymized field (S8.2); -1 if none
  std::vector<int> key_fields;  // of a table
  InputRules input;
  Arena arena;  // owns the texts of defaults and limits

  // -1 if there is none.
  int field_index(std::string_view name) const;
};

}  // namespace quintet::event
