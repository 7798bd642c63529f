// Health and reflection, over a transport of each kind.
#include "link/health.h"

#include <quintet/v1/descriptors.h>

#include "link/proto.h"
#include "link/reflection.h"
#include "link/world_fixture.h"

namespace quintet::link {
namespace {

const std::string kCheck(kHealthCheck);
constexpr auto kWatch = "/grpc.health.v1.Health/Watch";

// A client of a stream, which reads on and keeps what it read.
class Listener final : public WireEvents {
 public:
  void open(Channel& channel, std::string method, std::string first) {
    wire = channel.open({std::move(method)}, *this);
    wire->write(std::move(first));
    wire->read();
  }
  void on_message(std::string message) override {
    got.push_back(std::move(message));
    wire->read();
  }
  void on_written() override { written = true; }
  void on_end(Expected<void> how) override { end = std::move(how); }

  std::unique_ptr<Wire> wire;
  std::vector<std::string> got;
  bool written = false;
  std::optional<Expected<void>> end;
};

class HealthOf : public World {
 protected:
  void start() {
    auto service = std::make_shared<Service>();
    health_.offer(*service);
    serve(service);
    connect();
  }
  Health health_;
};

INSTANTIATE_TEST_SUITE_P(All, HealthOf, ::testing::ValuesIn(kKinds), name_of_kind);

TEST_P(HealthOf, ACheckSaysWhatWasSet) {
  health_.set("", true);
  health_.set("quintet.v1.Ingest", false);
  start();
  EXPECT_EQ(*ask(*channel_, {kCheck, ""}), "\x08\x01");
  EXPECT_EQ(*ask(*channel_, {kCheck, health_request("quintet.v1.Ingest")}), "\x08\x02");
  health_.set("quintet.v1.Ingest", true);
  EXPECT_EQ(*ask(*channel_, {kCheck, health_request("quintet.v1.Ingest")}), "\x08\x01");
}

TEST_P(HealthOf, ACheckOfAServiceThatIsNotThereIsNotFound) {
  start();
  const auto answer = ask(*channel_, {kCheck, health_request("other")});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::not_found);
  const auto damaged = ask(*channel_, {kCheck, "\x0a\x05x"});
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code(), Code::invalid);
}

TEST_P(HealthOf, AWatchHearsTheStateAndEachChange) {
  start();
  Listener listener;
  listener.open(*channel_, kWatch, health_request("quintet.v1.Ingest"));
  ASSERT_TRUE(run_until([&] { return listener.got.size() == 1; }));
  EXPECT_EQ(listener.got[0], "\x08\x03");  // unknown, and watched all the same
  health_.set("quintet.v1.Ingest", true);
  health_.set("other", true);
  ASSERT_TRUE(run_until([&] { return listener.got.size() == 2; }));
  EXPECT_EQ(listener.got[1], "\x08\x01");
  health_.set("quintet.v1.Ingest", true);
  health_.set("quintet.v1.Ingest", false);
  ASSERT_TRUE(run_until([&] { return listener.got.size() == 3; }));
  EXPECT_EQ(listener.got[2], "\x08\x02");
  bool drained = false;
  server_->drain(kHour, [&] { drained = true; });
  ASSERT_TRUE(run_until([&] { return drained && listener.end; }));
  EXPECT_EQ(listener.end->error().code(), Code::unavailable);
  listener.wire.reset();
}

class Reflection : public World {
 protected:
  void SetUp() override {
    auto read = Descriptors::read(api_descriptors());
    ASSERT_TRUE(read) << read.error().message();
    descriptors_ = *std::move(read);
    auto service = std::make_shared<Service>();
    service->add("/quintet.v1.Ingest/Offer", [](Incoming, Answer) {});
    health_.offer(*service);
    offer_reflection(*service, *descriptors_);
    serve(service);
    connect();
  }
  // The answer to one question, without what repeats it.
  std::string answer_to(std::string_view method, std::uint32_t field, std::string_view asked) {
    std::string question;
    ProtoWriter(question).message(field, asked);
    Listener listener;
    listener.open(*channel_, std::string(method), question);
    EXPECT_TRUE(run_until([&] { return listener.written && listener.got.size() == 1; }));
    listener.wire->finish({});
    EXPECT_TRUE(run_until([&] { return listener.end.has_value(); }));
    EXPECT_TRUE(listener.end && *listener.end);
    listener.wire.reset();
    if (listener.got.empty()) return "";
    std::string answer;
    ProtoReader in(listener.got[0]);
    while (in.next()) {
      if (in.field() == 2) {
        EXPECT_EQ(in.bytes(), question);
      } else if (in.field() > 2) {
        answer = in.bytes();
      }
    }
    EXPECT_TRUE(in.ok());
    return answer;
  }

  std::optional<Descriptors> descriptors_;
  Health health_;
};

INSTANTIATE_TEST_SUITE_P(All, Reflection, ::testing::ValuesIn(kKinds), name_of_kind);

constexpr auto kV1 = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
constexpr auto kV1Alpha = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

TEST_P(Reflection, ListsTheServicesThatAreOffered) {
  for (const auto method : {kV1, kV1Alpha}) {
    const std::string list = answer_to(method, 7, "");
    std::vector<std::string> names;
    ProtoReader in(list);
    while (in.next()) names.emplace_back(in.bytes().substr(2));
    EXPECT_EQ(names, (std::vector<std::string>{
                         "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                         "grpc.reflection.v1alpha.ServerReflection", "quintet.v1.Ingest"}));
  }
}

TEST_P(Reflection, GivesTheFileOfASymbolWithAllItNeeds) {
  for (const auto symbol : {"quintet.v1.Ingest", "quintet.v1.Ingest.Offer"}) {
    const std::string files = answer_to(kV1Alpha, 4, symbol);
    EXPECT_NE(files.find("quintet/v1/ingest.proto"), std::string::npos) << symbol;
    // As a file of its own, and not as the import alone.
    EXPECT_NE(files.find("\n\x17quintet/v1/common.proto\x12\nquintet.v1"), std::string::npos);
  }
  EXPECT_EQ(answer_to(kV1Alpha, 3, "quintet/v1/ingest.proto"),
            answer_to(kV1Alpha, 4, "quintet.v1.Ingest"));
}

TEST_P(Reflection, SaysWhatItDoesNotKnow) {
  EXPECT_NE(
      answer_to(kV1Alpha, 4, "quintet.v1.Nothing").find("\"quintet.v1.Nothing\" is not known"),
      std::string::npos);
  EXPECT_NE(answer_to(kV1Alpha, 3, "nothing.proto").find("is not known"), std::string::npos);
  EXPECT_NE(answer_to(kV1Alpha, 6, "quintet.v1.Ingest").find("no extensions"), std::string::npos);
}

TEST(DescriptorsOfAll, HoldEveryServiceOfTheApi) {
  const auto read = Descriptors::read(api_descriptors());
  ASSERT_TRUE(read) << read.error().message();
  const auto& services = read->services();
  for (const auto name : {"quintet.link.v1.Calls", "quintet.link.v1.Feeds", "quintet.v1.Ingest",
                          "quintet.v1.Infer", "quintet.v1.Results", "quintet.v1.Train"}) {
    EXPECT_EQ(std::count(services.begin(), services.end(), name), 1) << name;
  }
  EXPECT_EQ(read->file_of("quintet.link.v1.CallFrame"), "quintet/link/v1/link.proto");
  EXPECT_EQ(read->file_of("quintet.link.v1.Nothing"), "");
}

TEST(DescriptorsOfAll, RefuseDamageAndFilesTwice) {
  const std::string all(api_descriptors());
  EXPECT_FALSE(Descriptors::read(all + all));
  EXPECT_FALSE(Descriptors::read(all.substr(0, all.size() - 1)));
  EXPECT_FALSE(Descriptors::read("damage"));
  // Messages within messages, deeper than any that is meant.
  std::string nested = "\x0a\x01m";
  for (int i = 0; i < 100; ++i) {
    std::string outer;
    ProtoWriter out(outer);
    out.bytes(1, "m");
    out.message(3, nested);
    nested = outer;
  }
  std::string file, set;
  ProtoWriter fields(file);
  fields.bytes(1, "a.proto");
  fields.message(4, nested);
  ProtoWriter(set).message(1, file);
  EXPECT_FALSE(Descriptors::read(set));
}

}  // namespace
}  // namespace quintet::link
