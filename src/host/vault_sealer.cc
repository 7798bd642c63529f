#include "host/vault_sealer.h"

#include "base/seal.h"

namespace quintet::host {

namespace {

constexpr std::size_t kCachedKeys = 100'000;

std::string nonce_context(std::uint32_t number) {
  return "quintet/" + std::to_string(number);
}

}  // namespace

Expected<std::string> VaultSealer::seal(std::string_view subject, Position position, Epoch epoch,
                                        std::uint32_t number, std::string_view plain) {
  if (subject.empty()) subject = kLogKey;
  auto key = keys_.find(std::string(subject));
  if (key == keys_.end()) {
    auto key_made = vault_.subject_key(subject);
    if (!key_made && key_made.error().code() == Code::expired) {
      return expired("the subject of this event was erased").with_id("erased");
    }
    TRY(std::string made, std::move(key_made));
    if (keys_.size() >= kCachedKeys) keys_.clear();
    key = keys_.emplace(std::string(subject), std::move(made)).first;
  }
  return quintet::seal(key->second, {position, epoch}, plain, nonce_context(number));
}

Expected<std::optional<std::string>> VaultSealer::open(std::string_view subject, Position position,
                                                       Epoch epoch, std::uint32_t number,
                                                       std::string_view sealed) {
  if (subject.empty()) subject = kLogKey;
  auto key = keys_.find(std::string(subject));
  if (key == keys_.end()) {
    auto found = vault_.find_subject_key(subject);
    if (!found) {
      const Code code = found.error().code();
      if (code == Code::not_found || code == Code::expired) return std::optional<std::string>();
      return std::move(found).error();
    }
    if (keys_.size() >= kCachedKeys) keys_.clear();
    key = keys_.emplace(std::string(subject), *std::move(found)).first;
  }
  TRY(std::string plain,
      quintet::open_sealed(key->second, {position, epoch}, sealed, nonce_context(number)));
  return std::optional<std::string>(std::move(plain));
}

void add_key_names(const event::Record& record, std::vector<std::string>& names) {
  const auto add = [&](const std::string& subject) {
    names.push_back(subject.empty() ? std::string(kLogKey) : subject);
  };
  if (!record.sealed.empty()) add(record.subject);
  for (const event::LabelTarget& target : record.targets) {
    if (!target.sealed_keys.empty()) add(target.subject);
  }
}

}  // namespace quintet::host
