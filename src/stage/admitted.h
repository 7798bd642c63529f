// A record together with what it decodes to under one Spec: the form in which ingest hands it to
// infer inside one process, and to which a record read from a log or link is decoded. The same
// record gives the same Admitted, wherever it is decoded.
#pragma once

#include <memory>
#include <vector>

#include "app/spec.h"
#include "event/event.h"
#include "event/record.h"
#include "feature/route.h"
#include "stage/sealer.h"

namespace quintet::stage {

struct Admitted {
  event::Record record;
  event::Event event;                   // under the Spec in force; empty type for control records
  std::vector<event::Value> labels;     // by Spec::labels_of(type); borrows from event.arena
  std::vector<feature::Touch> touches;  // all of the record's, labels' included
  ShardId home = 0;                     // where the row is joined
  bool late = false;                    // S2.5
  bool erased = false;  // decoded from a record whose sealed part nobody can read any more

  bool asks() const {
    return record.kind == event::RecordKind::event && event.type != nullptr &&
           !event.type->is_table;
  }
};

// The horizon that a low time gives (S2.3); kNoTime while there is none.
Micros horizon_of(const app::Spec& spec, Micros low_time);

// Fills labels, touches, home and late from record and event. `written` is the Spec of
// record.app_version, `epoch` that of the record's block. Used by ingest after stamping and by
// decode_record. Only `broken` and `unavailable` are possible.
Expected<void> complete(const app::Spec& written, const app::Spec& spec, Epoch epoch,
                        Sealer& sealer, Admitted& admitted);

// Decodes admitted.record, written under `written`, to what it means under `spec`: fields are
// matched by name, an event type that `spec` lacks gives an empty type. Sealed parts whose key is
// destroyed read as null.
Expected<void> decode_record(const app::Spec& written, const app::Spec& spec, Epoch epoch,
                             Sealer& sealer, Admitted& admitted);

}  // namespace quintet::stage
