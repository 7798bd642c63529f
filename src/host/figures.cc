#include "host/figures.h"

#include <map>
#include <memory>

namespace quintet::host {

namespace {

// A figure that begins at 0 again when its Place is opened anew, as a counter that never falls.
class Total {
 public:
  explicit Total(Counter& counter) : counter_(counter) {}
  void now(std::uint64_t value) {
    counter_.add(value >= seen_ ? value - seen_ : value);
    seen_ = value;
  }

 private:
  Counter& counter_;
  std::uint64_t seen_ = 0;
};

constexpr std::string_view kEvents = "quintet_events_total";
constexpr std::string_view kEventsHelp = "Events offered, by what became of them.";

class PlaceMetrics {
 public:
  PlaceMetrics(Node& node, ReadFigures read) : node_(node), read_(std::move(read)) {
    if (!read_) return;
    totals_ = std::make_unique<Totals>(metrics_);
    metrics_.counter_from("quintet_commit_seconds_total", "Time spent in transactions of the log.",
                          {}, [this] { return static_cast<double>(commit_total_) * 1e-6; });
  }

  void refresh() {
    if (node_.results() != nullptr) views();
    if (node_.infer() != nullptr) models();
    if (node_.ingest() != nullptr) letters();
    const auto read = read_ ? read_() : std::nullopt;
    if (!read) return;
    const Place::Figures& now = *read;
    totals_->admitted.now(now.admitted);
    totals_->repeated.now(now.repeated);
    totals_->refused.now(now.refused);
    totals_->transactions.now(now.commits.transactions);
    totals_->groups.now(now.commits.groups);
    totals_->blocks.now(now.commits.blocks);
    const Micros busy = now.commits.busy;
    commit_total_ += busy >= commit_seen_ ? busy - commit_seen_ : busy;
    commit_seen_ = busy;
    set("quintet_last_position", "Greatest position given out.", now.last);
    set("quintet_first_position", "First position that the log holds.", now.first);
    set("quintet_durable_position", "Position up to which all is durable.", now.durable);
    set("quintet_pending_events", "Events that wait to become durable.", now.pending);
    set("quintet_ids", "Ids of events that are remembered.", now.ids);
    set("quintet_waiting_labels", "Label reports that wait for their event.", now.waiting_labels);
  }

 private:
  void set(std::string_view name, std::string_view help, std::uint64_t value,
           const Labels& labels = {}) {
    node_.metrics.gauge(name, help, labels).set(static_cast<double>(value));
  }
  void letters() {
    stage::Store::DeadLetterQuery query;
    query.limit = kCountedLetters;
    const auto open = node_.ingest()->dead_letters(query);
    if (!open) return;
    set("quintet_dead_letters_open", "Dead letters neither replayed nor discarded, 1000 at most.",
        open->size());
  }

  void views() {
    const app::Spec& spec = node_.results()->spec();
    for (std::size_t i = 0; i < spec.views.size(); ++i) {
      const auto size = node_.results()->view_size(i);
      const Labels labels{{"view", spec.views[i].name}};
      set("quintet_view_lines", "Lines of a view.", size.lines, labels);
      set("quintet_view_bytes", "Memory of a view, estimated.", size.bytes, labels);
    }
  }

  void models() {
    for (const app::ModelSpec& model : node_.infer()->spec().models) {
      set("quintet_model_version", "Version of a model in force, 0 if none.",
          node_.infer()->in_force(model.index).version, {{"model", model.name}});
    }
  }

  struct Totals {
    explicit Totals(Metrics& metrics) : metrics(metrics) {}
    Counter& events(std::string_view outcome) {
      return metrics.counter(kEvents, kEventsHelp, {{"outcome", std::string(outcome)}});
    }
    Metrics& metrics;
    Total admitted{events("admitted")};
    Total repeated{events("repeated")};
    Total refused{events("refused")};
    Total transactions{metrics.counter("quintet_commits_total", "Transactions of the log.")};
    Total groups{metrics.counter("quintet_commit_groups_total", "Groups of blocks committed.")};
    Total blocks{metrics.counter("quintet_commit_blocks_total", "Blocks committed.")};
  };
  Node& node_;
  ReadFigures read_;
  Metrics& metrics_ = node_.metrics;
  std::unique_ptr<Totals> totals_;  // of who has figures of a Place
  Micros commit_seen_ = 0, commit_total_ = 0;
};

class InferMetrics {
 public:
  InferMetrics(Metrics& metrics, ReadInferFigures read)
      : metrics_(metrics), read_(std::move(read)) {}

  void refresh() {
    const auto now = read_();
    if (!now) return;
    set("quintet_state_keys", "Keys of feature groups in memory.", now->state.keys);
    set("quintet_state_entries", "Events kept in feature groups.", now->state.entries);
    set("quintet_state_bytes", "Memory of feature groups, estimated.", now->state.bytes);
    for (const InferFigures::Model& one : now->models) {
      const Labels labels{{"model", one.name}, {"version", std::to_string(one.version)}};
      Model& model = models_.try_emplace({one.name, one.version}, metrics_, labels).first->second;
      model.predictions.now(one.predictions);
      model.without.now(one.without);
    }
  }

 private:
  void set(std::string_view name, std::string_view help, std::uint64_t value) {
    metrics_.gauge(name, help).set(static_cast<double>(value));
  }

  struct Model {
    Model(Metrics& metrics, const Labels& labels)
        : predictions(metrics.counter("quintet_model_predictions_total",
                                      "Predictions for admitted events.", labels)),
          without(metrics.counter("quintet_model_null_predictions_total",
                                  "Predictions of which some output was no number.", labels)) {}
    Total predictions, without;
  };

  Metrics& metrics_;
  ReadInferFigures read_;
  std::map<std::pair<std::string, std::uint32_t>, Model> models_;
};

}  // namespace

void add_place_metrics(Node& node, ReadFigures read) {
  const auto figures = std::make_shared<PlaceMetrics>(node, std::move(read));
  node.metrics.before_text([figures] { figures->refresh(); });
  node.metrics.add_process_metrics();
}

void add_infer_metrics(Node& node, ReadInferFigures read) {
  const auto figures = std::make_shared<InferMetrics>(node.metrics, std::move(read));
  node.metrics.before_text([figures] { figures->refresh(); });
}

void add_door_metrics(Node& node, std::function<std::size_t()> open_streams) {
  Gauge& ready = node.metrics.gauge("quintet_ready", "1 while requests are answered.");
  Gauge& open = node.metrics.gauge("quintet_result_streams", "Open streams of results.");
  node.metrics.before_text([&node, &ready, &open, open_streams = std::move(open_streams)] {
    ready.set(node.intake() != nullptr && !node.draining ? 1 : 0);
    open.set(static_cast<double>(open_streams()));
  });
}

void count_refusal(Node& node, const Error& why) {
  const std::string reason = why.id().empty() ? std::string(name_of(why.code())) : why.id();
  node.metrics
      .counter("quintet_events_refused_total", "Events refused, by reason.", {{"reason", reason}})
      .add();
}

}  // namespace quintet::host
