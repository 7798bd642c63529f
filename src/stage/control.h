// The bodies of control records (DESIGN 2): what takes effect at their position.
#pragma once

#include <string>
#include <string_view>

#include "event/record.h"

namespace quintet::stage {

// `application`: a version of the application, prepared. The log's first record is one. `activate`
// has the same body without the text.
struct ApplicationBody {
  AppVersion version = 0;
  std::uint32_t semantics = kSemanticsVersion;
  std::uint32_t shards = kShardCount;
  std::string key_hash{kKeyHashName};
  std::string digest;  // Spec::digest
  std::string text;    // the application file
};
std::string write_application(const ApplicationBody& body);
// Refuses another shard count, key hash or an unknown semantics version (`broken`, naming both).
Expected<ApplicationBody> read_application(std::string_view body);

// `erase`: a subject's key is destroyed.
struct EraseBody {
  std::string subject;  // the pseudonym
};
std::string write_erase(const EraseBody& body);
Expected<EraseBody> read_erase(std::string_view body);

// `train`: a run was asked for. Its rows are the fold's rows up to `last`, labels as of `as_of`.
struct TrainBody {
  std::string model;
  Position last = kNoPosition;
  Micros as_of = 0;
  std::uint64_t seed = 0;
};
std::string write_train(const TrainBody& body);
Expected<TrainBody> read_train(std::string_view body);

// `seal`: the log up to `cut` is closed and may be removed (S10); the base of this number is what
// it came to.
struct SealBody {
  Position cut = kNoPosition;
  std::uint64_t base = 0;
  std::string digest;     // SHA-256 in hex of the base's list of parts
  Micros edge = kNoTime;  // every event and history record up to the cut has this time or less
};
std::string write_seal(const SealBody& body);
Expected<SealBody> read_seal(std::string_view body);

}  // namespace quintet::stage
