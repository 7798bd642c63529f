#include "host/patient_call.h"

#include <gtest/gtest.h>

#include <deque>

namespace quintet::host {
namespace {

// Time passes when a test says so.
struct Hands final : Scheduler, Clock {
  struct Later final : Timer {
    explicit Later(std::shared_ptr<std::function<void()>> j) : job(std::move(j)) {}
    ~Later() override { *job = nullptr; }
    std::shared_ptr<std::function<void()>> job;
  };

  void post(Job job) override { job(); }
  std::unique_ptr<Timer> after(Micros delay, std::function<void()> job) override {
    jobs.emplace_back(now + delay, std::make_shared<std::function<void()>>(std::move(job)));
    return std::make_unique<Later>(jobs.back().second);
  }
  std::unique_ptr<Timer> every(Micros, std::function<void()>) override { return nullptr; }
  Micros wall() override { return now; }
  Micros steady() override { return now; }

  // Whether anything waited.
  bool step() {
    if (jobs.empty()) return false;
    auto [at, job] = std::move(jobs.front());
    jobs.pop_front();
    now = at;
    if (const std::function<void()> copy = *job) copy();
    return true;
  }

  Micros now = 0;
  std::deque<std::pair<Micros, std::shared_ptr<std::function<void()>>>> jobs;
};

struct World {
  Hands hands;
  std::deque<Expected<HttpResponse>> answers;  // the last one again and again
  int calls = 0;
  CallHttp way = patient(hands, hands, [this](const wire::HttpCall&, const auto& done) {
    ++calls;
    const Expected<HttpResponse> answer = answers.front();
    if (answers.size() > 1) answers.pop_front();
    done(answer);
  });
  std::vector<int> told;  // statuses; 0 for an error

  void ask(const std::string& method, const std::string& target = "/v1/results") {
    way({method, target, {}, {}, {}, {}},
        [this](Expected<HttpResponse> answer) { told.push_back(answer ? answer->status : 0); });
  }
};

HttpResponse status(int code) {
  return {code, kJson, "{}", {}};
}

TEST(PatientCall, WaitsForAServiceThatIsAway) {
  World world;
  world.answers = {unavailable("it has gone"), status(503), status(200)};
  world.ask("GET");
  EXPECT_TRUE(world.told.empty());
  while (world.hands.step()) {
  }
  EXPECT_EQ(world.told, std::vector<int>{200});
  EXPECT_EQ(world.calls, 3);
  EXPECT_EQ(world.hands.now, 2 * kAwayPause);
}

TEST(PatientCall, TellsWhatItHeardAfterItsPatience) {
  World world;
  world.answers = {unavailable("it has gone")};
  world.ask("GET");
  while (world.hands.step()) {
  }
  EXPECT_EQ(world.told, std::vector<int>{0});
  EXPECT_EQ(world.hands.now, kAwayPatience);
}

TEST(PatientCall, TriesNothingAgainThatChangesSomethingOrWasRefused) {
  World world;
  world.answers = {unavailable("it has gone")};
  world.ask("POST");
  EXPECT_EQ(world.told, std::vector<int>{0});
  world.answers = {status(404)};
  world.ask("GET");
  world.answers = {expired("too late")};
  world.ask("GET");
  EXPECT_EQ(world.told, (std::vector<int>{0, 404, 0}));
  EXPECT_EQ(world.calls, 3);
}

TEST(PatientCall, WaitsForAPredictionToo) {
  World world;
  world.answers = {unavailable("it has gone"), status(200)};
  world.ask("POST", "/v2/models/score/infer");
  while (world.hands.step()) {
  }
  EXPECT_EQ(world.told, std::vector<int>{200});
}

TEST(PatientCall, HasALimit) {
  World world;
  world.answers = {status(503)};
  for (std::size_t i = 0; i < kMostPatient + 5; ++i) world.ask("GET");
  EXPECT_EQ(world.told, std::vector<int>(5, 503));
}

TEST(PatientCall, DropsWhatWaitsWithTheWay) {
  World world;
  world.answers = {status(503)};
  world.ask("GET");
  world.way = {};
  while (world.hands.step()) {
  }
  EXPECT_TRUE(world.told.empty());
  EXPECT_EQ(world.calls, 1);
}

}  // namespace
}  // namespace quintet::host
