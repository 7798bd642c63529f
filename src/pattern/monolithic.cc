// Monolithic: one process, every link a function call, one SQLite file, one transaction an event.
//
//   client --> [ (ingest) --> (infer) --> (results) ] --> client
//                   \--> (train) --^
#include "pattern/topology.h"

namespace quintet::pattern {

Topology monolithic() {
  Topology topology("monolithic");

  // Places.
  const int app = topology.place({.name = "app",
                                  .stages = {},
                                  .door = true,
                                  .state = StateKind::memory,
                                  .life = LifeKind::always,
                                  .commit = CommitKind::with_append,
                                  .replicas = 1});
  const Ingest ingest = topology.ingest(app);
  const Infer infer = topology.infer(app);
  const Train train = topology.train(app);
  const Results results = topology.results(app);

  // Arrows.
  topology.connect(ingest.records, infer.records, LinkKind::direct);
  topology.connect(ingest.records, train.records, LinkKind::direct);
  topology.connect(train.models, infer.models, LinkKind::direct);
  topology.connect(infer.outcomes, results.outcomes, LinkKind::direct);
  return topology;
}

}  // namespace quintet::pattern
