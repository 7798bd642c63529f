// A checked expression, ready to run. It reads slots of a row by index, calls no clock, opens
// nothing and never fails: what cannot be computed (overflow, domain error) is null and reported as
// a fault (S6.7). Immutable; any number of threads may run one Program at once.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "event/value.h"

namespace quintet::expr {

// Why a value is null although its inputs were not.
enum class Fault : std::uint8_t { none, overflow, domain };

class Node;  // the checked tree; expr/tree.h

class Program {
 public:
  Program();
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;
  ~Program();
  // Takes a checked tree; made by expr/check.h alone.
  // `slots` are those that it reads, in any order.
  Program(std::unique_ptr<const Node> root, event::Type type, std::string canonical,
          std::vector<int> slots);

  // False for a default-constructed Program (no `where`, say).
  explicit operator bool() const { return root_ != nullptr; }
  event::Type type() const { return type_; }
  // The expression in one normal form, names resolved to what they stand for: equal meaning by
  // construction gives equal text. What column digests are made of.
  const std::string& canonical() const { return canonical_; }

  // The slots that it may read, rising, each once.
  const std::vector<int>& slots() const { return slots_; }
  // The slot whose value is the answer as it stands; -1 if something is computed.
  int only_slot() const { return only_slot_; }

  // Texts and lists of the answer live in `arena` or are borrowed from the slots.
  event::Value run(std::span<const event::Value> slots, event::Arena& arena,
                   Fault* fault = nullptr) const;

 private:
  std::unique_ptr<const Node> root_;
  event::Type type_;
  std::string canonical_;
  std::vector<int> slots_;
  int only_slot_ = -1;
};

}  // namespace quintet::expr
