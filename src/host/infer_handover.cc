// Shards that move bring their newest snapshots along: whoever is to hold them fetches these from
// whoever holds them, part after part, before the table changes. What was fetched is a snapshot
// like any other: it may be lost, and a start ignores what does not fit.
#include "base/digest.h"
#include "host/infer_state.h"

namespace quintet::host {

namespace {

constexpr std::size_t kPutParts = 64;  // of one transaction
constexpr std::size_t kPutBytes = std::size_t{1} << 20;

}  // namespace

Expected<stage::Snapshot> InferPlace::stored_part(const std::string& name) const {
  const State& s = *state_;
  if (s.failed) return *s.failed;
  if (!s.begun || s.restoring) return unavailable("the place is not ready to give snapshots");
  TRY(auto found, s.parts.store.snapshots(s.low, name));
  if (found.empty()) return not_found("there is no snapshot of " + name);
  return std::move(found.front());
}

Expected<PartDigest> InferPlace::part_digest(const std::string& name) const {
  TRY(const stage::Snapshot part, stored_part(name));
  TRY(OpenedSnapshot opened, open_snapshot(state_->follower.vault(), part));
  return PartDigest{name, part.position, std::move(opened.head), sha256_hex(opened.body)};
}

void InferPlace::fetch_shards(const ShardTable& from, const ShardTable& to,
                              std::function<void(Expected<FetchedShards>)> done) {
  State& s = *state_;
  if (s.failed) return done(*s.failed);
  s.end_fetch(conflict("another move of shards began"));
  s.fetch = std::make_shared<State::Fetch>();
  for (auto& one : parts_to_fetch(from, to, s.settings.replica)) {
    s.fetch->wanted.push_back(std::move(one));
  }
  s.fetch->done = std::move(done);
  s.fetch_next();
}

void InferPlace::State::fetch_next() {
  if (fetch->wanted.empty()) return put_fetched();
  auto [from, name] = std::move(fetch->wanted.front());
  fetch->wanted.pop_front();
  parts.peers->stored_part(
      from, name,
      guarded([this, from = from, name = name, of = fetch](Expected<stage::Snapshot> part) {
        if (of != fetch) return;
        if (part) part->name = name;
        fetched(from, std::move(part));
      }));
}

void InferPlace::State::fetched(ReplicaId from, Expected<stage::Snapshot> part) {
  if (part) {
    fetch->came.push_back(*std::move(part));
  } else {
    ++fetch->so_far.missing;
    // Who is away has nothing else either.
    const Code code = part.error().code();
    if (code == Code::unavailable || code == Code::expired) {
      fetch->so_far.missing += static_cast<std::uint32_t>(
          std::erase_if(fetch->wanted, [&](const auto& one) { return one.first == from; }));
    }
  }
  std::size_t bytes = 0;
  for (const stage::Snapshot& one : fetch->came) bytes += one.bytes.size();
  if (fetch->came.size() >= kPutParts || bytes >= kPutBytes) return put_fetched();
  fetch_next();
}

void InferPlace::State::put_fetched() {
  if (fetch->came.empty()) return end_fetch(fetch->so_far);
  auto batch = std::make_shared<std::vector<stage::Snapshot>>(std::exchange(fetch->came, {}));
  committer->run([batch](stage::Store& store) { return store.put_snapshots(*batch); },
                 guarded([this, batch, of = fetch](const Expected<void>& result) {
                   if (of != fetch) return;
                   if (!result) return end_fetch(result.error());
                   fetch->so_far.fetched += static_cast<std::uint32_t>(batch->size());
                   fetch_next();
                 }));
}

void InferPlace::State::end_fetch(Expected<FetchedShards> result) {
  if (const auto ended = std::exchange(fetch, nullptr)) ended->done(std::move(result));
}

}  // namespace quintet::host
