// The rows that a model learns from: the fold's own rows under one Spec, with labels as they were
// known at a recorded time (S5.4, DESIGN 6.9). Whoever has a log or files folds them through this
// object, record by record, and then asks for the cut.
//
// Rows are cut by event time. With end = as_of - after, where `after` is the label's:
//
//   [end - holdout, end]                                judged on
//   [end - holdout - after, end - holdout)              the gap: not known at the holdout's begin
//   [end - holdout - after - window, end - holdout - after)   learned from; without window: all
//
// Without a holdout there is no gap. One thread; reads no clock and opens nothing.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "learn/rows.h"
#include "stage/infer.h"

namespace quintet::stage {

class TrainingRows {
 public:
  // `model` is an index into Spec::models, of one with rules for training.
  TrainingRows(std::shared_ptr<const app::Spec> spec, int model);

  // The models that other models of the application read are installed here before the records that
  // promote them are added.
  Score& score() { return infer_.score(); }

  // State from before the log's beginning is put in here first (S10.2).
  Infer& infer() { return infer_; }

  // History records ask too: done to each record before it is decoded.
  static void make_asking(event::Record& record);
  // The next record of the log, written under the Spec `written`. Errors: those of Infer::apply.
  Expected<void> add(const Admitted& admitted, const app::Spec& written);

  std::size_t size() const { return times_.size(); }
  // The inputs of the rows up to a position, and of those behind it, row-major.
  std::pair<std::span<const float>, std::span<const float>> split_at(Position position) const;
  Position last() const { return last_; }
  // Event time of the newest row; kNoTime without rows.
  Micros newest() const { return newest_; }
  // As of when labels are taken if nobody says: now, but not later than the newest row's label
  // needs.
  Micros as_of(Micros now) const;

  // Rows to learn from and to judge on, in position order; the others are left out. `invalid` if
  // there is nothing to learn from, or a holdout was asked for and is empty. The rules may be
  // others than the Spec's in all that set_rule() changes.
  Expected<learn::Rows> cut(const app::TrainRules& rules, Micros as_of) const;

 private:
  void take_reports(const Admitted& admitted, const app::Spec& written);

  std::shared_ptr<const app::Spec> spec_;
  const app::ModelSpec& model_;
  const app::Label& label_;
  std::size_t label_place_ = 0;  // in Spec::labels_of
  Infer infer_;
  Outcome outcome_;

  Position last_ = kNoPosition;
  Micros newest_ = kNoTime;
  std::vector<float> values_;  // row-major
  std::vector<float> labels_;  // NaN: none came
  std::vector<Position> positions_;
  std::vector<Micros> times_;
};

// How far back rows are learned from; 0: to the first. It stands among the rules' parameters, which
// are otherwise the library's own.
Micros training_window(const app::TrainRules& rules);

// What a training run is asked for, as learn/train/request.h reads it.
struct TrainingRequest {
  const app::Spec& spec;
  const app::ModelSpec& model;
  const app::TrainRules& rules;
  std::uint32_t version = 1;
  Position log_to = kNoPosition;
  Micros as_of = 0;
  Position log_from = 1;
};
std::string write_training_request(const TrainingRequest& request);

// The model's own rules, to be changed: all but `where`, which stays with the Spec.
app::TrainRules rules_of(const app::ModelSpec& model);

// Changes one rule by the name that it has under `train` (rounds, seed, window, holdout, ... or a
// parameter of the library): the --set of the command line. Not label, where and metrics.
Expected<void> set_rule(app::TrainRules& rules, std::string_view name, std::string_view value);

// Whether the library that trains models of this type knows all the parameters, with these values:
// better said now than after the log is folded.
Expected<void> check_parameters(const app::ModelSpec& model, const app::TrainRules& rules);

// The words `when` of an application file in action: why `fresh` takes over from `current`, or
// nothing if it does not. Equals keep the one in force; so does a figure that could not be
// measured.
std::string promotion_reason(const app::ModelSpec& model, double fresh, double current);

}  // namespace quintet::stage
