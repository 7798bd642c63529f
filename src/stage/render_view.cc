#include "stage/render_view.h"

#include "base/civil.h"
#include "base/json_out.h"
#include "event/csv_cell.h"

namespace quintet::stage {

namespace {

struct Named {
  std::string name;
  event::Type type;
};

std::vector<Named> keys_of(const app::Spec& spec, const app::View& view) {
  const app::RowPlan& plan = spec.rows[static_cast<std::size_t>(view.of)];
  std::vector<Named> out;
  for (const app::Slot slot : view.by) {
    const auto i = static_cast<std::size_t>(slot);
    out.push_back({plan.slot_names[i], plan.slot_types[i]});
  }
  return out;
}

void append_values(JsonWriter& json, const std::vector<Named>& names,
                   const std::vector<event::Value>& values) {
  json.begin_object();
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string text;
    event::append_json(text, names[i].type, values[i]);
    json.key(names[i].name).raw(text);
  }
  json.end_object();
}

std::vector<Named> cells_of(const app::View& view) {
  std::vector<Named> out;
  for (const app::ViewAggregate& aggregate : view.aggregates) {
    out.push_back({aggregate.name, aggregate.type});
  }
  return out;
}

}  // namespace

void append_view_json(std::string& out, const app::Spec& spec, const app::View& view,
                      const ViewPage& page, Position durable) {
  const auto keys = keys_of(spec, view);
  const auto cells = cells_of(view);
  JsonWriter json(out);
  json.begin_object().field("view", view.name).key("position").uint64(page.position);
  json.key("durable").uint64(durable);
  if (page.newest != kNoTime) json.field("newest", format_time(page.newest));
  json.key("lines").begin_array();
  for (const ViewLine& line : page.lines) {
    json.begin_object();
    if (view.every > 0) json.field("bucket", format_time(line.bucket));
    json.key("by");
    append_values(json, keys, line.key);
    json.key("values");
    append_values(json, cells, line.cells);
    json.end_object();
  }
  json.end_array();
  if (!page.next.empty()) json.field("next", page.next);
  json.end_object();
}

void append_view_csv(std::string& out, const app::Spec& spec, const app::View& view,
                     const ViewPage& page) {
  const auto keys = keys_of(spec, view);
  const auto cells = cells_of(view);
  bool first = true;
  const auto comma = [&] {
    if (!std::exchange(first, false)) out += ',';
  };
  const auto end = [&] {
    out += '\n';
    first = true;
  };
  if (view.every > 0) {
    comma();
    out += "bucket";
  }
  for (const auto* names : {&keys, &cells}) {
    for (const Named& one : *names) {
      comma();
      event::append_csv_cell(out, one.name);
    }
  }
  end();
  for (const ViewLine& line : page.lines) {
    if (view.every > 0) {
      comma();
      append_time(out, line.bucket);
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      comma();
      event::append_csv_cell(out, keys[i].type, line.key[i]);
    }
    for (std::size_t i = 0; i < cells.size(); ++i) {
      comma();
      event::append_csv_cell(out, cells[i].type, line.cells[i]);
    }
    end();
  }
}

}  // namespace quintet::stage
