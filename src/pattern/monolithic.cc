// Monolithic: one process, every link a function call, one SQLite file, one transaction an event.
//
//   client --> [ (door) --> (ingest) --> (infer) --> (results) --> (door) ] --> client
//                              \--> (train) --^
#include "pattern/topology.h"

namespace quintet::pattern {

Topology monolithic() {
  Topology topology("monolithic");

  // Places.
  const int app = topology.place({.name = "app",
                                  .stages = {},
                                  .state = StateKind::memory,
                                  .life = LifeKind::always,
                                  .commit = CommitKind::with_append,
                                  .replicas = 1});
  const Door door = topology.door(app);
  const Ingest ingest = topology.ingest(app);
  const Infer infer = topology.infer(app);
  const Train train = topology.train(app);
  const Results results = topology.results(app);

  // Arrows.
  topology.connect(door.events, ingest.events, LinkKind::direct);
  topology.connect(ingest.records, infer.records, LinkKind::direct);
  topology.connect(ingest.records, results.records, LinkKind::direct);
  topology.connect(ingest.records, train.records, LinkKind::direct);
  topology.connect(train.models, infer.models, LinkKind::direct);
  topology.connect(infer.outcomes, results.outcomes, LinkKind::direct);
  topology.connect(results.answers, door.answers, LinkKind::direct);
  return topology;
}

}  // namespace quintet::pattern
