// run     := magic "QO" version:u8 flags:u8=0 first:u64 count:u32 (length:varint outcome)* crc:u32
// outcome := status:u8 app_version:varint [result, failed: event_type:varint late:u8
//            values faults models failure:text]
// values  := for each column, model output: write_value; for each decision: case + 1:varint
#include "stage/outcome.h"

namespace quintet::stage {

namespace {

constexpr std::string_view kMagic = "QO";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 16;

// Columns and model outputs, in slot order of their owners: what write_value handles. Ends early
// where `each` gives false.
template <class Each>
void each_stored_slot(const app::Spec& spec, const app::RowPlan& plan, Each each) {
  for (const app::Column& column : plan.columns) {
    if (!each(column.slot)) return;
  }
  for (const int model : plan.models) {
    for (const auto& output : spec.models[static_cast<std::size_t>(model)].outputs) {
      if (!each(output.slot)) return;
    }
  }
}

const app::RowPlan& plan_of(const app::Spec& spec, const Outcome& outcome) {
  return spec.rows[outcome.event_type];
}

}  // namespace

void write_outcome(ByteWriter& out, const app::Spec& spec, const Outcome& outcome) {
  out.u8(static_cast<std::uint8_t>(outcome.status));
  out.varint(outcome.app_version);
  if (outcome.status != OutcomeStatus::result && outcome.status != OutcomeStatus::failed) return;
  const app::RowPlan& plan = plan_of(spec, outcome);
  out.varint(outcome.event_type);
  out.u8(outcome.late ? 1 : 0);
  event::ValueWriter values(out);
  each_stored_slot(spec, plan, [&](app::Slot slot) {
    const auto i = static_cast<std::size_t>(slot);
    values.write(plan.slot_types[i], outcome.slots[i]);
    return true;
  });
  values.finish();
  for (std::size_t i = 0; i < plan.decisions.size(); ++i) {
    out.varint(static_cast<std::uint64_t>(outcome.cases[i] + 1));
  }
  out.varint(outcome.faults.size());
  for (const ColumnFault& fault : outcome.faults) {
    out.varint(static_cast<std::uint64_t>(fault.slot));
    out.u8(static_cast<std::uint8_t>(fault.fault));
  }
  out.varint(outcome.models.size());
  for (const UsedModel& used : outcome.models) {
    out.varint(used.model);
    out.varint(used.version);
  }
  out.text(outcome.failure);
}

namespace {

// An index below `size`.
std::uint64_t read_index(ByteReader& in, std::size_t size) {
  const std::uint64_t index = in.varint();
  if (index >= size) in.fail();
  return in.ok() ? index : 0;
}

Expected<void> read_values(ByteReader& in, const app::Spec& spec, const app::RowPlan& plan,
                           Outcome& outcome) {
  outcome.slots.resize(static_cast<std::size_t>(plan.slots));
  Expected<void> all;
  each_stored_slot(spec, plan, [&](app::Slot slot) {
    const auto i = static_cast<std::size_t>(slot);
    auto value = event::read_value(in, plan.slot_types[i], outcome.arena);
    if (value) {
      outcome.slots[i] = *value;
    } else {
      all = std::move(value).error();
    }
    return all.has_value();
  });
  TRY_DO(std::move(all));
  outcome.cases.resize(plan.decisions.size());
  for (std::size_t i = 0; i < plan.decisions.size(); ++i) {
    const app::Decision& decision = plan.decisions[i];
    outcome.cases[i] = static_cast<int>(in.count(decision.cases.size())) - 1;
    if (outcome.cases[i] < 0) continue;
    const app::Case& taken = decision.cases[static_cast<std::size_t>(outcome.cases[i])];
    outcome.slots[static_cast<std::size_t>(decision.slot)] = event::Value::text(taken.then);
  }
  return {};
}

}  // namespace

Expected<Outcome> read_outcome(ByteReader& in, const app::Spec& spec, Position position) {
  Outcome outcome;
  outcome.position = position;
  outcome.status = static_cast<OutcomeStatus>(in.count(3));
  outcome.app_version = static_cast<AppVersion>(in.count(0xffffffff));
  if (in.ok() &&
      (outcome.status == OutcomeStatus::result || outcome.status == OutcomeStatus::failed)) {
    outcome.event_type = static_cast<std::uint16_t>(in.count(0xffff));
    if (outcome.event_type >= spec.rows.size()) {
      return broken("the outcome of position " + std::to_string(position) +
                    " names an event type that its application version lacks");
    }
    const app::RowPlan& plan = plan_of(spec, outcome);
    outcome.late = in.u8() != 0;
    TRY_DO(read_values(in, spec, plan, outcome));
    outcome.faults.resize(in.count(plan.slot_types.size()));
    for (ColumnFault& fault : outcome.faults) {
      fault.slot = static_cast<app::Slot>(read_index(in, plan.slot_types.size()));
      fault.fault = static_cast<expr::Fault>(in.count(2));
    }
    outcome.models.resize(in.count(spec.models.size()));
    for (UsedModel& used : outcome.models) {
      used.model = static_cast<std::uint16_t>(read_index(in, spec.models.size()));
      used.version = static_cast<std::uint32_t>(in.count(0xffffffff));
    }
    outcome.failure = in.text();
  }
  if (!in.done())
    return broken("the outcome of position " + std::to_string(position) + " is damaged");
  return outcome;
}

void OutcomeRunWriter::add_bytes(Position position, std::string_view body) {
  if (empty()) {
    run_.first = position;
    run_.last = position - 1;
    run_.bytes.resize(kHeaderBytes);
  }
  check(position == run_.last + 1, "outcomes of a run have no gaps");
  run_.last = position;
  ByteWriter(run_.bytes).text(body);
}

void OutcomeRunWriter::skip(Position from, Position last) {
  for (Position at = empty() ? from : run_.last + 1; at <= last; ++at) add_bytes(at, {});
}

void OutcomeRunWriter::add(const app::Spec& spec, const Outcome& outcome) {
  constexpr std::size_t kUsual = 8;  // bytes of a slot
  std::string body;
  body.reserve(kUsual * outcome.slots.size());
  ByteWriter writer(body);
  write_outcome(writer, spec, outcome);
  add_bytes(outcome.position, body);
}

OutcomeBytes OutcomeRunWriter::take() {
  check(!empty(), "a run holds at least one outcome");
  std::string header;
  ByteWriter out(header);
  out.raw(kMagic);
  out.u8(kVersion);
  out.u8(0);
  out.u64(run_.first);
  out.u32(static_cast<std::uint32_t>(run_.last - run_.first + 1));
  run_.bytes.replace(0, kHeaderBytes, header);
  ByteWriter(run_.bytes).u32(crc32c(run_.bytes));
  return std::exchange(run_, OutcomeBytes{});
}

namespace {

// Their bytes, in position order; empty where one is missing.
Expected<std::vector<std::string_view>> read_bodies(const OutcomeBytes& run) {
  const std::string_view bytes = run.bytes;
  if (bytes.size() < kHeaderBytes + 4 || bytes.substr(0, 2) != kMagic) {
    return broken("this is no run of outcomes");
  }
  if (static_cast<std::uint8_t>(bytes[2]) != kVersion) {
    return broken("the format of these outcomes is unknown to this build");
  }
  ByteReader tail(bytes.substr(bytes.size() - 4));
  if (tail.u32() != crc32c(bytes.substr(0, bytes.size() - 4))) {
    return broken("a run of outcomes does not match its checksum");
  }
  ByteReader in(bytes.substr(4, bytes.size() - 8));
  const Position position = in.u64();
  const std::uint32_t count = in.u32();
  if (position != run.first || count != run.last - run.first + 1 || count > bytes.size()) {
    return broken("a run of outcomes does not cover the positions it is stored for");
  }
  std::vector<std::string_view> bodies(count);
  for (std::string_view& body : bodies) body = in.text();
  TRY_DO(in.finish("a run of outcomes"));
  return bodies;
}

}  // namespace

Expected<OutcomeBytes> merge_runs(std::span<const OutcomeBytes> runs) {
  std::vector<std::string_view> whole;
  for (const OutcomeBytes& run : runs) {
    TRY(const auto bodies, read_bodies(run));
    if (whole.empty()) whole.resize(bodies.size());
    if (run.first != runs.front().first || bodies.size() != whole.size()) {
      return broken("outcomes of different blocks make no run");
    }
    for (std::size_t i = 0; i < whole.size(); ++i) {
      if (whole[i].empty()) whole[i] = bodies[i];
    }
  }
  OutcomeRunWriter merged;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const Position position = runs.front().first + i;
    if (whole[i].empty()) {
      return broken("nobody has made the outcome of position " + std::to_string(position));
    }
    merged.add_bytes(position, whole[i]);
  }
  return merged.take();
}

Expected<std::vector<OutcomeView>> read_run(const OutcomeBytes& run) {
  TRY(const auto bodies, read_bodies(run));
  Position position = run.first;
  std::vector<OutcomeView> views(bodies.size());
  for (OutcomeView& view : views) {
    view.bytes = bodies[position - run.first];
    view.position = position++;
    ByteReader head(view.bytes);
    view.status = static_cast<OutcomeStatus>(head.count(3));
    view.app_version = static_cast<AppVersion>(head.count(0xffffffff));
    if (!head.ok()) return broken("a run of outcomes is damaged");
  }
  return views;
}

}  // namespace quintet::stage
