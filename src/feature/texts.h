// The texts that entries of one group hold, each once, known to the entries by a small number.
// Numbers are given out and taken back as texts come and go; they never show in an answer. Owned by
// one GroupState; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace quintet::feature {

class Texts {
 public:
  // The text's number, with one more holder.
  std::int64_t hold(std::string_view text);
  void hold(std::int64_t id);
  // One holder fewer; the last one frees the text.
  void release(std::int64_t id);

  // Valid as long as somebody holds it.
  std::string_view text(std::int64_t id) const;
  std::size_t size() const { return ids_.size(); }
  std::size_t bytes() const;

 private:
  struct Held {
    std::unique_ptr<const std::string> text;
    std::uint64_t holders = 0;
  };
  std::vector<Held> held_;
  std::vector<std::int64_t> free_;
  std::unordered_map<std::string_view, std::int64_t> ids_;
};

}  // namespace quintet::feature
