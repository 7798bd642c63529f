#include "pattern/topology.h"

namespace quintet::pattern {
namespace {

TEST(Topology, EveryPatternIsWhole) {
  for (const auto name : pattern_names()) {
    const auto topology = find_pattern(name);
    ASSERT_TRUE(topology);
    EXPECT_TRUE(topology->validate()) << topology->validate().error().message();
  }
}

TEST(Topology, NamesWhatIsNotFed) {
  Topology odd("odd");
  const int place = odd.place({.name = "all", .stages = {}});
  const Door door = odd.door(place);
  const Ingest ingest = odd.ingest(place);
  const Infer infer = odd.infer(place);
  odd.train(place);
  odd.results(place);
  odd.connect(door.events, ingest.events, LinkKind::direct);
  odd.connect(ingest.records, infer.records, LinkKind::direct);
  EXPECT_EQ(odd.validate().error().message(), "odd: no models reach infer");
}

TEST(Topology, ADirectLinkStaysInItsPlace) {
  Topology odd = monolithic();
  const int other = odd.place(Place{});
  const Infer infer = odd.infer(other);
  odd.connect(Out<Records>{0, StageKind::ingest}, infer.records, LinkKind::direct);
  EXPECT_EQ(odd.validate().error().message(), "monolithic: a direct link leaves its place");
}

TEST(Topology, AnUnknownPatternIsNotFound) {
  EXPECT_EQ(find_pattern("octopus").error().code(), Code::not_found);
}

TEST(Topology, AServiceIsAProcessOfItsOwn) {
  const Topology services = microservices();
  EXPECT_EQ(services.places().size(), 5U);
  for (const Arrow& arrow : services.arrows()) EXPECT_EQ(arrow.link, LinkKind::grpc);
}

TEST(Topology, DrawsItself) {
  EXPECT_NE(monolithic().mermaid().find("p0_ingest --\"records, direct\"--> p0_infer"),
            std::string::npos);
}

}  // namespace
}  // namespace quintet::pattern
