#include <charconv>
#include <cmath>

#include "base/text.h"
#include "learn/model.h"
#include "learn/trees.h"

namespace quintet::learn {
namespace {

struct Objective {
  std::string_view name;
  Link link;
  bool logit;   // base_score is a probability and the margin its logit
  bool binary;  // the output is a probability of 1
  bool multi;
};

// reg:logistic predicts a share, not the probability of a class: its output is `value`.
constexpr Objective kObjectives[] = {
    {"binary:logistic", Link::logistic, true, true, false},
    {"binary:logitraw", Link::identity, false, false, false},
    {"reg:logistic", Link::logistic, true, false, false},
    {"multi:softprob", Link::softmax, false, false, true},
    {"multi:softmax", Link::softmax, false, false, true},
    {"reg:squarederror", Link::identity, false, false, false},
    {"reg:squaredlogerror", Link::identity, false, false, false},
    {"reg:pseudohubererror", Link::identity, false, false, false},
    {"reg:absoluteerror", Link::identity, false, false, false},
    {"reg:linear", Link::identity, false, false, false},
    {"count:poisson", Link::exponent, false, false, false},
    {"reg:gamma", Link::exponent, false, false, false},
    {"reg:tweedie", Link::exponent, false, false, false},
    {"rank:pairwise", Link::identity, false, false, false},
    {"rank:ndcg", Link::identity, false, false, false},
    {"rank:map", Link::identity, false, false, false},
};

constexpr std::string_view kIgnored[] = {
    "attributes",
    "base_weights",
    "categories_nodes",
    "categories_segments",
    "categories_sizes",
    "feature_types",
    "iteration_indptr",
    "loss_changes",
    "parents",
    "sum_hessian",
    "id",
};

Expected<const Objective*> known_objective(const Place& learner) {
  TRY(const Place objective, learner.member("objective"));
  TRY(const Place name, objective.member("name"));
  TRY(const std::string_view text, name.text());
  for (const Objective& known : kObjectives) {
    if (known.name == text) return &known;
  }
  return name.wrong("is " + shown(text) + ", an objective that cannot be scored here");
}

Expected<void> check_version(const Place& root) {
  if (!root.has("version")) return root.wrong("lacks \"version\": it is no XGBoost model");
  TRY(const Place version, root.member("version"));
  TRY(const auto parts, version.numbers());
  if (parts.size() != 3) return version.wrong("should be three numbers");
  const bool old = parts[0] < 1 || (parts[0] == 1 && parts[1] < 7);
  if (old || !(parts[0] < 4)) {
    return version.wrong("is neither 1.7 nor 2.x or 3.x, the versions that can be read");
  }
  return {};
}

// "5E-1", or since 3.0 "[5E-1]" and "[1E-1,2E-1,3E-1]".
Expected<std::vector<float>> base_scores(const Place& place) {
  std::vector<float> scores;
  if (std::holds_alternative<double>(place.value().is)) {
    TRY(const double number, place.number());
    scores.push_back(static_cast<float>(number));
  } else {
    TRY(std::string_view text, place.text());
    if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
      text = text.substr(1, text.size() - 2);
    }
    const char* at = text.data();
    const char* end = text.data() + text.size();
    for (bool more = true; more;) {
      float score = 0;
      const auto [stop, failure] = std::from_chars(at, end, score);
      if (failure != std::errc()) return place.wrong("is not a number or a vector of numbers");
      scores.push_back(score);
      more = stop != end && *stop == ',';
      if (!more && stop != end) return place.wrong("is not a number or a vector of numbers");
      at = more ? stop + 1 : stop;
    }
  }
  for (const float score : scores) {
    if (!std::isfinite(score)) return place.wrong("is not finite");
  }
  return scores;
}

Expected<void> read_base(const Place& learner_param, const Objective& objective, std::size_t groups,
                         Trees& trees) {
  TRY(const Place place, learner_param.member("base_score"));
  TRY(std::vector<float> scores, base_scores(place));
  if (scores.size() == 1) scores.resize(groups, scores[0]);
  if (scores.size() != groups) return place.wrong("has not one number a class");
  for (const float score : scores) {
    if (objective.logit && !(score > 0 && score < 1)) return place.wrong("is outside (0, 1)");
    if (objective.link == Link::exponent && !(score > 0)) return place.wrong("is not above 0");
    const float margin = base_margin(objective.link, objective.logit, score);
    if (!std::isfinite(margin)) return place.wrong("gives an infinite margin");
    trees.base.push_back(margin);
  }
  return {};
}

// The arrays of one tree, all of one length.
struct Columns {
  std::span<const double> left, right, feature, threshold, default_left, split_type;
};

Expected<Columns> read_columns(const Place& tree, std::size_t nodes) {
  Columns columns;
  const auto read = [&](std::string_view key, std::span<const double>& into) -> Expected<void> {
    TRY(const Place place, tree.member(key));
    TRY(into, place.numbers());
    if (into.size() != nodes) return place.wrong("has not one entry a node");
    return {};
  };
  TRY_DO(read("left_children", columns.left));
  TRY_DO(read("right_children", columns.right));
  TRY_DO(read("split_indices", columns.feature));
  TRY_DO(read("split_conditions", columns.threshold));
  // Old versions write truth values here, a list that read() refuses: they are below 1.7.
  TRY_DO(read("default_left", columns.default_left));
  if (tree.has("split_type")) TRY_DO(read("split_type", columns.split_type));
  return columns;
}

// Copies what can be reached from the root, renumbered breadth first, so that a child always
// follows its parent: a node that is reached twice, and with it any cycle, is refused.
class TreeReader {
 public:
  TreeReader(const Place& place, const Columns& from, std::uint32_t n_features)
      : place_(place), from_(from), n_features_(n_features), reached_(from.left.size(), false) {}

  Expected<std::vector<TreeNode>> read() {
    nodes_.reserve(from_.left.size());
    TRY_DO(reach(0, 1));
    for (std::size_t i = 0; i < order_.size(); ++i) {
      TRY_DO(copy(i));
    }
    return std::move(nodes_);
  }

 private:
  Error wrong(std::size_t node, std::string_view what) const {
    return place_.wrong("node " + std::to_string(node) + ": " + std::string(what));
  }

  // Takes a node up as the next one; `depth` counts nodes from the root.
  Expected<void> reach(std::size_t node, std::size_t depth) {
    if (reached_[node]) return wrong(node, "has two parents, or is its own ancestor");
    if (depth > kMaxTreeDepth) return exhausted("a tree is deeper than the limit");
    reached_[node] = true;
    order_.push_back({node, depth});
    nodes_.emplace_back();
    return {};
  }

  Expected<std::int32_t> child(std::size_t node, double index, std::size_t depth) {
    const double count = static_cast<double>(reached_.size());
    if (!(index >= 1 && index < count) || index != std::floor(index)) {
      return wrong(node, "a child's index is out of range");
    }
    TRY_DO(reach(static_cast<std::size_t>(index), depth + 1));
    return static_cast<std::int32_t>(nodes_.size() - 1);
  }

  Expected<void> copy(std::size_t i) {
    const auto [node, depth] = order_[i];
    TreeNode to;
    to.value = static_cast<float>(from_.threshold[node]);
    if (!std::isfinite(to.value)) return wrong(node, "its number is not finite");
    const bool leaf = from_.left[node] == -1;
    if (leaf != (from_.right[node] == -1)) return wrong(node, "has one child");
    if (!leaf) {
      const double feature = from_.feature[node];
      if (!(feature >= 0 && feature < n_features_) || feature != std::floor(feature)) {
        return wrong(node, "its feature index is out of range");
      }
      if (!from_.split_type.empty() && from_.split_type[node] != 0) {
        return wrong(node, "splits by category, which cannot be scored here");
      }
      to.feature = static_cast<std::uint32_t>(feature);
      to.default_left = from_.default_left[node] != 0;
      TRY(to.left, child(node, from_.left[node], depth));
      TRY(to.right, child(node, from_.right[node], depth));
    }
    nodes_[i] = to;
    return {};
  }

  struct Reached {
    std::size_t node;
    std::size_t depth;
  };

  const Place& place_;
  const Columns& from_;
  const std::uint32_t n_features_;
  std::vector<bool> reached_;
  std::vector<Reached> order_;
  std::vector<TreeNode> nodes_;
};

Expected<Tree> read_tree(const Place& place, std::uint32_t n_features) {
  TRY(const Place param, place.member("tree_param"));
  TRY(const Place leaf, param.member("size_leaf_vector"));
  TRY(const std::int64_t leaf_size, leaf.integer(0, INT32_MAX));
  if (leaf_size > 1) return leaf.wrong("exceeds 1: leaves of several targets cannot be scored");
  TRY(const Place count, param.member("num_nodes"));
  TRY(const std::int64_t nodes, count.integer(1, std::int64_t{1} << 24));
  if (place.has("categories")) {
    TRY(const Place categories, place.member("categories"));
    TRY(const auto values, categories.numbers());
    if (!values.empty())
      return categories.wrong("is not empty: splits by category cannot be scored");
  }
  TRY(const Columns columns, read_columns(place, static_cast<std::size_t>(nodes)));
  Tree tree;
  TRY(tree.nodes, TreeReader(place, columns, n_features).read());
  return tree;
}

Expected<void> read_forest(const Place& booster, Trees& trees) {
  TRY(const Place name, booster.member("name"));
  TRY(const std::string_view kind, name.text());
  if (kind != "gbtree") {
    return name.wrong("is " + shown(kind) + "; only gbtree can be scored");
  }
  TRY(const Place model, booster.member("model"));
  TRY(const Place tree_list, model.member("trees"));
  TRY(const auto places, tree_list.list());
  if (places.size() > kMaxTrees) return exhausted("the model has more trees than the limit");
  TRY(const Place info, model.member("tree_info"));
  TRY(const auto groups, info.numbers());
  if (groups.size() != places.size()) return info.wrong("has not one entry a tree");
  for (std::size_t i = 0; i < places.size(); ++i) {
    TRY(Tree tree, read_tree(places[i], trees.n_features));
    const double group = groups[i];
    if (!(group >= 0 && group < static_cast<double>(trees.base.size())) ||
        group != std::floor(group)) {
      return info.wrong("names a class out of range");
    }
    tree.group = static_cast<std::uint32_t>(group);
    trees.trees.push_back(std::move(tree));
  }
  return {};
}

Expected<void> read_names(const Place& learner, Trees& trees) {
  if (!learner.has("feature_names")) return {};
  TRY(const Place names, learner.member("feature_names"));
  TRY(const auto places, names.list());
  for (const Place& place : places) {
    TRY(const std::string_view name, place.text());
    trees.features.emplace_back(name);
  }
  if (!trees.features.empty() && trees.features.size() != trees.n_features) {
    return names.wrong("has not one name a feature");
  }
  return {};
}

}  // namespace

IgnoredKeys xgboost_ignored_keys() {
  return kIgnored;
}

Expected<Trees> read_xgboost(const Value& document) {
  const Place root(document);
  TRY_DO(check_version(root));
  TRY(const Place learner, root.member("learner"));
  TRY(const Place param, learner.member("learner_model_param"));
  TRY(const Place booster, learner.member("gradient_booster"));
  TRY(const Objective* objective, known_objective(learner));
  Trees trees;
  trees.objective = objective->name;
  trees.link = objective->link;
  trees.binary = objective->binary;
  TRY(const Place features, param.member("num_feature"));
  TRY(const std::int64_t n_features, features.integer(1, kMaxFeatures));
  trees.n_features = static_cast<std::uint32_t>(n_features);
  TRY(const Place classes, param.member("num_class"));
  TRY(const std::int64_t n_classes, classes.integer(0, kMaxClasses));
  if (objective->multi ? n_classes < 2 : n_classes > 1) {
    return classes.wrong("does not fit the objective");
  }
  if (param.has("num_target")) {
    TRY(const Place targets, param.member("num_target"));
    TRY(const std::int64_t n_targets, targets.integer(0, INT32_MAX));
    if (n_targets > 1) return targets.wrong("exceeds 1: several targets cannot be scored");
  }
  const std::size_t groups = objective->multi ? static_cast<std::size_t>(n_classes) : 1;
  TRY_DO(read_base(param, *objective, groups, trees));
  TRY_DO(read_names(learner, trees));
  TRY_DO(read_forest(booster, trees));
  return trees;
}

}  // namespace quintet::learn
