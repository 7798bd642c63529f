// Microservices: a process a stage behind one gateway, each with a store of its own, each started,
// updated and failing alone. All follow the one log that ingest keeps.
//
//   client --> [ (door) ] --> [ (ingest) ] --> [ (infer) ] --> [ (results) ] --> [ (door) ]
//                               \      \          ^                ^               \--> client
//                                \      \---------|----------------/
//                                 \--> [ (train) ]
#include "pattern/topology.h"

namespace quintet::pattern {

Topology microservices() {
  Topology topology("microservices");

  // Places: each is a process.
  const Door door = topology.door(topology.place({.name = "gateway", .stages = {}}));
  const Ingest ingest = topology.ingest(topology.place({.name = "ingest", .stages = {}}));
  const Infer infer = topology.infer(topology.place({.name = "infer", .stages = {}}));
  const Train train = topology.train(topology.place({.name = "train", .stages = {}}));
  const Results results = topology.results(topology.place({.name = "results", .stages = {}}));

  // Arrows.
  topology.connect(door.events, ingest.events, LinkKind::grpc);
  topology.connect(ingest.records, infer.records, LinkKind::grpc);
  topology.connect(ingest.records, train.records, LinkKind::grpc);
  topology.connect(ingest.records, results.records, LinkKind::grpc);
  topology.connect(train.models, infer.models, LinkKind::grpc);
  topology.connect(infer.outcomes, results.outcomes, LinkKind::grpc);
  topology.connect(results.answers, door.answers, LinkKind::grpc);
  return topology;
}

}  // namespace quintet::pattern
