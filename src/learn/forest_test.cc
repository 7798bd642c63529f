#include "learn/forest.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "learn/document.h"
#include "learn/fixtures_test.h"
#include "learn/gate.h"

namespace quintet::learn {
namespace {

std::vector<float> floats(const Place& root, std::string_view key) {
  std::vector<float> values;
  const auto lists = root.member(key)->list();
  for (const Place& list : *lists) {
    const auto numbers = list.numbers();
    for (const double bits : *numbers) {
      values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    }
  }
  return values;
}

std::uint32_t bits(float x) {
  return std::bit_cast<std::uint32_t>(x);
}

// The row stands in the application's order, whatever the file's is.
TEST(Forest, TakesItsRowInTheOrderThatIsAskedFor) {
  const std::string file = fixture("binary.ubj");
  const auto model = read_model({"xgboost", file, {}});
  ASSERT_TRUE(model);
  std::vector<std::string> names((*model)->features().rbegin(), (*model)->features().rend());
  const auto turned = read_model({"xgboost", file, names});
  ASSERT_TRUE(turned) << turned.error().message();
  EXPECT_EQ((*turned)->features(), names);
  EXPECT_EQ((*turned)->digest(), (*model)->digest());
  const std::size_t width = names.size(), n = kMaxFeatures / width + 10;  // more than one piece
  Numbers numbers(11);
  std::vector<float> rows(n * width), turned_rows(n * width);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i] = numbers.value();
    turned_rows[i / width * width + width - 1 - i % width] = rows[i];
  }
  std::vector<float> out(n), turned_out(n);
  (*model)->score_rows(rows, out);
  (*turned)->score_rows(turned_rows, turned_out);
  for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(bits(out[i]), bits(turned_out[i])) << i;
}

void expect_fixture(const std::string& name, const std::string& kind) {
  SCOPED_TRACE(name + "." + kind);
  const std::string file = fixture(name + "." + kind);
  const auto model = read_model({"xgboost", file, {}});
  ASSERT_TRUE(model) << model.error().message();
  const auto document = read_json(fixture(name + ".expected.json"), JsonFloats::float64);
  const Place root(*document);
  const std::vector<float> rows = floats(root, "rows");
  const std::vector<float> expected = floats(root, "expected");
  const std::size_t n = rows.size() / (*model)->n_features();
  const std::size_t width = expected.size() / n;
  ASSERT_EQ(n, 60u);
  std::vector<float> out(n * (*model)->n_outputs());
  (*model)->score_rows(rows, out);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < width; ++k) {
      EXPECT_EQ(bits(out[i * (*model)->n_outputs() + k]), bits(expected[i * width + k])) << i;
    }
  }
}

TEST(Forest, ScoresTheModelsOfXgboost3BitForBit) {
  for (const char* name : {"binary", "classes", "value"}) {
    expect_fixture(name, "json");
    expect_fixture(name, "ubj");
  }
  for (const char* name : {"absolute", "rank"}) expect_fixture(name, "ubj");
  for (const char* name : {"count", "raw"}) expect_fixture(name, "json");
}

TEST(Forest, HasOneDigestForJsonAndUbj) {
  const std::string json = fixture("binary.json");
  const std::string ubj = fixture("binary.ubj");
  const auto a = read_model({"xgboost", json, {}});
  const auto b = read_model({"xgboost", ubj, {}});
  ASSERT_TRUE(a && b);
  EXPECT_EQ((*a)->digest(), (*b)->digest());
  EXPECT_EQ((*a)->digest().size(), 64u);
}

TEST(Forest, NamesItsInputsAndOutputs) {
  const std::string binary = fixture("binary.json");
  const auto model = read_model({"xgboost", binary, {}});
  ASSERT_TRUE(model);
  EXPECT_EQ((*model)->features(),
            (std::vector<std::string>{"amount", "hour", "risk", "age", "count"}));
  EXPECT_EQ((*model)->outputs(), (std::vector<std::string>{"probability"}));
  EXPECT_EQ((*model)->objective(), "binary:logistic");
  const std::string classes = fixture("classes.ubj");
  const auto four = read_model({"xgboost", classes, {}});
  ASSERT_TRUE(four);
  EXPECT_EQ((*four)->outputs(),
            (std::vector<std::string>{"class_0", "class_1", "class_2", "class_3", "class"}));
}

TEST(Forest, TakesTheApplicationsInputsInAnyOrderButNoOthers) {
  const std::string file = fixture("binary.json");
  const std::vector<std::string> shuffled = {"count", "age", "risk", "hour", "amount"};
  const auto model = read_model({"xgboost", file, shuffled});
  ASSERT_TRUE(model) << model.error().message();
  EXPECT_EQ((*model)->features(), shuffled);
  const std::vector<std::string> other = {"count", "age", "risk", "hour", "sum"};
  const auto refused = read_model({"xgboost", file, other});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(),
            "the model wants the feature \"amount\", which the application does not give");
  const std::vector<std::string> few = {"amount"};
  EXPECT_FALSE(read_model({"xgboost", file, few}));
}

TEST(Forest, RefusesByNameWhatItCannotScore) {
  const std::pair<const char*, const char*> cases[] = {{"dart", "\"dart\""},
                                                       {"linear", "\"gblinear\""},
                                                       {"targets", "several targets"},
                                                       {"leaves", "several targets"},
                                                       {"category", "category"}};
  for (const auto& [name, part] : cases) {
    const std::string file = fixture("refused_" + std::string(name) + ".json");
    ASSERT_FALSE(file.empty());
    const auto model = read_model({"xgboost", file, {}});
    ASSERT_FALSE(model) << name;
    EXPECT_NE(model.error().message().find(part), std::string::npos) << model.error().message();
    EXPECT_EQ(model.error().code(), Code::invalid);
  }
}

// Trees of every shape, from a lone leaf to a chain that is 60 deep.
Trees odd_trees(Numbers& numbers) {
  Trees trees;
  trees.n_features = 6;
  for (int i = 0; i < 6; ++i) trees.features.push_back("f" + std::to_string(i));
  trees.base = {0.25f};
  const std::size_t count = numbers.below(20);
  for (std::size_t t = 0; t < count; ++t) {
    Tree tree;
    tree.nodes.emplace_back();
    const std::size_t splits = numbers.below(60);
    std::size_t at = 0;
    for (std::size_t i = 0; i < splits && at < tree.nodes.size(); ++i) {
      TreeNode& node = tree.nodes[at];
      node.left = static_cast<std::int32_t>(tree.nodes.size());
      node.right = node.left + 1;
      node.feature = static_cast<std::uint32_t>(numbers.below(6));
      node.default_left = numbers.below(2) == 0;
      tree.nodes.emplace_back();
      tree.nodes.emplace_back();
      at += 1 + numbers.below(2);
    }
    for (TreeNode& node : tree.nodes) {
      node.value = static_cast<float>(numbers.below(4'000)) / 1'000 - 2;
    }
    trees.trees.push_back(std::move(tree));
  }
  return trees;
}

TEST(Forest, GivesWhatTheNaiveWalkGivesForTreesOfEveryShape) {
  Numbers numbers(1);
  for (int round = 0; round < 300; ++round) {
    const Trees trees = odd_trees(numbers);
    const auto forest = Forest::make(trees);
    ASSERT_TRUE(forest->laid_out());
    std::vector<float> rows(20 * 6);
    for (float& x : rows) x = numbers.value();
    std::vector<float> together(20);
    forest->score_rows(rows, together);
    for (std::size_t i = 0; i < 20; ++i) {
      const std::span<const float> row = std::span<const float>(rows).subspan(i * 6, 6);
      float naive = 0;
      score_naively(trees, row.data(), &naive);
      float fast = 0;
      forest->score(row, std::span(&fast, 1));
      ASSERT_EQ(bits(fast), bits(naive)) << round;
      ASSERT_EQ(bits(together[i]), bits(naive)) << round;
    }
  }
}

// Complete trees but for a few leaves that come early.
Trees bushy_trees(Numbers& numbers) {
  Trees trees;
  trees.n_features = 6;
  for (int i = 0; i < 6; ++i) trees.features.push_back("f" + std::to_string(i));
  const std::size_t groups = 1 + numbers.below(3);
  const auto number = [&] { return static_cast<float>(numbers.below(4'000)) / 1'000 - 2; };
  for (std::size_t g = 0; g < groups; ++g) trees.base.push_back(number());
  if (groups > 1) trees.link = Link::softmax;
  const std::size_t depth = 1 + numbers.below(6), count = 1 + numbers.below(30);
  for (std::size_t t = 0; t < count; ++t) {
    Tree tree;
    tree.group = static_cast<std::uint32_t>(t % groups);
    tree.nodes.emplace_back();
    for (std::size_t i = 0, end = 1, level = 0; level < depth; ++level, end = tree.nodes.size()) {
      for (; i < end; ++i) {
        tree.nodes[i].feature = static_cast<std::uint32_t>(numbers.below(6));
        tree.nodes[i].default_left = numbers.below(2) == 0;
        tree.nodes[i].value = numbers.below(9) == 0 ? -0.0f : number();
        if (level > 0 && numbers.below(8) == 0) continue;
        tree.nodes[i].left = static_cast<std::int32_t>(tree.nodes.size());
        tree.nodes[i].right = tree.nodes[i].left + 1;
        tree.nodes.resize(tree.nodes.size() + 2);
      }
    }
    for (TreeNode& node : tree.nodes) {
      if (node.is_leaf()) node.value = number();
    }
    trees.trees.push_back(std::move(tree));
  }
  return trees;
}

TEST(Forest, GivesTogetherWhatItGivesAloneForAnyNumberOfRows) {
  Numbers numbers(3);
  int even = 0;
  for (int round = 0; round < 200; ++round) {
    const Trees trees = bushy_trees(numbers);
    const auto forest = Forest::make(trees);
    even += forest->even_blocks() == (trees.trees.size() + 7) / 8 ? 1 : 0;
    const std::size_t n = 1 + numbers.below(round % 8 == 0 ? 700 : 40);
    std::vector<float> rows(n * 6);
    for (float& x : rows) x = numbers.below(9) == 0 ? -0.0f : numbers.value();
    const std::size_t width = forest->n_outputs();
    std::vector<float> together(n * width), naive(width);
    forest->score_rows(rows, together);
    for (std::size_t i = 0; i < n; ++i) {
      score_naively(trees, rows.data() + 6 * i, naive.data());
      for (std::size_t k = 0; k < width; ++k) {
        ASSERT_EQ(bits(together[i * width + k]), bits(naive[k])) << round;
      }
    }
  }
  EXPECT_GT(even, 150);
}

TEST(Forest, WalksNaivelyWhatIsTooWideToLayOut) {
  Numbers numbers(2);
  Trees trees = odd_trees(numbers);
  while (trees.trees.empty()) trees = odd_trees(numbers);
  for (std::uint32_t i = 6; i < 2'000; ++i) trees.features.push_back("f" + std::to_string(i));
  trees.n_features = 2'000;
  const auto forest = Forest::make(trees);
  EXPECT_FALSE(forest->laid_out());
  std::vector<float> row(2'000, 0.5f);
  float naive = 0;
  score_naively(trees, row.data(), &naive);
  float ours = 0;
  forest->score(row, std::span(&ours, 1));
  EXPECT_EQ(bits(ours), bits(naive));
}

TEST(Gate, LetsAModelPassThatGivesItsGoldenAnswers) {
  const std::string file = fixture("classes.json");
  const auto model = read_model({"xgboost", file, {}});
  ASSERT_TRUE(model);
  std::vector<float> rows(10 * 5, 0.5f);
  std::string golden = golden_vectors(**model, rows);
  const auto admitted = admit_model({{"xgboost", file, {}}, (*model)->digest(), golden});
  EXPECT_TRUE(admitted) << admitted.error().message();
  const auto other = admit_model({{"xgboost", file, {}}, "00", golden});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), Code::broken);
  const std::size_t at = golden.find("\"expected\":[[") + 13;
  golden[at] = golden[at] == '1' ? '2' : '1';
  const auto wrong = admit_model({{"xgboost", file, {}}, "", golden});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message(),
            "the model does not give its golden answer in row 1, output class_0");
}

TEST(Gate, RefusesTheVectorsOfAnotherModel) {
  const std::string file = fixture("value.json");
  const std::string other = fixture("binary.json");
  const auto model = read_model({"xgboost", other, {}});
  ASSERT_TRUE(model);
  const std::string golden = golden_vectors(**model, {});
  EXPECT_FALSE(admit_model({{"xgboost", file, {}}, "", golden}));
  EXPECT_FALSE(admit_model({{"xgboost", other, {}}, "", "{}"}));
}

TEST(Model, OfAnUnknownTypeIsRefused) {
  EXPECT_FALSE(read_model({"onnx", "x", {}}));
  EXPECT_FALSE(read_model({"xgboost", "", {}}));
  EXPECT_FALSE(read_model({"xgboost", "\x80\x04", {}}));
}

}  // namespace
}  // namespace quintet::learn
