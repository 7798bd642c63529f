#include "stage/model_input.h"

#include <limits>

#include "base/decimal.h"

namespace quintet::stage {

using event::Kind;
using event::Value;

float to_input(event::Type type, Value value) {
  switch (value.kind()) {
    case Kind::boolean: return value.as_bool() ? 1.0F : 0.0F;
    case Kind::int64: return static_cast<float>(value.as_int64());
    case Kind::real: return static_cast<float>(value.as_real());
    case Kind::decimal: return static_cast<float>(decimal_to_double(value.as_int64(), type.scale));
    default: return std::numeric_limits<float>::quiet_NaN();
  }
}

void read_inputs(const app::ModelSpec& model, const app::RowPlan& plan,
                 std::span<const Value> slots, std::span<float> inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto slot = static_cast<std::size_t>(model.inputs[i]);
    inputs[i] = to_input(plan.slot_types[slot], slots[slot]);
  }
}

}  // namespace quintet::stage
