#include "stage/control.h"

namespace quintet::stage {

std::string write_application(const ApplicationBody& body) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u32(body.version);
  out.u32(body.semantics);
  out.u32(body.shards);
  out.text(body.key_hash);
  out.text(body.digest);
  out.text(body.text);
  return bytes;
}

Expected<ApplicationBody> read_application(std::string_view bytes) {
  ByteReader in(bytes);
  ApplicationBody body;
  body.version = in.u32();
  body.semantics = in.u32();
  body.shards = in.u32();
  body.key_hash = in.text();
  body.digest = in.text();
  body.text = in.text();
  TRY_DO(in.finish("an application record"));
  if (body.semantics != kSemanticsVersion) {
    return broken("the log follows semantics version " + std::to_string(body.semantics) +
                  ", this build knows " + std::to_string(kSemanticsVersion));
  }
  if (body.shards != kShardCount || body.key_hash != kKeyHashName) {
    return broken("the log is cut into " + std::to_string(body.shards) + " shards by " +
                  body.key_hash + ", this build uses " + std::to_string(kShardCount) + " by " +
                  std::string(kKeyHashName));
  }
  return body;
}

std::string write_erase(const EraseBody& body) {
  std::string bytes;
  ByteWriter(bytes).text(body.subject);
  return bytes;
}

Expected<EraseBody> read_erase(std::string_view bytes) {
  ByteReader in(bytes);
  EraseBody body{std::string(in.text())};
  TRY_DO(in.finish("an erase record"));
  return body;
}

std::string write_train(const TrainBody& body) {
  std::string bytes;
  ByteWriter out(bytes);
  out.text(body.model);
  out.u64(body.last);
  out.i64(body.as_of);
  out.u64(body.seed);
  return bytes;
}

Expected<TrainBody> read_train(std::string_view bytes) {
  ByteReader in(bytes);
  TrainBody body;
  body.model = in.text();
  body.last = in.u64();
  body.as_of = in.i64();
  body.seed = in.u64();
  TRY_DO(in.finish("a train record"));
  return body;
}

std::string write_seal(const SealBody& body) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u64(body.cut);
  out.u64(body.base);
  out.text(body.digest);
  out.i64(body.edge);
  return bytes;
}

Expected<SealBody> read_seal(std::string_view bytes) {
  ByteReader in(bytes);
  SealBody body;
  body.cut = in.u64();
  body.base = in.u64();
  body.digest = in.text();
  body.edge = in.i64();
  TRY_DO(in.finish("a seal record"));
  return body;
}

}  // namespace quintet::stage
