// The scoring half of infer: a joined row in, an outcome out. Columns, models and decisions run in
// the order that the Spec fixed; the model version is the one promoted last at a smaller position
// (S7.1). Pure, apart from what install() and control records set. One thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "learn/model.h"
#include "stage/admitted.h"
#include "stage/outcome.h"

namespace quintet::stage {

// The body of a promote record. `digest` is the model's, so that a reader can tell that it has the
// right bytes.
struct Promotion {
  std::string model;
  std::uint32_t version = 0;  // 0: none, the model's outputs are null again
  std::string digest;
  std::string reason;  // "by hand", "average_precision 0.66 >= 0.63", "rolled back from 7"
};
std::string write_promotion(const Promotion& promotion);
Expected<Promotion> read_promotion(std::string_view body);

class Score {
 public:
  explicit Score(std::shared_ptr<const app::Spec> spec);

  // Makes a model version known, before the promote record that names it is applied. Refuses a
  // model whose inputs or outputs are not the Spec's.
  Expected<void> install(std::string_view model, std::uint32_t version,
                         std::shared_ptr<const learn::Model> loaded);
  // Applies a control record. A promotion of a version that was not installed is `not_found`; of a
  // model that the Spec lacks it has no effect.
  Expected<void> control(const event::Record& record);

  // The outcome of a row. `out` is reset first. Records that ask nothing give status `none`.
  void score(const Admitted& admitted, std::span<const feature::PartialRow* const> parts,
             Outcome& out);
  // The same in two halves, for who has many rows and no hurry: join() each, then answer() them
  // together, so that a model scores its rows at once. Between the two there is no control record,
  // and each record's event and parts, whose texts the row borrows, stay as they are.
  void join(const Admitted& admitted, std::span<const feature::PartialRow* const> parts,
            Outcome& out);
  void answer(std::span<Outcome* const> rows);

  struct InForce {
    std::uint32_t version = 0;
    std::shared_ptr<const learn::Model> model;
  };
  // By Spec::models. What a prediction without position uses.
  const std::vector<InForce>& in_force() const { return in_force_; }
  const app::Spec& spec() const { return *spec_; }
  std::shared_ptr<const learn::Model> installed(std::string_view model,
                                                std::uint32_t version) const;

 private:
  void run_column(const app::Column& column, Outcome& out);
  void run_steps(const app::RowPlan& plan, std::span<Outcome* const> rows);
  void run_model(const app::ModelSpec& model, std::span<Outcome* const> rows);
  void run_decision(const app::Decision& decision, std::size_t index, Outcome& out);

  std::shared_ptr<const app::Spec> spec_;
  std::vector<InForce> in_force_;
  std::map<std::pair<std::string, std::uint32_t>, std::shared_ptr<const learn::Model>, std::less<>>
      installed_;
  // Scratch.
  std::vector<Outcome*> same_;    // rows of one event type
  std::vector<Outcome*> scored_;  // of these, the ones that a model takes
  std::vector<float> inputs_;
  std::vector<float> outputs_;
};

}  // namespace quintet::stage
