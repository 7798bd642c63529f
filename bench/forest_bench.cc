// rooms: learn trainer
//
// One row at a time through 100 trees of depth 6 over 30 inputs: the naive walk (one node after
// another, eight bytes a node, no missing values), our forest, libxgboost in place; and our forest
// on a batch. All in one process, interleaved; prints microseconds a row, median (min .. max) over
// the rounds, and the ratio to the naive walk. Refuses if the answers differ.
#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <random>

#include "learn/document.h"
#include "learn/expf.h"
#include "learn/model.h"
#include "learn/train/booster.h"
#include "learn/trees.h"

namespace {

using namespace quintet::learn;

constexpr std::size_t kColumns = 30;
constexpr std::size_t kRows = 1'000;
constexpr int kRounds = 31;

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
  if (!value) {
    std::fprintf(stderr, "%s\n", value.error().message().c_str());
    std::exit(1);
  }
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

double seconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

struct Engine {
  const char* name;
  std::size_t rows;  // timed in one round
  std::function<void(std::size_t rows)> run;
  std::vector<double> times = {};  // microseconds a row
};

}  // namespace

int main() {
  const Booster booster = train();
  const std::string bytes = must(booster.save("ubj"));
  const auto model = must(read_model({"xgboost", bytes, {}}));
  Trees trees = must(read_xgboost(must(read_ubj(bytes))));
  const NaiveForest naive(trees);
  const std::vector<float> rows = lognormal_rows(kRows, 9);
  std::vector<float> a(kRows), b(kRows), c(kRows), d(kRows);
  const auto row = [&](std::size_t i) { return std::span(rows).subspan(i * kColumns, kColumns); };
  Engine engines[] = {
      {"naive walk", kRows,
       [&](std::size_t n) {
         for (std::size_t i = 0; i < n; ++i) a[i] = naive.score(row(i).data());
       }},
      {"ours, a row", kRows,
       [&](std::size_t n) {
         for (std::size_t i = 0; i < n; ++i) model->score(row(i), std::span(b).subspan(i, 1));
       }},
      {"ours, 1000 rows", kRows,
       [&](std::size_t n) { model->score_rows(std::span(rows).first(n * kColumns), c); }},
      {"libxgboost, a row", kRows / 5,
       [&](std::size_t n) {
         for (std::size_t i = 0; i < n; ++i)
           d[i] = must(booster.predict_dense(row(i), kColumns))[0];
       }},
  };
  for (Engine& engine : engines) engine.run(kRows);
  for (std::size_t i = 0; i < kRows; ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(a[i]);
    if (bits != std::bit_cast<std::uint32_t>(b[i]) || bits != std::bit_cast<std::uint32_t>(c[i]) ||
        bits != std::bit_cast<std::uint32_t>(d[i])) {
      std::fprintf(stderr, "row %zu: %a %a %a %a\n", i, a[i], b[i], c[i], d[i]);
      return 1;
    }
  }
  for (int round = 0; round < kRounds; ++round) {
    for (Engine& engine : engines) {
      const double before = seconds();
      engine.run(engine.rows);
      engine.times.push_back((seconds() - before) * 1e6 / static_cast<double>(engine.rows));
    }
  }
  for (Engine& engine : engines) std::sort(engine.times.begin(), engine.times.end());
  const double floor = engines[0].times[kRounds / 2];
  for (const Engine& engine : engines) {
    const double median = engine.times[kRounds / 2];
    std::printf("%-18s %8.3f us/row (%.3f .. %.3f)  %6.2fx the naive walk\n", engine.name, median,
                engine.times.front(), engine.times.back(), median / floor);
  }
  return 0;
}
