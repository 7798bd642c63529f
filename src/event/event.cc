#include "event/event.h"

namespace quintet::event {

Hash128 content_hash(const Event& event, std::string& scratch) {
  scratch.clear();
  ByteWriter out(scratch);
  for (const Value value : event.values) write_canonical(out, value);
  return hash128(scratch);
}

std::string encode_part(const EventType& type, std::span<const Value> values, bool sealed) {
  constexpr std::size_t kUsual = 12;  // bytes of a field
  std::string bytes;
  bytes.reserve(sealed ? 0 : kUsual * type.fields.size());
  ByteWriter out(bytes);
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    if (type.fields[i].sealed() == sealed) write_value(out, type.fields[i].type, values[i]);
  }
  return bytes;
}

Expected<void> decode_part(const EventType& type, std::string_view bytes, bool sealed, Arena& arena,
                           std::span<Value> values) {
  ByteReader in(bytes);
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    if (type.fields[i].sealed() != sealed) continue;
    TRY(values[i], read_value(in, type.fields[i].type, arena));
  }
  return in.finish("the fields of " + type.name);
}

}  // namespace quintet::event
