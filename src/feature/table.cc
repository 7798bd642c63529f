#include "feature/table.h"

#include "base/bytes.h"
#include "base/check.h"
#include "feature/route.h"

namespace quintet::feature {

using event::Value;

TableState::TableState(std::shared_ptr<const app::Spec> spec, int table)
    : spec_(std::move(spec)), table_(table) {}

const event::EventType& TableState::type() const {
  return spec_->events[static_cast<std::size_t>(table_)];
}

Expected<std::vector<Value>> TableState::parse(ByteReader& in, event::Arena& arena) const {
  std::vector<Value> values;
  for (const event::Field& field : type().fields) {
    TRY(const Value value, event::read_value(in, field.type, arena));
    values.push_back(value);
  }
  return values;
}

void TableState::apply(const FoldInput& input, const Touch& touch, PartialRow& out) {
  if (touch.use >= 0 && input.asks) {
    const auto& plan = spec_->rows[static_cast<std::size_t>(input.event_type)];
    const app::TableUse& use = plan.tables[static_cast<std::size_t>(touch.use)];
    std::vector<Value> values;
    if (const Row* row = rows_.find(touch.key)) {
      ByteReader in(row->bytes);
      auto parsed = parse(in, out.arena);
      check(parsed.has_value(), "a table's own row does not parse");
      values = *std::move(parsed);
    }
    for (const auto& read : use.reads) {
      const auto field = static_cast<std::size_t>(read.field);
      out.cells.push_back({read.slot, values.empty() ? Value() : values[field]});
    }
  }
  if (!touch.insert) return;
  std::string bytes;
  ByteWriter writer(bytes);
  for (std::size_t i = 0; i < type().fields.size(); ++i) {
    event::write_value(writer, type().fields[i].type, input.fields[i]);
  }
  rows_.find_or_add(touch.key).bytes = std::move(bytes);
}

void TableState::write(ByteWriter& out) const {
  const auto rows = rows_.sorted();
  out.varint(rows.size());
  for (const Row* row : rows) {
    out.text(KeyMap<Row>::key(*row));
    out.text(row->bytes);
  }
}

Expected<void> TableState::read(ByteReader& in, ShardId shard) {
  const std::uint64_t count = in.count(in.rest());
  std::string last;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const std::string_view key = in.text();
    const std::string_view bytes = in.text();
    if (!in.ok()) break;
    if ((i > 0 && key <= last) || key.empty() || shard_of(type().name, key) != shard) {
      return broken("a snapshot's table has a key out of its place");
    }
    last = key;
    // Read and written again, so that what we keep is in the one form.
    ByteReader row(bytes);
    event::Arena arena;
    TRY(const std::vector<Value> values, parse(row, arena));
    TRY_DO(row.finish("a table's row in a snapshot"));
    std::string again;
    ByteWriter writer(again);
    for (std::size_t f = 0; f < values.size(); ++f) {
      event::write_value(writer, type().fields[f].type, values[f]);
    }
    if (again != bytes) return broken("a table's row in a snapshot is not in its one form");
    rows_.find_or_add(key).bytes = std::move(again);
  }
  if (!in.ok()) return broken("a snapshot ends within a table");
  return {};
}

void TableState::add_to(Shard::Size& size) const {
  size.keys += rows_.size();
  size.bytes += rows_.bytes();
  for (const Row* row : rows_.sorted()) {
    size.bytes += sizeof(Row) + row->bytes.capacity();
  }
}

}  // namespace quintet::feature
