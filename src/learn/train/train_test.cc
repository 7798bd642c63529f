// The training program as the host runs it, on rows made here.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <random>

#include "base/digest.h"
#include "learn/document.h"
#include "learn/gate.h"
#include "learn/train/files.h"
#include "learn/train/trainer.h"

namespace quintet::learn {
namespace {

// A directory of its own, gone with the test.
class Room {
 public:
  Room() {
    std::string name = testing::TempDir() + "quintet-train-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~Room() { std::filesystem::remove_all(path_); }

  void write(const std::string& name, std::string_view bytes) const {
    ASSERT_TRUE(write_file(path_ + "/" + name, bytes));
  }
  std::string read(const std::string& name) const {
    return read_file(path_ + "/" + name).value_or("");
  }
  bool has(const std::string& name) const { return std::filesystem::exists(path_ + "/" + name); }
  // The exit status; stdout and stderr go to files of that name.
  int train(const std::string& more = "") const {
    const std::string command = std::string(QUINTET_TRAIN) + " " + path_ + " " + more + " >" +
                                path_ + "/stdout 2>" + path_ + "/stderr";
    return WEXITSTATUS(std::system(command.c_str()));
  }

 private:
  std::string path_;
};

// Two inputs matter, one does not, one is often missing. The last fifth is held out.
std::string rows_file(std::size_t n, int classes) {
  std::mt19937 random(3);
  RowsWriter writer({"amount", "risk", "noise", "age"}, false);
  std::string out;
  writer.header(out);
  for (std::size_t i = 0; i < n; ++i) {
    float x[4];
    for (float& value : x) value = static_cast<float>(random() >> 8) / float{1 << 24};
    const float z = 4 * x[0] + 3 * x[1] * x[1] - 3 + (x[2] - 0.5f) * 0.5f;
    if (x[3] < 0.3f) x[3] = std::numeric_limits<float>::quiet_NaN();
    float label = z;
    if (classes == 2) label = z > 0.5f ? 1 : 0;
    if (classes > 2) label = std::clamp(std::floor(z + 1), 0.0f, static_cast<float>(classes - 1));
    const Split split = i < n * 4 / 5 ? Split::train : Split::holdout;
    writer.row({x, label, 1, static_cast<std::int64_t>(i + 1), split}, out);
  }
  writer.end(out);
  return out;
}

std::string request(std::string_view objective, std::string_view more = "",
                    std::string_view type = "xgboost") {
  return R"({"type":")" + std::string(type) + R"(","objective":")" + std::string(objective) +
         R"(","features":["amount","risk","noise","age"],"model":"score","version":1,)" +
         R"("label":"fraud")" + std::string(more) + "}";
}

constexpr std::string_view kSampled = R"(,"rounds":20,"segment_rounds":5,"seed":9,"parameters":)"
                                      R"({"subsample":0.7,"colsample_bytree":0.5,"max_depth":4})";

double metric(const Room& room, std::string_view group, std::string_view name) {
  const auto document = read_json(room.read("metrics.json"), JsonFloats::float64);
  const auto figures = Place(*document).member(group);
  return figures ? figures->member(name)->number().value_or(-1) : -1;
}

TEST(Training, WritesAModelThatServesAndIsGood) {
  const Room room;
  room.write("rows.bin", rows_file(4'000, 2));
  room.write("request.json", request("binary:logistic", kSampled));
  ASSERT_EQ(room.train(), 0) << room.read("stderr");
  EXPECT_GT(metric(room, "metrics", "auc"), 0.97);
  EXPECT_EQ(metric(room, "baseline", "auc"), 0.5);
  EXPECT_LT(metric(room, "metrics", "log_loss"), metric(room, "baseline", "log_loss"));
  const std::string bytes = room.read("model.ubj");
  const std::string golden = room.read("golden.json");
  const auto model = admit_model({{"xgboost", bytes, {}}, "", golden});
  ASSERT_TRUE(model) << model.error().message();
  EXPECT_EQ((*model)->features(), (std::vector<std::string>{"amount", "risk", "noise", "age"}));
  EXPECT_NE(room.read("stdout").find(R"({"round":1,"of":20,"metric":"logloss","train":)"),
            std::string::npos)
      << room.read("stdout");
  EXPECT_NE(room.read("stdout").find(R"("done":true,"digest":")" + (*model)->digest()),
            std::string::npos);
  EXPECT_NE(room.read("card.md").find("# Model score, version 1"), std::string::npos);
  EXPECT_NE(room.read("card.json").find(sha256_hex(room.read("rows.bin"))), std::string::npos);
}

// DESIGN 6.9: the seed of a segment is its own, so where a training stops does not matter.
TEST(Training, ThatWasInterruptedGivesTheSameModel) {
  const std::string rows = rows_file(2'000, 2);
  const Room straight;
  straight.write("rows.bin", rows);
  straight.write("request.json", request("binary:logistic", kSampled));
  ASSERT_EQ(straight.train(), 0) << straight.read("stderr");
  const Room broken_off;
  broken_off.write("rows.bin", rows);
  broken_off.write("request.json", request("binary:logistic", kSampled));
  ASSERT_EQ(broken_off.train("--stop-after-segments 1"), 0) << broken_off.read("stderr");
  EXPECT_FALSE(broken_off.has("model.ubj"));
  ASSERT_EQ(broken_off.train("--stop-after-segments 2"), 0);
  ASSERT_EQ(broken_off.train(), 0);
  EXPECT_EQ(broken_off.read("stdout").find("\"round\":15,"), std::string::npos);
  EXPECT_NE(broken_off.read("stdout").find("\"round\":16,"), std::string::npos);
  EXPECT_EQ(sha256_hex(straight.read("model.ubj")), sha256_hex(broken_off.read("model.ubj")));
  EXPECT_EQ(straight.read("metrics.json"), broken_off.read("metrics.json"));
}

TEST(Training, DependsOnItsSeed) {
  const std::string rows = rows_file(1'000, 2);
  std::vector<std::string> models;
  for (const char* seed : {"1", "2"}) {
    const Room room;
    room.write("rows.bin", rows);
    room.write("request.json",
               request("binary:logistic", R"(,"rounds":4,"parameters":{"subsample":0.5},"seed":)" +
                                              std::string(seed)));
    ASSERT_EQ(room.train(), 0);
    models.push_back(room.read("model.ubj"));
  }
  EXPECT_NE(models[0], models[1]);
}

TEST(Training, DoesNotUseADamagedOrForeignCheckpoint) {
  const Room room;
  room.write("rows.bin", rows_file(1'000, 2));
  room.write("request.json", request("binary:logistic", kSampled));
  ASSERT_EQ(room.train("--stop-after-segments 2"), 0);
  std::string checkpoint = room.read("checkpoint");
  checkpoint[checkpoint.size() / 2] = static_cast<char>(checkpoint[checkpoint.size() / 2] ^ 4);
  room.write("checkpoint", checkpoint);
  ASSERT_EQ(room.train("--stop-after-segments 1"), 0);
  EXPECT_NE(room.read("stdout").find("\"round\":1,"), std::string::npos);
  room.write("rows.bin", rows_file(1'100, 2));
  ASSERT_EQ(room.train("--stop-after-segments 1"), 0);
  EXPECT_NE(room.read("stdout").find("\"round\":1,"), std::string::npos);
}

TEST(Training, KnowsRegressionAndClasses) {
  const Room regression;
  regression.write("rows.bin", rows_file(3'000, 0));
  regression.write("request.json", request("reg:squarederror", R"(,"rounds":40)"));
  ASSERT_EQ(regression.train(), 0) << regression.read("stderr");
  EXPECT_LT(metric(regression, "metrics", "rmse"), 0.3);
  EXPECT_GT(metric(regression, "baseline", "rmse"), 1.0);
  const Room classes;
  classes.write("rows.bin", rows_file(3'000, 4));
  classes.write("request.json", request("multi:softprob", R"(,"rounds":10)"));
  ASSERT_EQ(classes.train(), 0) << classes.read("stderr");
  EXPECT_GT(metric(classes, "metrics", "accuracy"), 0.8);
  EXPECT_LT(metric(classes, "baseline", "accuracy"), 0.6);
}

TEST(Training, FitsALinearModelWithoutTheLibrary) {
  const Room room;
  room.write("rows.bin", rows_file(4'000, 2));
  room.write("request.json", request("binary:logistic", R"(,"parameters":{"l2":0.5})", "linear"));
  ASSERT_EQ(room.train(), 0) << room.read("stderr");
  EXPECT_GT(metric(room, "metrics", "auc"), 0.97);
  const std::string bytes = room.read("model.json");
  const std::string golden = room.read("golden.json");
  const auto model = admit_model({{"linear", bytes, {}}, "", golden});
  ASSERT_TRUE(model) << model.error().message();
  const Room regression;
  regression.write("rows.bin", rows_file(4'000, 0));
  regression.write("request.json", request("reg:squarederror", "", "linear"));
  ASSERT_EQ(regression.train(), 0) << regression.read("stderr");
  EXPECT_LT(metric(regression, "metrics", "rmse"), 0.5);
}

TEST(Training, SaysWhatIsWrongAndGivesNoModel) {
  const std::pair<std::string, std::string> cases[] = {
      {request("binary:hinge"), "\"binary:hinge\""},
      {request("binary:logistic", R"(,"parameters":{"nthread":4})"), "\"nthread\""},
      {request("binary:logistic", R"(,"metrics":["rmse"])"), "which is for regression"},
      {request("binary:logistic", R"(,"metrics":["magic"])"), "which is no metric"},
      {request("binary:logistic", R"(,"colour":1)"), "\"colour\""},
      {request("binary:logistic", R"(,"parameters":{"max_depth":-3})"), "max_depth"},
      {R"({"type":"xgboost","objective":"binary:logistic","features":["other"]})",
       "other features"},
      {R"({"type":"magic","objective":"binary:logistic","features":["a"]})", "neither xgboost"},
      {"{", "JSON"},
  };
  for (const auto& [text, part] : cases) {
    const Room room;
    room.write("rows.bin", rows_file(100, 2));
    room.write("request.json", text);
    EXPECT_EQ(room.train(), 1) << text;
    EXPECT_NE(room.read("stderr").find(part), std::string::npos) << room.read("stderr");
    EXPECT_FALSE(room.has("model.ubj"));
  }
}

TEST(Training, RefusesLabelsThatTeachNothing) {
  const Room room;
  RowsWriter writer({"amount", "risk", "noise", "age"}, false);
  std::string out;
  writer.header(out);
  const float x[] = {1, 2, 3, 4};
  for (int i = 1; i < 9; ++i) writer.row({x, 0, 1, i, Split::train}, out);
  writer.end(out);
  room.write("rows.bin", out);
  room.write("request.json", request("binary:logistic"));
  EXPECT_EQ(room.train(), 1);
  EXPECT_NE(room.read("stderr").find("all 8 training rows have the label 0"), std::string::npos);
}

TEST(Training, GivesEachSegmentASeedOfItsOwn) {
  EXPECT_NE(segment_seed(1, 0), segment_seed(1, 1));
  EXPECT_NE(segment_seed(1, 0), segment_seed(2, 0));
  EXPECT_EQ(segment_seed(7, 3), segment_seed(7, 3));
  EXPECT_LT(segment_seed(7, 3), 1u << 31);
}

}  // namespace
}  // namespace quintet::learn
