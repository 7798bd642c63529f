#include "stage/score.h"

#include "feature/route.h"
#include "stage/model_input.h"

namespace quintet::stage {

using event::Value;

std::string write_promotion(const Promotion& promotion) {
  std::string bytes;
  ByteWriter out(bytes);
  out.text(promotion.model);
  out.u32(promotion.version);
  out.text(promotion.digest);
  out.text(promotion.reason);
  return bytes;
}

Expected<Promotion> read_promotion(std::string_view body) {
  ByteReader in(body);
  Promotion promotion;
  promotion.model = in.text();
  promotion.version = in.u32();
  promotion.digest = in.text();
  promotion.reason = in.text();
  TRY_DO(in.finish("a promote record"));
  return promotion;
}

Score::Score(std::shared_ptr<const app::Spec> spec)
    : spec_(std::move(spec)), in_force_(spec_->models.size()) {}

Expected<void> Score::install(std::string_view model, std::uint32_t version,
                              std::shared_ptr<const learn::Model> loaded) {
  // Until it has passed: while a version of an older form of the application is the promoted one,
  // the model's outputs are null.
  auto& known = installed_[{std::string(model), version}];
  known = nullptr;
  if (loaded == nullptr) return {};  // it could not even be read under this Spec's names
  for (const app::ModelSpec& wanted : spec_->models) {
    if (wanted.name != model) continue;
    if (auto fits = check_model(wanted, *loaded); !fits) {
      return std::move(fits).error().during("version " + std::to_string(version) + " of model " +
                                            wanted.name);
    }
  }
  known = std::move(loaded);
  return {};
}

std::shared_ptr<const learn::Model> Score::installed(std::string_view model,
                                                     std::uint32_t version) const {
  const auto found = installed_.find(std::pair<std::string, std::uint32_t>(model, version));
  return found == installed_.end() ? nullptr : found->second;
}

Expected<void> Score::control(const event::Record& record) {
  if (record.kind != event::RecordKind::promote) return {};
  TRY(const Promotion promotion, read_promotion(record.plain));
  for (const app::ModelSpec& model : spec_->models) {
    if (model.name != promotion.model) continue;
    InForce& in_force = in_force_[static_cast<std::size_t>(model.index)];
    if (promotion.version == 0) {
      in_force = {};
      return {};
    }
    const auto known = installed_.find(std::pair(promotion.model, promotion.version));
    auto loaded = installed(promotion.model, promotion.version);
    if (known != installed_.end() && loaded == nullptr) {  // passed over
      in_force = {};
      return {};
    }
    if (loaded == nullptr) {
      return not_found("version " + std::to_string(promotion.version) + " of model " +
                       promotion.model + " is promoted at position " +
                       std::to_string(record.position) + " but is not in the registry");
    }
    if (loaded->digest() != promotion.digest) {
      return broken("version " + std::to_string(promotion.version) + " of model " +
                    promotion.model + " is not the one that was promoted: its digest differs");
    }
    in_force = {promotion.version, std::move(loaded)};
  }
  return {};
}

void Score::score(const Admitted& admitted, std::span<const feature::PartialRow* const> parts,
                  Outcome& out) {
  join(admitted, parts, out);
  Outcome* const row = &out;
  answer({&row, 1});
}

void Score::join(const Admitted& admitted, std::span<const feature::PartialRow* const> parts,
                 Outcome& out) {
  out.position = admitted.record.position;
  out.app_version = admitted.record.app_version;
  out.late = admitted.late;
  out.failure.clear();
  out.faults.clear();
  out.models.clear();
  out.cases.clear();
  out.slots.clear();
  out.arena.reset();
  if (!admitted.asks()) {
    out.status = OutcomeStatus::none;
    return;
  }
  out.status = OutcomeStatus::result;
  out.event_type = admitted.event.type->index;
  const app::RowPlan& plan = spec_->rows[out.event_type];
  out.slots.resize(static_cast<std::size_t>(plan.slots));
  std::copy(admitted.event.values.begin(), admitted.event.values.end(), out.slots.begin());
  feature::PartialRow unasked;  // S3.7: a null key
  feature::answer_empty(*spec_, static_cast<int>(out.event_type), admitted.touches, unasked);
  for (const auto& cell : unasked.cells) {
    out.slots[static_cast<std::size_t>(cell.slot)] = cell.value;
  }
  for (const feature::PartialRow* part : parts) {
    for (const auto& cell : part->cells) {
      out.slots[static_cast<std::size_t>(cell.slot)] = cell.value;
    }
  }
  out.cases.assign(plan.decisions.size(), -1);
}

void Score::answer(std::span<Outcome* const> rows) {
  for (std::size_t type = 0; type < spec_->rows.size(); ++type) {
    same_.clear();
    for (Outcome* row : rows) {
      if (row->status == OutcomeStatus::result && row->event_type == type) same_.push_back(row);
    }
    if (!same_.empty()) run_steps(spec_->rows[type], same_);
  }
}

void Score::run_steps(const app::RowPlan& plan, std::span<Outcome* const> rows) {
  for (const app::Step& step : plan.steps) {
    const auto index = static_cast<std::size_t>(step.index);
    switch (step.what) {
      case app::Step::What::column: {
        const app::Column& column = plan.columns[index];
        if (const int from = column.program.only_slot(); from >= 0) {
          const auto to = static_cast<std::size_t>(column.slot);
          for (Outcome* row : rows) row->slots[to] = row->slots[static_cast<std::size_t>(from)];
        } else {
          for (Outcome* row : rows) run_column(column, *row);
        }
        break;
      }
      case app::Step::What::model: run_model(spec_->models[index], rows); break;
      case app::Step::What::decision:
        for (Outcome* row : rows) run_decision(plan.decisions[index], index, *row);
        break;
    }
  }
}

void Score::run_column(const app::Column& column, Outcome& out) {
  expr::Fault fault = expr::Fault::none;
  out.slots[static_cast<std::size_t>(column.slot)] =
      column.program.run(out.slots, out.arena, &fault);
  if (fault != expr::Fault::none) out.faults.push_back({column.slot, fault});
}

void Score::run_model(const app::ModelSpec& model, std::span<Outcome* const> rows) {
  const InForce& in_force = in_force_[static_cast<std::size_t>(model.index)];
  if (in_force.model == nullptr) return;  // S7.4: outputs stay null
  const app::RowPlan& plan = spec_->rows[static_cast<std::size_t>(model.of)];
  const std::size_t width = model.inputs.size();
  scored_.clear();
  inputs_.resize(rows.size() * width);
  for (Outcome* row : rows) {
    if (model.where) {
      const Value met = model.where.run(row->slots, row->arena);
      if (met.is_null() || !met.as_bool()) continue;
    }
    read_inputs(model, plan, row->slots, std::span(inputs_).subspan(scored_.size() * width, width));
    scored_.push_back(row);
  }
  if (scored_.empty()) return;
  const std::size_t outputs = in_force.model->n_outputs();
  outputs_.resize(scored_.size() * outputs);
  in_force.model->score_rows(std::span(inputs_).first(scored_.size() * width), outputs_);
  for (std::size_t r = 0; r < scored_.size(); ++r) {
    Outcome& row = *scored_[r];
    for (std::size_t i = 0; i < model.outputs.size(); ++i) {
      row.slots[static_cast<std::size_t>(model.outputs[i].slot)] =
          Value::real_or_null(static_cast<double>(outputs_[r * outputs + i]));
    }
    row.models.push_back({static_cast<std::uint16_t>(model.index), in_force.version});
  }
}

void Score::run_decision(const app::Decision& decision, std::size_t index, Outcome& out) {
  for (std::size_t i = 0; i < decision.cases.size(); ++i) {
    const app::Case& one = decision.cases[i];
    if (one.when) {
      const Value met = one.when.run(out.slots, out.arena);
      if (met.is_null() || !met.as_bool()) continue;
    }
    out.cases[index] = static_cast<int>(i);
    out.slots[static_cast<std::size_t>(decision.slot)] = Value::text(one.then);
    return;
  }
}

}  // namespace quintet::stage
