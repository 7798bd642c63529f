#include <algorithm>
#include <charconv>

#include "app/draft.h"

namespace quintet::app {
namespace {

// A metric of the vocabulary; precision_at_K for any K.
bool known_metric(std::string_view name) {
  if (name.starts_with("precision_at_")) {
    name.remove_prefix(13);
    unsigned k = 0;
    const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), k);
    return error == std::errc() && stop == name.data() + name.size() && k > 0;
  }
  return std::find(kMetricWords.begin(), kMetricWords.end(), name) != kMetricWords.end();
}

bool smaller_is_better(std::string_view metric) {
  return metric == "log_loss" || metric == "brier" || metric == "rmse" || metric == "mae";
}

// What a metric judges: a share (binary), a class or a number.
std::string_view task_of_metric(std::string_view metric) {
  if (metric == "accuracy" || metric == "macro_f1") return "multi-class";
  if (metric == "rmse" || metric == "mae") return "regression";
  return "binary";
}

std::string_view task_of_objective(std::string_view objective) {
  if (objective.starts_with("binary:")) return "binary";
  return objective.starts_with("multi:") ? "multi-class" : "regression";
}

constexpr std::string_view kObjectives[] = {"binary:logistic", "reg:squarederror", "multi:softprob",
                                            "rank:pairwise"};

class ModelLoader {
 public:
  ModelLoader(Draft& draft, ModelSpec& model, DeclaredModel& declared)
      : draft_(draft), report_(draft.report), model_(model), declared_(declared) {}

  void load(const Node& node) {
    if (!refuse_later_type(node)) return fail();
    Reading block(report_, node, kModelBlock, declared_.place);
    model_.of = draft_.event_of(block);
    if (model_.of < 0 || !block.has("type")) return fail();
    if (block.text("type") == "linear") model_.type = ModelType::linear;
    if (!draft_.declare_on_row(model_.of, model_.name, declared_.place)) return fail();
    declared_.inputs = block.items("inputs");
    if (block.has("inputs") && declared_.inputs.empty()) {
      report_.error("QNT-0501", *block.find("inputs"), "a model needs at least one input");
    }
    if (const Node* where = block.find("where")) declared_.where = draft_.parse(*where);
    if (const Node* train = block.find("train")) load_training(*train);
    load_file(block);
    load_objective(block);
    if (const Node* promote = block.find("promote")) load_promotion(*promote, block);
    if (const Node* retrain = block.find("retrain")) load_retraining(*retrain);
    if (model_.train) check_training(block);
  }

 private:
  void fail() { declared_.failed = true; }

  // Types that are known and not built are refused by their own words.
  bool refuse_later_type(const Node& node) {
    const Node* type = node.find("type");
    if (type == nullptr || !type->is_scalar()) return true;
    for (const std::string_view later : {"lightgbm", "onnx", "remote", "function", "command"}) {
      if (type->text != later) continue;
      report_.error("QNT-0106", *type,
                    "models of type `" + type->text + "` come in a later version",
                    "this version has xgboost and linear");
      return false;
    }
    return true;
  }

  void load_training(const Node& node) {
    Reading block(report_, node, kTrainBlock, report_.source().place(node));
    TrainRules rules;
    if (const Node* label = block.find("label")) {
      declared_.label = label;
      rules.label = find_label(*label);
    }
    if (const Node* where = block.find("where")) declared_.train_where = draft_.parse(*where);
    if (const Node* holdout = block.find("holdout")) rules.holdout = read_holdout(*holdout);
    rules.rounds = static_cast<int>(block.integer("rounds", 1, 10'000).value_or(100));
    rules.segment_rounds =
        static_cast<int>(block.integer("segment_rounds", 1, 10'000).value_or(25));
    rules.seed = static_cast<std::uint64_t>(block.integer("seed", 0, INT64_MAX).value_or(1));
    rules.threads = static_cast<int>(block.integer("threads", 1, 256).value_or(1));
    metrics_ = block.items("metrics");
    for (const Node* metric : metrics_) add_metric(*metric, rules.metrics);
    for (const Node::Entry* entry : block.others()) add_parameter(*entry, rules);
    // Ours, but it travels with the parameters: stage/training.h takes it out.
    if (block.has("window")) rules.parameters.emplace_back("window", block.text("window"));
    std::sort(rules.parameters.begin(), rules.parameters.end());
    model_.train = std::move(rules);
  }

  void add_parameter(const Node::Entry& entry, TrainRules& rules) {
    const std::string& name = entry.key.text;
    const std::string_view trainer = model_.type == ModelType::linear ? "linear" : "xgboost";
    const Parameter* parameter = find_parameter(trainer, name);
    if (parameter == nullptr) {
      const auto names = parameter_names(trainer);
      report_.error("QNT-0502", entry.key,
                    "`" + name + "` is no parameter of " + std::string(trainer),
                    "it takes " + list_names({names.begin(), names.end()}, names.size()));
      return;
    }
    const bool scalar = entry.value.is_scalar() && !entry.value.is_null();
    const std::string wanted = scalar ? wrong_parameter(*parameter, entry.value.text) : "one value";
    if (!wanted.empty()) {
      report_.error("QNT-0502", entry.value,
                    "`" + name + "` is " + wanted + ", this is " +
                        (scalar ? "`" + entry.value.text + "`" : "none"));
      return;
    }
    rules.parameters.emplace_back(name, entry.value.text);
  }

  int find_label(const Node& name) {
    const auto& labels = draft_.spec.labels;
    std::vector<std::string> known;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      known.push_back(labels[i].name);
      if (labels[i].name != name.text) continue;
      if (labels[i].of != model_.of) {
        report_
            .error("QNT-0203", name,
                   "`" + name.text + "` is a label of another event than the model's")
            .relate(draft_.labels[i], "declared here");
      }
      const event::Type type = labels[i].type;
      if (!type.numeric() && type.kind != event::Kind::boolean) {
        report_.error(
            "QNT-0503", name,
            "a label to learn is bool or a number, `" + name.text + "` is " + to_string(type));
      }
      return static_cast<int>(i);
    }
    if (draft_.failed.contains(name.text)) return -1;
    std::string hint = expr::did_you_mean(name.text, known);
    if (hint.empty() && !known.empty()) hint = "the labels are " + list_names(known);
    if (known.empty()) hint = "declare it under `labels`";
    report_.error("QNT-0219", name, "there is no label `" + name.text + "`", hint);
    return -1;
  }

  // What training would refuse after it has folded the log.
  void check_training(const Reading& block) {
    const std::string_view task = task_of_objective(model_.objective);
    for (const Node* metric : metrics_) {
      const std::string_view its = task_of_metric(metric->text);
      if (!known_metric(metric->text) || its == task) continue;
      report_.error("QNT-0512", *metric,
                    "`" + metric->text + "` judges " + std::string(its) + " models, `" +
                        model_.objective + "` makes a " + std::string(task) + " one",
                    "set `objective`, or measure something else");
    }
    if (model_.type == ModelType::linear && task == "multi-class") {
      report_.error("QNT-0507", *block.find("objective"),
                    "a linear model cannot be trained for `" + model_.objective + "`",
                    "it learns binary:logistic and reg:squarederror");
    } else if (model_.objective.starts_with("rank:")) {
      report_.error("QNT-0507", *block.find("objective"),
                    "`" + model_.objective + "` cannot be trained here",
                    "bring the model as `file`");
    }
  }

  Micros read_holdout(const Node& node) {
    std::string_view text = node.text;
    if (text.starts_with("last ")) {
      text.remove_prefix(5);
      std::optional<Micros> length = expr::parse_duration(text);
      if (length && *length > 0) return *length;
    }
    report_.error("QNT-0109", node, "`holdout` is `last DURATION`, this is `" + node.text + "`",
                  "as `holdout: last 7d`");
    return 0;
  }

  void add_metric(const Node& node, std::vector<std::string>& metrics) {
    if (known_metric(node.text)) {
      if (std::find(metrics.begin(), metrics.end(), node.text) == metrics.end()) {
        metrics.push_back(node.text);
      }
      return;
    }
    std::vector<std::string> known(kMetricWords.begin(), kMetricWords.end());
    std::string hint = expr::did_you_mean(node.text, known);
    if (hint.empty()) hint = "the metrics are " + list_names(known, 20);
    report_.error("QNT-0504", node, "there is no metric `" + node.text + "`", hint);
  }

  void load_file(const Reading& block) {
    model_.file = block.text("file");
    model_.sha256 = block.text("sha256");
    if (model_.file.empty() && !model_.train) {
      report_.error("QNT-0505", declared_.place,
                    "`" + model_.name + "` has neither `train` nor `file`",
                    "say how it is trained, or bring a model file along");
    }
    if (const Node* file = block.find("file")) {
      model_.file_place = report_.source().place(*file);
    }
    const Node* sha = block.find("sha256");
    if (sha == nullptr) return;
    const bool hex = model_.sha256.size() == 64 &&
                     model_.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!hex) report_.error("QNT-0506", *sha, "`sha256` is 64 small hexadecimal digits");
    if (model_.file.empty()) report_.error("QNT-0506", *sha, "`sha256` belongs to a `file`");
  }

  void load_objective(const Reading& block) {
    const Node* objective = block.find("objective");
    const auto& labels = draft_.spec.labels;
    const int label = model_.train ? model_.train->label : -1;
    model_.objective = "binary:logistic";
    if (label >= 0 && labels[static_cast<std::size_t>(label)].type.kind != event::Kind::boolean) {
      model_.objective = "reg:squarederror";
    }
    if (objective != nullptr) {
      model_.objective = objective->text;
      std::vector<std::string> known(std::begin(kObjectives), std::end(kObjectives));
      if (std::find(known.begin(), known.end(), objective->text) == known.end()) {
        std::string hint = expr::did_you_mean(objective->text, known);
        if (hint.empty()) hint = "the objectives are " + list_names(known);
        report_.error("QNT-0507", *objective, "there is no objective `" + objective->text + "`",
                      hint);
      }
    }
    add_outputs(block);
  }

  void add_outputs(const Reading& block) {
    auto add = [&](std::string name) { model_.outputs.push_back({std::move(name), -1}); };
    const std::optional<std::int64_t> classes = block.integer("classes", 2, 1024);
    if (model_.objective.starts_with("multi:")) {
      if (!block.has("classes")) {
        report_.error("QNT-0507", *block.find("objective"),
                      "`" + model_.objective + "` needs `classes: N`");
      }
      for (std::int64_t i = 0; i < classes.value_or(0); ++i) add("class_" + std::to_string(i));
      add("class");
      return;
    }
    if (block.has("classes")) {
      report_.error("QNT-0507", *block.find("classes"),
                    "`classes` belongs to the objective multi:softprob");
    }
    add(model_.objective.starts_with("binary:") ? "probability" : "value");
  }

  void load_promotion(const Node& node, const Reading& model) {
    Reading block(report_, node, kPromoteBlock, report_.source().place(node));
    const Node* when = block.find("when");
    if (when == nullptr) return;
    const std::string& text = when->text;
    const std::size_t first = text.find(' ');
    const std::size_t second = first == std::string::npos ? first : text.find(' ', first + 1);
    const std::string metric = text.substr(0, first);
    const std::string op =
        second == std::string::npos ? "" : text.substr(first + 1, second - first - 1);
    if (second == std::string::npos || text.substr(second + 1) != "current" ||
        (op != ">=" && op != "<=")) {
      report_.error("QNT-0508", *when, "`when` is `METRIC >= current`, this is `" + text + "`",
                    "as `average_precision >= current`, or `log_loss <= current`");
      return;
    }
    if (!model_.train) {
      report_.error("QNT-0508", *when, "only a model that is trained here can be promoted by rule")
          .relate(declared_.place, "this model has no `train`");
      return;
    }
    std::vector<std::string>& metrics = model_.train->metrics;
    const std::size_t before = metrics.size();
    Node name = *when;
    name.text = metric;
    add_metric(name, metrics);
    if (!known_metric(metric)) return;
    if (task_of_metric(metric) != task_of_objective(model_.objective)) {
      report_.error("QNT-0512", *when,
                    "`" + metric + "` does not judge models of `" + model_.objective + "`");
    }
    // Nothing listed means the objective's own metrics, and this one is measured beside them.
    if (before == 0 && !model.has("metrics")) metrics = {metric};
    model_.promote_metric = metric;
    model_.promote_smaller_is_better = smaller_is_better(metric);
    if (model_.promote_smaller_is_better != (op == "<=")) {
      report_.error("QNT-0508", *when,
                    "of `" + metric + "` " + (model_.promote_smaller_is_better ? "less" : "more") +
                        " is better",
                    "write `" + metric +
                        (model_.promote_smaller_is_better ? " <= current`" : " >= current`"));
    }
  }

  void load_retraining(const Node& node) {
    Reading block(report_, node, kRetrainBlock, report_.source().place(node));
    if (!model_.train) {
      report_.error("QNT-0514", node, "only a model that is trained here can be trained again")
          .relate(declared_.place, "this model has no `train`");
      return;
    }
    if (!block.has("every") && !block.has("labels") && !block.has("drift")) {
      report_.error("QNT-0514", node, "`retrain` says when: `every`, `labels` or `drift`",
                    "as `retrain: {every: 1d}`");
      return;
    }
    RetrainRules rules;
    rules.every = block.length("every").value_or(0);
    rules.labels = block.integer("labels", 1, INT64_MAX).value_or(0);
    rules.drift = block.number("drift").value_or(0);
    if (rules.every > 0 && rules.every < kSecond) {
      report_.error("QNT-0514", *block.find("every"), "a model is trained once a second at most");
    }
    model_.retrain = rules;
  }

  std::vector<const Node*> metrics_;  // under `train`
  Draft& draft_;
  Report& report_;
  ModelSpec& model_;
  DeclaredModel& declared_;
};

}  // namespace

void load_models(Draft& draft, const Reading& top) {
  for (const Node::Entry* entry : top.named("models")) {
    if (!draft.declare(entry->key, "this model")) continue;
    ModelSpec model;
    model.index = static_cast<int>(draft.spec.models.size());
    model.name = entry->key.text;
    DeclaredModel declared;
    declared.place = draft.report.source().place(entry->key);
    ModelLoader(draft, model, declared).load(entry->value);
    if (declared.failed) draft.failed.insert(model.name);
    draft.spec.models.push_back(std::move(model));
    draft.models.push_back(std::move(declared));
  }
}

}  // namespace quintet::app
