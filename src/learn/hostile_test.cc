// A model file is hostile input (DESIGN 6.13): whatever is changed in one, reading it either
// refuses or gives a model that can be walked. Also run with -fsanitize=address,undefined.
#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "learn/fixtures_test.h"
#include "learn/model.h"

namespace quintet::learn {
namespace {

// Of each file and kind of damage; QUINTET_MUTANTS asks for more.
int mutants() {
  const char* wanted = std::getenv("QUINTET_MUTANTS");
  return wanted != nullptr ? std::atoi(wanted) : 500;
}

struct Tally {
  int refused = 0;
  int scored = 0;
};

void try_file(const std::string& bytes, std::string_view type, Numbers& numbers, Tally& tally) {
  const auto model = read_model({type, bytes, {}});
  if (!model) {
    ++tally.refused;
    EXPECT_FALSE(model.error().message().empty());
    return;
  }
  ++tally.scored;
  std::vector<float> rows((*model)->n_features() * 8);
  for (float& x : rows) x = numbers.value();
  std::vector<float> out((*model)->n_outputs() * 8);
  (*model)->score_rows(rows, out);
}

std::string flipped(std::string bytes, Numbers& numbers) {
  for (std::size_t i = 1 + numbers.below(4); i > 0; --i) {
    char& c = bytes[numbers.below(bytes.size())];
    c = static_cast<char>(c ^ (1 << numbers.below(8)));
  }
  return bytes;
}

// Replaces one number, quoted or not, by one that hurts.
std::string one_field(std::string text, Numbers& numbers) {
  constexpr std::string_view kOthers[] = {
      "-1",  "0",         "1",          "2147483647", "-2147483648", "1e30",
      "NaN", "-Infinity", "9999999999", "0.5",        "\"\"",        "null",
      "[]",  "{}",        "1e-45",      "65535",      "3.5e38",      "7,7"};
  const auto is_part = [](char c) { return (c >= '0' && c <= '9') || c == '-'; };
  std::size_t at = numbers.below(text.size());
  while (!is_part(text[at])) at = (at + 1) % text.size();
  std::size_t end = at;
  while (end < text.size() && (is_part(text[end]) || text[end] == '.' || text[end] == 'E')) ++end;
  return text.replace(at, end - at, kOthers[numbers.below(std::size(kOthers))]);
}

std::string one_name(std::string text, Numbers& numbers) {
  std::size_t at = text.find('"', numbers.below(text.size()));
  if (at == std::string::npos) at = 0;
  return text.replace(at, 1 + numbers.below(6), "");
}

// Exchanges two stretches of equal length: arrays of one tree for those of another.
std::string spliced(std::string bytes, Numbers& numbers) {
  const std::size_t size = 1 + numbers.below(64);
  const std::size_t a = numbers.below(bytes.size() - size);
  const std::size_t b = numbers.below(bytes.size() - size);
  return bytes.replace(a, size, bytes.substr(b, size));
}

using Mutation = std::string (*)(std::string, Numbers&);

Tally mutate(const char* name, std::string_view type, Mutation mutation, std::uint64_t seed) {
  const std::string file = fixture(name);
  EXPECT_FALSE(file.empty());
  Numbers numbers(seed);
  Tally tally;
  for (int i = 0; i < mutants(); ++i) try_file(mutation(file, numbers), type, numbers, tally);
  return tally;
}

TEST(HostileModel, WithFlippedBitsIsRefusedOrScores) {
  for (const char* name : {"binary.json", "binary.ubj", "classes.ubj"}) {
    const Tally tally = mutate(name, "xgboost", flipped, 1);
    EXPECT_GT(tally.refused, 50) << name;
    EXPECT_GT(tally.scored, 50) << name;
  }
}

TEST(HostileModel, WithAChangedFieldIsRefusedOrScores) {
  for (const char* name : {"binary.json", "classes.json", "count.json"}) {
    EXPECT_GT(mutate(name, "xgboost", one_field, 2).refused, 50) << name;
    EXPECT_GT(mutate(name, "xgboost", one_name, 3).refused, 50) << name;
  }
}

TEST(HostileModel, SplicedFromItselfIsRefusedOrScores) {
  for (const char* name : {"binary.json", "classes.ubj", "rank.ubj"}) {
    EXPECT_GT(mutate(name, "xgboost", spliced, 4).refused, 50) << name;
  }
}

TEST(HostileModel, CutOffIsRefused) {
  for (const char* name : {"binary.json", "binary.ubj"}) {
    std::string file = fixture(name);
    while (file.back() == '\n') file.pop_back();
    Numbers numbers(5);
    Tally tally;
    for (int i = 0; i < mutants(); ++i) {
      try_file(file.substr(0, numbers.below(file.size())), "xgboost", numbers, tally);
    }
    EXPECT_EQ(tally.refused, mutants()) << name;
  }
}

// One tree whose nodes are given as arrays, in a file that is otherwise right.
std::string one_tree(std::string_view left, std::string_view right, std::string_view feature,
                     std::string_view value, int nodes) {
  std::string file =
      R"({"learner":{"feature_names":[],"gradient_booster":{"model":{"tree_info":[0],)";
  file += R"("trees":[{"tree_param":{"num_nodes":")" + std::to_string(nodes);
  file += R"(","size_leaf_vector":"0"},"left_children":)" + std::string(left);
  file += R"(,"right_children":)" + std::string(right);
  file += R"(,"split_indices":)" + std::string(feature);
  file += R"(,"split_conditions":)" + std::string(value);
  std::string flags = "[0";
  for (int i = 1; i < nodes; ++i) flags += ",0";
  file += R"(,"default_left":)" + flags + "]";
  file += R"(}]},"name":"gbtree"},"learner_model_param":{"base_score":"5E-1","num_class":"0",)";
  file += R"("num_feature":"2"},"objective":{"name":"binary:logistic"}},"version":[1,7,4]})";
  return file;
}

TEST(HostileModel, MayNotLeadAWalkAstray) {
  const auto read = [](const std::string& file) { return read_model({"xgboost", file, {}}); };
  const auto good = read(one_tree("[1,-1,-1]", "[2,-1,-1]", "[1,0,0]", "[0.5,1,2]", 3));
  EXPECT_TRUE(good) << good.error().message();
  const std::pair<std::string, const char*> cases[] = {
      {one_tree("[0,-1,-1]", "[2,-1,-1]", "[1,0,0]", "[0.5,1,2]", 3), "out of range"},
      {one_tree("[1,-1,-1]", "[1,-1,-1]", "[1,0,0]", "[0.5,1,2]", 3), "two parents"},
      {one_tree("[1,2,1]", "[2,1,2]", "[1,0,0]", "[0.5,1,2]", 3), "two parents"},
      {one_tree("[1,-1,-1]", "[3,-1,-1]", "[1,0,0]", "[0.5,1,2]", 3), "out of range"},
      {one_tree("[1,-1,-1]", "[-5,-1,-1]", "[1,0,0]", "[0.5,1,2]", 3), "out of range"},
      {one_tree("[1.5,-1,-1]", "[2,-1,-1]", "[1,0,0]", "[0.5,1,2]", 3), "out of range"},
      {one_tree("[1,-1,-1]", "[-1,-1,-1]", "[1,0,0]", "[0.5,1,2]", 3), "one child"},
      {one_tree("[1,-1,-1]", "[2,-1,-1]", "[2,0,0]", "[0.5,1,2]", 3), "feature index"},
      {one_tree("[1,-1,-1]", "[2,-1,-1]", "[-1,0,0]", "[0.5,1,2]", 3), "feature index"},
      {one_tree("[1,-1,-1]", "[2,-1,-1]", "[1,0,0]", "[NaN,1,2]", 3), "not finite"},
      {one_tree("[1,-1,-1]", "[2,-1,-1]", "[1,0,0]", "[0.5,Infinity,2]", 3), "not finite"},
      {one_tree("[1,-1,-1]", "[2,-1]", "[1,0,0]", "[0.5,1,2]", 3), "one entry a node"},
      {one_tree("[1,-1,-1]", "[2,-1,-1]", "[1,0,0]", "[0.5,1,2]", 4), "one entry a node"},
      {one_tree("[]", "[]", "[]", "[]", 0), "outside"},
  };
  for (const auto& [file, part] : cases) {
    const auto model = read(file);
    ASSERT_FALSE(model) << part;
    EXPECT_NE(model.error().message().find(part), std::string::npos) << model.error().message();
  }
}

TEST(HostileModel, DeeperThanTheLimitIsRefused) {
  std::string left = "[", right = "[", zero = "[";
  const int nodes = 201;
  for (int i = 0; i < nodes; ++i) {
    const bool split = i % 2 == 0 && i + 2 < nodes;
    const std::string comma = i == 0 ? "" : ",";
    left += comma + (split ? std::to_string(i + 1) : "-1");
    right += comma + (split ? std::to_string(i + 2) : "-1");
    zero += comma + "0";
  }
  const std::string file = one_tree(left + "]", right + "]", zero + "]", zero + "]", nodes);
  const auto model = read_model({"xgboost", file, {}});
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code(), Code::exhausted);
}

}  // namespace
}  // namespace quintet::learn
