#include "app/vocabulary.h"

namespace quintet::app {
namespace {

using S = std::string_view;

constexpr S kPatterns[] = {"monolithic", "microservices", "event-driven", "lambda", "serverless"};
constexpr S kTypes[] = {"bool",      "int64",    "double", "decimal(n)", "string",
                        "timestamp", "duration", "bytes",  "list(T)"};
constexpr S kMetrics[] = {"auc", "average_precision", "log_loss", "brier", "precision_at_K", "rmse",
                          "mae", "accuracy",          "macro_f1"};
constexpr S kUses[] = {"feature", "label", "audit"};
constexpr S kPrivacy[] = {"drop", "pseudonymize", "mask"};
constexpr S kUnknown[] = {"ignore", "refuse"};
constexpr S kEpochs[] = {"seconds", "millis", "micros"};
constexpr S kModelTypes[] = {"xgboost", "linear"};

constexpr Key kInputKeys[] = {
    {"separator", Shape::text, "The character between CSV cells. Default: a comma."},
    {"null", Shape::texts, "CSV texts that mean null. Default: the empty text."},
    {"unknown", Shape::word,
     "What to do with names in the input that no field has. Default: ignore.", false, kUnknown},
    {"timestamps", Shape::word,
     "How a bare number is read as a timestamp, counted from 1970. Default: seconds.", false,
     kEpochs},
};
constexpr Later kInputLater[] = {
    {"format", "the format is taken from the content type or the file's name"},
    {"header", "a CSV file needs a header line"},
    {"encoding", "input is UTF-8"},
    {"order", "records are taken as they come"},
};

constexpr Key kFieldKeys[] = {
    {"type", Shape::word,
     "bool, int64, double, decimal(n), string, timestamp, duration, bytes or list(T).", true},
    {"from", Shape::text, "The field's name in the input, if it is another one."},
    {"optional", Shape::boolean, "Whether the field may be missing or null. Default: false."},
    {"default", Shape::literal, "The value of a missing field."},
    {"minimum", Shape::literal, "The smallest value that is admitted."},
    {"maximum", Shape::literal, "The largest value that is admitted."},
    {"levels", Shape::texts, "The only texts that are admitted."},
    {"use", Shape::word,
     "feature: expressions may read it (the default). label: only labels may. audit: nobody may, "
     "it "
     "is kept.",
     false, kUses},
    {"privacy", Shape::word,
     "drop: not stored. pseudonymize: replaced by a keyed hash. mask: all but the last four "
     "characters become `*`.",
     false, kPrivacy},
};
constexpr Later kFieldLater[] = {
    {"value", "compute it in a column instead"},
    {"format", "timestamps are RFC 3339 or numbers (see `input: timestamps`)"},
    {"retain", "records are kept as a whole, by the `retain` at the top"},
};

constexpr Key kTableKeys[] = {
    {"key", Shape::names, "The field or fields whose newest row counts.", true},
    {"fields",
     Shape::fields,
     "The columns of the table, each with its type.",
     true,
     {},
     &kFieldBlock},
    {"input", Shape::block, "How text input is read.", false, {}, &kInputBlock},
};
constexpr Later kTableLater[] = {{"expire", "rows stay until they are replaced"}};

constexpr Key kEventKeys[] = {
    {"id", Shape::name,
     "The field that names an event; a repeated id is answered, not admitted again. Left out: the "
     "source's own place."},
    {"time", Shape::name, "The timestamp field. Left out: the time of admission."},
    {"fields",
     Shape::fields,
     "What an event carries, each field with its type.",
     true,
     {},
     &kFieldBlock},
    {"input", Shape::block, "How text input is read.", false, {}, &kInputBlock},
};
constexpr Later kEventLater[] = {
    {"from", "events made from other events come in a later version"},
    {"where", "events made from other events come in a later version"},
    {"by", "events made from other events come in a later version"},
    {"emit", "sessions and schedules as events come in a later version"},
    {"each", "one event per element of a list comes in a later version"},
    {"distinct", "it belongs to `each`, which comes in a later version"},
    {"at_most", "it belongs to `each`, which comes in a later version"},
    {"arrives", "records are taken in the order in which they come"},
    {"retain", "records are kept as a whole, by the `retain` at the top"},
};

constexpr Key kLabelKeys[] = {
    {"of", Shape::name, "The event type that is labelled.", true},
    {"value", Shape::expression,
     "A field declared `use: label`, or FUNCTION(x) from REPORT [where ...] over next 120d by KEY.",
     true},
    {"otherwise", Shape::literal, "The label of an event for which none came within `after`."},
    {"after", Shape::duration,
     "How long to wait before the label counts as known. Default: the length of the forward "
     "window, "
     "else 0."},
};

constexpr Key kFeaturesKeys[] = {
    {"of", Shape::name, "The event type whose rows get the columns.", true},
    {"columns", Shape::expressions,
     "One expression per column. NAME_{set} makes one column per member of the set.", true},
};
constexpr Later kFeaturesLater[] = {
    {"where", "use if() in the columns, or `where` in an aggregate"},
    {"each", "one row per element of a list comes in a later version"},
};

constexpr Key kTrainKeys[] = {
    {"label", Shape::name, "What is learned.", true},
    {"where", Shape::expression, "The rows to learn from. Default: all."},
    {"holdout", Shape::text, "The newest part, kept apart for the metrics, as `last 7d`."},
    {"window", Shape::duration,
     "How far back rows are learned from, before the holdout and the time in which its labels were "
     "not known. Default: to the first."},
    {"rounds", Shape::integer, "The number of trees, or of passes. Default: 100."},
    {"segment_rounds", Shape::integer,
     "Training saves its state every so many rounds; with rounds it fixes the seeds. Default: 25."},
    {"seed", Shape::integer, "Default: 1."},
    {"threads", Shape::integer, "Threads of the training process. Default: 1."},
    {"metrics", Shape::texts, "What to measure on the holdout; the objective's own if left out."},
};
constexpr Later kTrainLater[] = {
    {"weight", "weights of rows come in a later version"},
    {"every", "write it beside `train`, as `retrain: {every: 1d}`"},
    {"threshold", "the search for a threshold comes in a later version"},
    {"objective", "write `objective` beside `type`, it belongs to the model"},
    {"parameters", "write the library's own parameters directly under `train`"},
};

using Form = Parameter::Form;
constexpr double kAny = 1e30;  // float32 holds no much greater one
constexpr S kSamplings[] = {"uniform", "gradient_based"};
constexpr S kGrowths[] = {"depthwise", "lossguide"};
constexpr S kTreeMethods[] = {"auto", "exact", "approx", "hist"};
// Ranges as in XGBoost's list of parameters.
constexpr Parameter kParameters[] = {
    {"eta", "xgboost", Form::number, 0, 1},
    {"learning_rate", "xgboost", Form::number, 0, 1},
    {"max_depth", "xgboost", Form::whole, 0, 64},
    {"max_leaves", "xgboost", Form::whole, 0, 1e6},
    {"max_bin", "xgboost", Form::whole, 2, 65536},
    {"min_child_weight", "xgboost", Form::number, 0, kAny},
    {"gamma", "xgboost", Form::number, 0, kAny},
    {"min_split_loss", "xgboost", Form::number, 0, kAny},
    {"lambda", "xgboost", Form::number, 0, kAny},
    {"reg_lambda", "xgboost", Form::number, 0, kAny},
    {"alpha", "xgboost", Form::number, 0, kAny},
    {"reg_alpha", "xgboost", Form::number, 0, kAny},
    {"subsample", "xgboost", Form::number, 0, 1, true},
    {"sampling_method", "xgboost", Form::word, 0, 0, false, kSamplings},
    {"colsample_bytree", "xgboost", Form::number, 0, 1, true},
    {"colsample_bylevel", "xgboost", Form::number, 0, 1, true},
    {"colsample_bynode", "xgboost", Form::number, 0, 1, true},
    {"scale_pos_weight", "xgboost", Form::number, 0, kAny, true},
    {"base_score", "xgboost", Form::number, -kAny, kAny},
    {"max_delta_step", "xgboost", Form::number, 0, kAny},
    {"grow_policy", "xgboost", Form::word, 0, 0, false, kGrowths},
    {"tree_method", "xgboost", Form::word, 0, 0, false, kTreeMethods},
    {"num_parallel_tree", "xgboost", Form::whole, 1, 1000},
    {"monotone_constraints", "xgboost", Form::text},
    {"interaction_constraints", "xgboost", Form::text},
    {"l2", "linear", Form::number, 0, kAny},
    {"max_iterations", "linear", Form::whole, 1, 1e6},
};

constexpr Key kPromoteKeys[] = {
    {"when", Shape::text,
     "METRIC >= current: a new version is promoted if it is better on the same holdout; between "
     "equals the one in force stays.",
     true},
};

constexpr Key kRetrainKeys[] = {
    {"every", Shape::duration, "So long after the last training."},
    {"labels", Shape::integer, "So many labels after the last training."},
    {"drift", Shape::number,
     "When an input has moved so far from the rows before the last training, as a population "
     "stability index: 0.1 is little, 0.25 much."},
};

constexpr Key kModelKeys[] = {
    {"of", Shape::name, "The event type whose rows are scored.", true},
    {"type", Shape::word, "The library.", true, kModelTypes},
    {"inputs", Shape::texts,
     "Columns and fields by name; PREFIX_* stands for all columns that begin so.", true},
    {"objective", Shape::text,
     "XGBoost's word for what is learned. Default: binary:logistic for a bool label, else "
     "reg:squarederror."},
    {"classes", Shape::integer, "The number of classes of a multi: objective."},
    {"where", Shape::expression, "The rows to score. Default: all."},
    {"file", Shape::text, "A model brought along: XGBoost JSON or UBJ."},
    {"sha256", Shape::text, "The digest that the file must have, in hex."},
    {"train",
     Shape::block,
     "How to train it here, with parameters of the library.",
     false,
     {},
     &kTrainBlock},
    {"promote",
     Shape::block,
     "When a new version takes over by itself. Default: by hand.",
     false,
     {},
     &kPromoteBlock},
    {"retrain",
     Shape::block,
     "When it is trained again by itself: as soon as one of these is met. Default: when asked.",
     false,
     {},
     &kRetrainBlock},
};
constexpr Later kModelLater[] = {
    {"url", "remote models come in a later version"},
    {"protocol", "remote models come in a later version"},
    {"timeout", "remote models come in a later version"},
    {"otherwise", "remote models come in a later version"},
    {"outputs", "the outputs follow from the objective"},
    {"shadow", "shadow scoring comes in a later version"},
    {"canary", "canary versions come in a later version"},
};

constexpr Key kCaseKeys[] = {
    {"when", Shape::expression, "The condition. Left out: always."},
    {"then", Shape::text, "The decision.", true},
    {"reason", Shape::text, "Why, for people."},
};
constexpr Key kDecisionKeys[] = {
    {"of", Shape::name, "The event type that is decided on.", true},
    {"cases",
     Shape::block_list,
     "The first case whose `when` is true counts.",
     true,
     {},
     &kCaseBlock},
};
constexpr Later kDecisionLater[] = {
    {"value", "computed decisions come in a later version: use `cases`"},
    {"rank", "ranking comes in a later version"},
    {"by", "ranking comes in a later version"},
    {"limit", "ranking comes in a later version"},
    {"fields", "ranking comes in a later version"},
    {"where", "write the condition into `when`"},
};

constexpr Key kViewKeys[] = {
    {"of", Shape::name, "The event type that is counted.", true},
    {"where", Shape::expression, "The rows that count. Default: all."},
    {"by", Shape::names, "One line per value of these. Default: one line in all."},
    {"every", Shape::duration, "One bucket of event time per so much. Default: one for all time."},
    {"aggregate", Shape::expressions, "NAME: FUNCTION(x), over the rows of a line.", true},
    {"retain", Shape::duration, "How long buckets are kept. Default: for ever."},
};
constexpr Later kViewLater[] = {
    {"order", "sort when you read the view"},
    {"limit", "limit when you read the view"},
};

constexpr Key kSinkKeys[] = {
    {"of", Shape::name, "The event type whose results are sent.", true},
    {"where", Shape::expression, "The rows that are sent. Default: all."},
    {"fields", Shape::texts, "What is sent. Default: all columns and outputs."},
    {"to", Shape::text, "topic:NAME or https://...", true},
};
constexpr Later kSinkLater[] = {{"as", "the form follows from the target"}};

constexpr Key kTopKeys[] = {
    {"quintet", Shape::integer, "The version of this language: 1.", true},
    {"app", Shape::text, "The application's name.", true},
    {"pattern", Shape::word, "The architecture. Changing it changes no answer.", false, kPatterns},
    {"timezone", Shape::text,
     "A fixed offset as +02:00, for hour(), weekday() and the like. Default: UTC."},
    {"constants", Shape::literals, "Names for values, to be used in expressions."},
    {"sets", Shape::lists, "Lists that multiply columns: x_{days} makes one column per member."},
    {"late", Shape::duration,
     "How long beyond the longest window a late event still counts. Default: 1d."},
    {"ahead", Shape::duration,
     "An event further than this ahead of the clock is refused. Default: 5m."},
    {"retain", Shape::duration, "How long records are kept. Default: for ever."},
    {"tables",
     Shape::blocks,
     "The newest row per key, to look values up.",
     false,
     {},
     &kTableBlock},
    {"events", Shape::blocks, "What comes in.", true, {}, &kEventBlock},
    {"labels", Shape::blocks, "What turned out later, to learn from.", false, {}, &kLabelBlock},
    {"features", Shape::blocks, "Columns computed for each event.", false, {}, &kFeaturesBlock},
    {"models", Shape::blocks, "What scores the rows.", false, {}, &kModelBlock},
    {"decisions",
     Shape::blocks,
     "What is decided from columns and scores.",
     false,
     {},
     &kDecisionBlock},
    {"views", Shape::blocks, "Counts over the results, kept up to date.", false, {}, &kViewBlock},
    {"sinks", Shape::blocks, "Where results are sent.", false, {}, &kSinkBlock},
};
constexpr Later kTopLater[] = {
    {"functions", "functions of your own come in a later version"},
    {"include", "an application is one file"},
    {"tests", "tests stand in files of their own: see `quintet test`"},
    {"schedules", "schedules come in a later version"},
};

}  // namespace

const Block kInputBlock = {"`input`", "How text input is read.", kInputKeys, kInputLater};
const Block kFieldBlock = {"a field", "One field of an event.", kFieldKeys, kFieldLater};
const Block kTableBlock = {"a table", "A table: its newest row per key can be looked up.",
                           kTableKeys, kTableLater};
const Block kEventBlock = {"an event", "A type of event.", kEventKeys, kEventLater};
const Block kLabelBlock = {"a label", "What turned out, in the event or in a later one.",
                           kLabelKeys};
const Block kFeaturesBlock = {"a features block", "Columns for the rows of one event type.",
                              kFeaturesKeys, kFeaturesLater};
const Block kTrainBlock = {"`train`", "How a model is trained.", kTrainKeys, kTrainLater,
                           kParameters};
const Block kRetrainBlock = {"`retrain`", "When a model is trained again.", kRetrainKeys};
const Block kPromoteBlock = {"`promote`", "When a new version takes over.", kPromoteKeys};
const Block kModelBlock = {"a model", "A model that scores rows.", kModelKeys, kModelLater};
const Block kCaseBlock = {"a case", "One case of a decision.", kCaseKeys};
const Block kDecisionBlock = {"a decision", "A decision by cases.", kDecisionKeys, kDecisionLater};
const Block kViewBlock = {"a view", "Aggregates over results.", kViewKeys, kViewLater};
const Block kSinkBlock = {"a sink", "Where results are sent.", kSinkKeys, kSinkLater};
const Block kTopBlock = {"the application", "A Quintet application.", kTopKeys, kTopLater};

const std::span<const S> kPatternWords = kPatterns;
const std::span<const S> kTypeWords = kTypes;
const std::span<const S> kMetricWords = kMetrics;

const Key* Block::find(std::string_view name) const {
  for (const Key& key : keys) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

const Parameter* find_parameter(std::string_view trainer, std::string_view name) {
  for (const Parameter& parameter : kTrainBlock.parameters) {
    if (parameter.trainer == trainer && parameter.name == name) return &parameter;
  }
  return nullptr;
}

std::vector<std::string_view> parameter_names(std::string_view trainer) {
  std::vector<std::string_view> names;
  for (const Parameter& parameter : kTrainBlock.parameters) {
    if (parameter.trainer == trainer) names.push_back(parameter.name);
  }
  return names;
}

}  // namespace quintet::app
