// What is particular to call streams; that they are calls like others is in call_test.cc.
#include "link/call_stream.h"

#include "link/calls_wire.h"
#include "link/world_fixture.h"

namespace quintet::link {
namespace {

// A server's end that keeps what comes, reads when it is told to, and answers nothing.
class Taker final : public WireEvents {
 public:
  Taker(Wire& wire, std::vector<std::string>& messages) : wire_(wire), messages_(messages) {}
  void on_message(std::string message) override { messages_.push_back(std::move(message)); }
  void on_written() override {}
  void on_end(Expected<void>) override {}
  Wire& wire_;
  std::vector<std::string>& messages_;
};

// The direct transport: a write is under way until the other end reads.
class CallStreams : public World {
 protected:
  void start() {
    auto service = std::make_shared<Service>();
    service->add_wire(std::string(kCallsMethod), [this](const Incoming&, Wire& wire) {
      auto taker = std::make_unique<Taker>(wire, messages_);
      taker_ = taker.get();
      return taker;
    });
    serve(service);
    connect();
  }
  // How many calls are in the next message.
  std::size_t take() {
    const std::size_t before = messages_.size();
    taker_->wire_.read();
    EXPECT_TRUE(run_until([&] { return messages_.size() > before; }));
    const auto frames = decode_call_frames(messages_.back());
    return frames ? frames->size() : 0;
  }

  std::vector<std::string> messages_;
  Taker* taker_ = nullptr;
};

INSTANTIATE_TEST_SUITE_P(All, CallStreams, ::testing::Values(kStreams[0]), name_of_kind);

TEST_P(CallStreams, CallsOfOneTurnGoTogetherAndSoDoThoseMadeWhileAWriteIsUnderWay) {
  start();
  const auto make = [this](int count) {
    for (int i = 0; i < count; ++i) caller().call({"/a/b", "body"}, [](Expected<std::string>) {});
  };
  make(3);
  ASSERT_TRUE(run_until([&] { return taker_ != nullptr; }));
  bool turn_over = false;
  local().scheduler.post([&] { turn_over = true; });
  ASSERT_TRUE(run_until([&] { return turn_over; }));
  make(90);
  make(7);
  EXPECT_EQ(take(), 3u);  // the first did not wait for others
  EXPECT_EQ(take(), 97u);
}

TEST_P(CallStreams, AMessageGathersAtMostItsLimit) {
  start();
  const std::string body(kMaxBatchBytes / 4, 'x');
  for (int i = 0; i < 8; ++i) caller().call({"/a/b", body}, [](Expected<std::string>) {});
  ASSERT_TRUE(run_until([&] { return taker_ != nullptr; }));
  EXPECT_EQ(take(), 3u);
  EXPECT_EQ(take(), 3u);
  EXPECT_EQ(take(), 2u);
}

TEST_P(CallStreams, RequestsThatWaitForAWriteAreBoundedInBytes) {
  start();
  stream_ =
      std::make_unique<CallStream>(local(), *channel_, CallStream::Options{.queued_bytes = 1000});
  int refused = 0;
  std::string message;
  for (int i = 0; i < 10; ++i) {
    caller().call({"/a/b", std::string(400, 'x')}, [&](Expected<std::string> answer) {
      EXPECT_FALSE(answer);
      EXPECT_EQ(answer.error().code(), Code::exhausted);
      message = answer.error().message();
      ++refused;
    });
  }
  // Two wait for the end of the turn.
  EXPECT_TRUE(run_until([&] { return refused == 8; }));
  EXPECT_NE(message.find("bytes of requests wait to be sent, at most 1000"), std::string::npos);
}

TEST_P(CallStreams, AServerReadsNoFurtherWhileTooManyCallsAreUnanswered) {
  std::vector<Answer> held;
  auto service = std::make_shared<Service>();
  service->add("/a/b", [&](Incoming, Answer answer) { held.push_back(std::move(answer)); });
  serve(service);
  connect({.calls = 3 * kMaxStreamCalls});
  std::size_t answers = 0;
  const std::size_t calls = 3 * kMaxStreamCalls;
  for (std::size_t i = 0; i < calls; ++i) {
    caller().call({"/a/b", std::string(1000, 'x')},
                  [&](Expected<std::string> answer) { answers += answer ? 1 : 0; });
  }
  ASSERT_TRUE(run_until([&] { return held.size() >= kMaxStreamCalls; }));
  pump_.run_for(kSecond);
  // What had been read when the limit was reached is taken.
  EXPECT_LT(held.size(), kMaxStreamCalls + kMaxBatchBytes / 1000);
  while (answers < calls) {
    std::vector<Answer> now;
    now.swap(held);
    const std::size_t before = answers;
    for (Answer& answer : now) answer(std::string("y"));
    ASSERT_TRUE(run_until([&] { return answers == before + now.size(); }));
    ASSERT_TRUE(run_until([&] { return answers == calls || !held.empty(); }));
  }
}

TEST_P(CallStreams, DamageFromThePeerEndsTheStreamAndItsCalls) {
  auto service = std::make_shared<Service>();
  struct Damaging final : WireEvents {
    explicit Damaging(Wire& wire) { wire.write("\x0a\x05xx"); }
    void on_message(std::string) override {}
    void on_written() override {}
    void on_end(Expected<void>) override {}
  };
  service->add_wire(std::string(kCallsMethod),
                    [](const Incoming&, Wire& wire) { return std::make_unique<Damaging>(wire); });
  serve(service);
  connect();
  const auto answer = ask(caller(), {"/a/b", "x"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::broken);
}

TEST_P(CallStreams, AForeignClientThatSaysItHasNoMoreGetsItsAnswersAndAnEnd) {
  auto service = std::make_shared<Service>();
  service->add("/a/b", [](Incoming call, Answer answer) { answer(call.request + "!"); });
  serve(service);
  connect();
  struct Client final : WireEvents {
    void on_message(std::string message) override {
      const auto frames = decode_call_frames(message);
      for (const CallFrame& frame : *frames) got += frame.body;
      wire->read();
    }
    void on_written() override { wire->finish({}); }
    void on_end(Expected<void> how) override { end = how; }
    std::unique_ptr<Wire> wire;
    std::string got;
    std::optional<Expected<void>> end;
  } client;
  client.wire = channel_->open({std::string(kCallsMethod)}, client);
  std::string batch;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    CallFrame frame;
    frame.id = id;
    frame.method = "/a/b";
    append(batch, frame, std::to_string(id));
  }
  client.wire->write(batch);
  client.wire->read();
  ASSERT_TRUE(run_until([&] { return client.end.has_value(); }));
  EXPECT_TRUE(*client.end);
  EXPECT_EQ(client.got, "1!2!3!");
  client.wire.reset();
}

TEST(CallsWire, GivesBackWhatWasWritten) {
  std::string batch;
  CallFrame call;
  call.id = 7;
  call.method = "/a/b";
  call.timeout = 1500;
  call.metadata = {{"traceparent", "00-ab"}, {"empty", ""}};
  append(batch, call, std::string(300, 'x'));
  CallFrame off;
  off.id = 8;
  off.cancel = true;
  append(batch, off, {});
  CallFrame refused;
  refused.id = 9;
  refused.error = conflict("it has changed").at("amount").with_id("QNT-0001");
  append(batch, refused, {});
  const auto frames = decode_call_frames(batch);
  ASSERT_TRUE(frames);
  ASSERT_EQ(frames->size(), 3u);
  EXPECT_EQ((*frames)[0].id, 7u);
  EXPECT_EQ((*frames)[0].method, "/a/b");
  EXPECT_EQ((*frames)[0].timeout, 1500);
  EXPECT_EQ((*frames)[0].metadata, call.metadata);
  EXPECT_EQ((*frames)[0].body, std::string(300, 'x'));
  EXPECT_TRUE((*frames)[1].cancel);
  ASSERT_TRUE((*frames)[2].error);
  EXPECT_EQ((*frames)[2].error->code(), Code::conflict);
  EXPECT_EQ((*frames)[2].error->message(), "it has changed");
  EXPECT_EQ((*frames)[2].error->place(), "amount");
  EXPECT_EQ((*frames)[2].error->id(), "QNT-0001");
  for (std::size_t size = 1; size < batch.size(); ++size) {
    const auto cut = decode_call_frames(batch.substr(0, size));
    EXPECT_TRUE(!cut || cut->size() < 3) << size;
  }
}

}  // namespace
}  // namespace quintet::link
