// Dead letters of a Place: sealed at rest, read again, discarded. A letter leaves the open ones
// once: whoever is about to replay or discard one holds it until that is durable.
#include "base/seal.h"
#include "host/letters.h"
#include "host/place_state.h"

namespace quintet::host {

namespace {

constexpr std::size_t kSaltBytes = 16;

}  // namespace

std::string seal_letter(std::string_view key, std::string_view plain) {
  std::string bytes = random_bytes(kSaltBytes);
  bytes += seal(key, {}, plain, bytes);
  return bytes;
}

Expected<void> open_letter(stage::Vault& vault, stage::DeadLetter& letter) {
  if (letter.bytes.empty()) return {};
  if (letter.bytes.size() < kSaltBytes) {
    return broken("dead letter " + std::to_string(letter.number) + " is cut short");
  }
  TRY(const std::string key, vault.find_subject_key(kLetterSubject));
  const std::string_view bytes = letter.bytes;
  TRY(letter.bytes, open_sealed(key, {}, bytes.substr(kSaltBytes), bytes.substr(0, kSaltBytes)));
  return {};
}

std::string Place::State::sealed_letter(std::string_view plain) {
  if (letter_key.empty()) {
    auto key = parts.vault.subject_key(kLetterSubject);
    // Without a key nothing private is kept: what was wrong is still known.
    if (!key) return {};
    letter_key = *std::move(key);
  }
  return seal_letter(letter_key, plain);
}

Expected<void> Place::State::hold_letter(std::uint64_t number) {
  TRY(const stage::DeadLetter letter, parts.store.dead_letter(number));
  const std::string name = "dead letter " + std::to_string(number);
  if (letter.replayed != kNoPosition) {
    return conflict(name + " was replayed at position " + std::to_string(letter.replayed));
  }
  if (letter.discarded) return conflict(name + " was discarded");
  if (!held_letters.insert(number).second) return conflict(name + " is being dealt with");
  return {};
}

Expected<std::vector<stage::DeadLetter>> Place::dead_letters(
    const stage::Store::DeadLetterQuery& query) {
  return state_->parts.store.dead_letters(query);
}

Expected<stage::DeadLetter> Place::dead_letter(std::uint64_t number) {
  TRY(stage::DeadLetter letter, state_->parts.store.dead_letter(number));
  TRY_DO(open_letter(state_->parts.vault, letter));
  return letter;
}

void Place::discard_letter(std::uint64_t number, Committer::Done done) {
  State& s = *state_;
  if (auto held = s.hold_letter(number); !held) {
    done(held);
    return;
  }
  s.committer->run([number](stage::Store& store) { return store.discard(number); },
                   [&s, number, done = std::move(done)](const Expected<void>& result) {
                     s.held_letters.erase(number);
                     done(result);
                   });
}

}  // namespace quintet::host
