// rooms: learn trainer
// libraries: xgboost dl
//
// One row at a time through 100 trees of depth 6 over 30 inputs: the naive walk (one node after
// another, eight bytes a node, no missing values), our forest, and libxgboost through its C API in
// place, as Debian's 1.7 and, where QUINTET_XGBOOST names the library, 3.2; then our forest on a
// batch. All in one process on core 0, interleaved. Nothing is timed before all answers are equal
// bit for bit; a second set of rows with missing values is compared without the naive walk.
#include <dlfcn.h>
#include <xgboost/c_api.h>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <random>

#include "bench/figure.h"
#include "learn/document.h"
#include "learn/expf.h"
#include "learn/model.h"
#include "learn/train/booster.h"
#include "learn/trees.h"

namespace {

using namespace quintet::bench;
using namespace quintet::learn;

constexpr std::size_t kColumns = 30;
constexpr std::size_t kRows = 1'000;
constexpr int kRounds = 15;

struct NaiveNode {
  float value;
  std::int16_t feature;  // -1 in a leaf
  std::uint16_t left;    // the right child is the next
};

class NaiveForest {
 public:
  explicit NaiveForest(const Trees& trees) : base_(trees.base[0]) {
    for (const Tree& tree : trees.trees) {
      std::vector<NaiveNode> nodes;
      for (const TreeNode& from : tree.nodes) {
        nodes.push_back({from.value, static_cast<std::int16_t>(from.is_leaf() ? -1 : from.feature),
                         static_cast<std::uint16_t>(from.is_leaf() ? 0 : from.left)});
      }
      trees_.push_back(std::move(nodes));
    }
  }

  float score(const float* x) const {
    float sum = base_;
    for (const auto& tree : trees_) {
      const NaiveNode* base = tree.data();
      const NaiveNode* at = base;
      while (at->feature >= 0) at = base + at->left + !(x[at->feature] < at->value);
      sum += at->value;
    }
    return 1.0f / (expf_of_xgboost(std::min(-sum, 88.7f)) + 1.0f);
  }

 private:
  float base_;
  std::vector<std::vector<NaiveNode>> trees_;
};

template <class T>
T must(quintet::Expected<T> value) {
  if (!value) fail(value.error().message());
  return std::move(value).value();
}

std::vector<float> lognormal_rows(std::size_t n, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::lognormal_distribution<float> lognormal(0, 1);
  std::vector<float> values(n * kColumns);
  for (float& x : values) x = lognormal(random);
  return values;
}

Booster train() {
  const std::size_t n = 50'000;
  const std::vector<float> values = lognormal_rows(n, 7);
  std::vector<float> labels(n);
  for (std::size_t i = 0; i < n; ++i) {
    const float* x = &values[i * kColumns];
    float z = x[1] * x[2] - x[3] + std::sin(x[0] * 3) * 2;
    for (int j = 4; j < 12; ++j) z += 0.3f * x[j];
    labels[i] = z > 8 ? 1 : 0;
  }
  const Matrix matrix = must(Matrix::make({values, kColumns, labels, {}, {}}));
  const Matrix* cached[] = {&matrix};
  Booster booster = must(Booster::make(cached, {{"objective", "binary:logistic"},
                                                {"max_depth", "6"},
                                                {"eta", "0.1"},
                                                {"tree_method", "hist"},
                                                {"nthread", "1"},
                                                {"verbosity", "0"}}));
  for (int i = 0; i < 100; ++i) {
    if (!booster.update(i, matrix)) std::exit(1);
  }
  const std::string model = must(booster.save("ubj"));
  Booster alone = must(Booster::make({}, {{"nthread", "1"}}));
  if (!alone.load(model)) std::exit(1);
  return alone;
}

// libxgboost's C API, of one library or another, with what a caller can prepare prepared: one
// buffer for the row, so that one description of it serves all calls.
class XgboostC {
 public:
  XgboostC(void* library, const std::string& model) {
    find(library, "XGBoosterCreate", create_);
    find(library, "XGBoosterLoadModelFromBuffer", load_);
    find(library, "XGBoosterSetParam", set_);
    find(library, "XGBoosterPredictFromDense", predict_);
    good(create_(nullptr, 0, &booster_));
    good(set_(booster_, "nthread", "1"));
    good(set_(booster_, "verbosity", "0"));
    good(load_(booster_, model.data(), model.size()));
    good(set_(booster_, "nthread", "1"));
    array_ = R"({"data":[)" + std::to_string(reinterpret_cast<std::uintptr_t>(row_)) +
             R"(,true],"shape":[1,)" + std::to_string(kColumns) +
             R"(],"typestr":"<f4","version":3,"strides":null})";
  }

  float score(const float* row) {
    std::copy(row, row + kColumns, row_);
    const bst_ulong* shape = nullptr;
    bst_ulong dimensions = 0;
    const float* result = nullptr;
    good(predict_(booster_, array_.c_str(), kHow, nullptr, &shape, &dimensions, &result));
    return result[0];
  }

 private:
  static constexpr const char* kHow =
      R"({"type":0,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":false,)"
      R"("missing":NaN,"cache_id":0})";

  template <class F>
  static void find(void* library, const char* name, F*& function) {
    function = reinterpret_cast<F*>(dlsym(library, name));
    if (function == nullptr) fail(std::string("libxgboost lacks ") + name);
  }
  static void good(int code) {
    if (code != 0) fail("libxgboost refuses");
  }

  decltype(XGBoosterCreate)* create_ = nullptr;
  decltype(XGBoosterLoadModelFromBuffer)* load_ = nullptr;
  decltype(XGBoosterSetParam)* set_ = nullptr;
  decltype(XGBoosterPredictFromDense)* predict_ = nullptr;
  BoosterHandle booster_ = nullptr;
  float row_[kColumns] = {};
  std::string array_;
};

struct Engine {
  std::string name;
  std::size_t rows;  // timed in one round
  bool missing;      // takes rows with missing values
  std::function<void(const std::vector<float>& rows, std::size_t n, std::vector<float>& to)> run;
};

Engine row_by_row(std::string name, std::size_t rows, bool missing,
                  std::function<float(const float*)> score) {
  return {std::move(name), rows, missing,
          [score = std::move(score)](const std::vector<float>& from, std::size_t n,
                                     std::vector<float>& to) {
            for (std::size_t i = 0; i < n; ++i) to[i] = score(&from[i * kColumns]);
          }};
}

void check_equal(const std::vector<Engine>& engines, const std::vector<float>& rows, bool missing) {
  std::vector<float> expected;
  for (const Engine& engine : engines) {
    if (missing && !engine.missing) continue;
    std::vector<float> scores(kRows);
    engine.run(rows, kRows, scores);
    if (expected.empty()) expected = scores;
    for (std::size_t i = 0; i < kRows; ++i) {
      if (std::bit_cast<std::uint32_t>(expected[i]) != std::bit_cast<std::uint32_t>(scores[i])) {
        fail(engine.name + " differs in row " + std::to_string(i));
      }
    }
  }
}

double time_of(const Engine& engine, const std::vector<float>& rows, std::vector<float>& scores) {
  const double from = seconds_on(CLOCK_MONOTONIC);
  engine.run(rows, engine.rows, scores);
  return 1e6 * (seconds_on(CLOCK_MONOTONIC) - from) / static_cast<double>(engine.rows);
}

}  // namespace

int main() {
  pin(0);
  const Booster booster = train();
  const std::string bytes = must(booster.save("ubj"));
  const auto model = must(read_model({"xgboost", bytes, {}}));
  const Trees trees = must(read_xgboost(must(read_ubj(bytes))));
  const NaiveForest naive(trees);
  XgboostC old(RTLD_DEFAULT, bytes);
  std::vector<Engine> engines;
  engines.push_back(
      row_by_row("naive walk", kRows, false, [&](const float* row) { return naive.score(row); }));
  engines.push_back(row_by_row("ours, a row", kRows, true, [&](const float* row) {
    float score = 0;
    model->score({row, kColumns}, {&score, 1});
    return score;
  }));
  engines.push_back({"ours, 1,000 rows", kRows, true,
                     [&](const std::vector<float>& rows, std::size_t n, std::vector<float>& to) {
                       model->score_rows(std::span(rows).first(n * kColumns), to);
                     }});
  engines.push_back(row_by_row("libxgboost 1.7", kRows / 5, true,
                               [&](const float* row) { return old.score(row); }));
  std::unique_ptr<XgboostC> recent;
  if (const char* path = std::getenv("QUINTET_XGBOOST"); path != nullptr && *path != '\0') {
    void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    if (library == nullptr) fail(dlerror());
    recent = std::make_unique<XgboostC>(library, bytes);
    engines.push_back(row_by_row("libxgboost 3.2", kRows / 5, true,
                                 [&](const float* row) { return recent->score(row); }));
  } else {
    std::printf("libxgboost 3.2 is not measured: QUINTET_XGBOOST does not name it\n");
  }
  const std::vector<float> rows = lognormal_rows(kRows, 9);
  std::vector<float> holes = lognormal_rows(kRows, 10);
  for (std::size_t i = 0; i < holes.size(); i += 7) {
    holes[i] = std::numeric_limits<float>::quiet_NaN();
  }
  check_equal(engines, rows, false);
  check_equal(engines, holes, true);

  Figure one("forest, one row", "us/row", "naive walk",
             {{"ours/floor", "at_most", .6}, {"libxgboost 1.7/ours", "at_least", 20}});
  if (recent != nullptr) {
    one = Figure("forest, one row", "us/row", "naive walk",
                 {{"ours/floor", "at_most", .6},
                  {"libxgboost 1.7/ours", "at_least", 20},
                  {"libxgboost 3.2/ours", "at_least", 50}});
  }
  Figure batch("forest, 1,000 rows", "us/row", "naive walk", {{"ours/floor", "at_most", .5}});
  std::vector<float> scores(kRows);
  const auto time = [&](std::size_t i) { return time_of(engines[i], rows, scores); };
  for (int round = 0; round < kRounds; ++round) {
    Round single, many;
    single.first = many.first = time(0);
    single.ours.push_back(time(1));
    many.ours.push_back(time(2));
    for (std::size_t i = 3; i < engines.size(); ++i) {
      single.peers.emplace_back(engines[i].name, time(i));
    }
    many.ours.push_back(time(2));
    single.ours.push_back(time(1));
    single.last = many.last = time(0);
    one.add(std::move(single));
    batch.add(std::move(many));
  }
  one.print();
  batch.print();
  return 0;
}
