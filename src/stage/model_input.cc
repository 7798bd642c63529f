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

namespace {

// "3 classes (multi:softprob)"
std::string made_by(const std::vector<std::string>& outputs, const std::string& objective) {
  const std::string what = outputs.size() > 1 ? std::to_string(outputs.size() - 1) + " classes"
                           : outputs.front() == "probability" ? "a probability"
                                                              : "a value";
  return what + " (" + objective + ")";
}

std::string hint_for(const learn::Model& model) {
  const auto& outputs = model.outputs();
  if (outputs.size() > 1) {
    return "`objective: multi:softprob` and `classes: " + std::to_string(outputs.size() - 1) + "`";
  }
  return outputs.front() == "probability" ? "`objective: binary:logistic`"
                                          : "`objective: reg:squarederror`";
}

}  // namespace

Expected<void> check_model(const app::ModelSpec& wanted, const learn::Model& model) {
  if (model.features() != wanted.input_names) {
    return conflict("it has other inputs than the application file");
  }
  std::vector<std::string> outputs;
  for (const app::ModelOutput& output : wanted.outputs) outputs.push_back(output.name);
  if (model.outputs() == outputs) return {};
  return conflict("it predicts " + made_by(model.outputs(), model.objective()) +
                  ", in the application file the model gives " +
                  made_by(outputs, wanted.objective) + "; a model that is not trained there can " +
                  "say " + hint_for(model));
}

}  // namespace quintet::stage
