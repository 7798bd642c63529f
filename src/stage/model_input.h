// What a model sees of a row (S7.1). Serving and training read rows by these functions alone, so
// they cannot differ (DESIGN 6.9). Pure; any thread.
#pragma once

#include <span>
#include <vector>

#include "app/spec.h"
#include "learn/model.h"

namespace quintet::stage {

// The nearest float32; NaN for null and for what is no number.
float to_input(event::Type type, event::Value value);

// The inputs of a model on a row, in the order of its names: as many as `inputs` has room for.
void read_inputs(const app::ModelSpec& model, const app::RowPlan& plan,
                 std::span<const event::Value> slots, std::span<float> inputs);

// Whether a model can stand for this one of the application: the same inputs in the same order, and
// the outputs that its objective has. `conflict` in the words of whoever brings the file.
Expected<void> check_model(const app::ModelSpec& wanted, const learn::Model& model);

}  // namespace quintet::stage
