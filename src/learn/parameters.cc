#include "learn/parameters.h"

namespace quintet::learn {

namespace {

constexpr std::string_view kXgboostParameters[] = {"eta",
                                                   "learning_rate",
                                                   "max_depth",
                                                   "max_leaves",
                                                   "max_bin",
                                                   "min_child_weight",
                                                   "gamma",
                                                   "min_split_loss",
                                                   "lambda",
                                                   "reg_lambda",
                                                   "alpha",
                                                   "reg_alpha",
                                                   "subsample",
                                                   "sampling_method",
                                                   "colsample_bytree",
                                                   "colsample_bylevel",
                                                   "colsample_bynode",
                                                   "scale_pos_weight",
                                                   "base_score",
                                                   "max_delta_step",
                                                   "grow_policy",
                                                   "tree_method",
                                                   "num_parallel_tree",
                                                   "monotone_constraints",
                                                   "interaction_constraints"};
constexpr std::string_view kLinearParameters[] = {"l2", "max_iterations"};

}  // namespace

std::span<const std::string_view> trainer_parameters(std::string_view type) {
  if (type == "linear") return kLinearParameters;
  return kXgboostParameters;
}

}  // namespace quintet::learn
