// Programs that are shell scripts: what is started, killed, asked to end, and what is said of it.
#include "tool/program.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace quintet::tool {
namespace {

class Programs : public ::testing::Test {
 protected:
  Programs() : directory_(std::filesystem::temp_directory_path() / "quintet-test-XXXXXX") {
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
  }
  ~Programs() override { std::filesystem::remove_all(directory_); }

  std::vector<std::string> script(const std::string& text) const { return {"/bin/sh", "-c", text}; }
  std::string log() const { return directory_ + "/log"; }

  std::string directory_;
};

constexpr const char* kReady = "echo '{\"url\":\"http://127.0.0.1:1\",\"data\":\"x\"}'; ";

TEST_F(Programs, SayTheirUrlAndEndWhenAsked) {
  Program program(
      script(std::string("trap 'exit 0' TERM; ") + kReady + "while :; do sleep 0.05; done"), log());
  const auto url = program.start();
  ASSERT_TRUE(url) << url.error().message();
  EXPECT_EQ(*url, "http://127.0.0.1:1");
  EXPECT_TRUE(program.runs());
  EXPECT_TRUE(program.stop());
  EXPECT_FALSE(program.runs());
}

TEST_F(Programs, ThatEndBeforeTheyAreReadySayWhy) {
  Program program(script("echo first >&2; echo no port is free >&2; exit 2"), log());
  const auto url = program.start();
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().code(), Code::unavailable);
  EXPECT_NE(url.error().message().find("first\nno port is free"), std::string::npos);
  EXPECT_FALSE(program.runs());
}

TEST_F(Programs, ThatAreNotThereOrPrintNoUrlFail) {
  Program none({directory_ + "/nothing"}, log());
  EXPECT_EQ(none.start().error().code(), Code::unavailable);
  Program other(script("echo hello; exec sleep 1000"), log());
  EXPECT_NE(other.start().error().message().find("hello"), std::string::npos);
}

TEST_F(Programs, AreKilledAndStartedAgain) {
  Program program(script(std::string(kReady) + "exec sleep 1000"), log());
  for (int life = 0; life < 3; ++life) {
    ASSERT_TRUE(program.start());
    EXPECT_TRUE(program.kill(false, 0));
    EXPECT_FALSE(program.kill(false, 0));  // it dies of the first
    EXPECT_NE(program.stop().error().message().find("signal 9"), std::string::npos);
    EXPECT_FALSE(program.kill(false, 0));
  }
}

TEST_F(Programs, LoseTheChildThatTheChoiceFallsOn) {
  // Two children; the program ends well once both are gone, and not when it is asked to.
  Program program(
      script("trap '' TERM; sleep 1000 & sleep 1000 & " + std::string(kReady) + "wait; exit 0"),
      log());
  ASSERT_TRUE(program.start());
  EXPECT_TRUE(program.kill(true, 7));
  EXPECT_TRUE(program.runs());
  while (!program.kill(true, 0)) std::this_thread::yield();  // until the first is dead
  EXPECT_TRUE(program.stop());
}

TEST_F(Programs, ThatDoNotEndWellAreBroken) {
  Program program(script("trap 'echo cannot >&2; exit 7' TERM; " + std::string(kReady) +
                         "while :; do sleep 0.05; done"),
                  log());
  ASSERT_TRUE(program.start());
  const auto ended = program.stop();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code(), Code::broken);
  EXPECT_NE(ended.error().message().find("status 7:\ncannot"), std::string::npos);
}

TEST_F(Programs, AreNotStartedOnceAllIsEnded) {
  Program program(script(std::string(kReady) + "exec sleep 1000"), log());
  ASSERT_TRUE(program.start());
  std::thread other([&] { program.end(); });
  other.join();
  EXPECT_FALSE(program.runs());
  EXPECT_FALSE(program.start());
}

TEST_F(Programs, KeepTheEndOfWhatTheySaid) {
  Program program(script("i=0; while [ $i -lt 500 ]; do echo line $i >&2; i=$((i+1)); done"),
                  log());
  EXPECT_FALSE(program.start());
  const std::string words = program.last_words();
  EXPECT_LE(words.size(), 2000u);
  EXPECT_TRUE(words.starts_with("line ")) << words.substr(0, 20);
  EXPECT_TRUE(words.ends_with("line 499"));
}

TEST(FreePort, IsBelowThoseOfOutgoingConnections) {
  const auto port = free_port();
  ASSERT_TRUE(port);
  std::ifstream range("/proc/sys/net/ipv4/ip_local_port_range");
  int first = 32768;
  range >> first;
  EXPECT_LT(*port, first);
  EXPECT_GE(*port, 1024);
}

}  // namespace
}  // namespace quintet::tool
