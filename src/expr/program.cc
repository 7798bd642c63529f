#include "expr/program.h"

#include "expr/tree.h"

namespace quintet::expr {

using event::Value;

namespace {

class Slot final : public Node {
 public:
  explicit Slot(int slot) : slot_(static_cast<std::size_t>(slot)) {}
  Value eval(Frame& frame) const override { return frame.slots[slot_]; }
  int only_slot() const override { return static_cast<int>(slot_); }

 private:
  std::size_t slot_;
};

class Constant final : public Node {
 public:
  explicit Constant(Value value) : value_(arena_.copy(value)) {}
  Value eval(Frame&) const override { return value_; }

 private:
  event::Arena arena_;
  Value value_;
};

}  // namespace

NodePtr slot_node(int slot) {
  return std::make_unique<Slot>(slot);
}
NodePtr constant_node(Value value) {
  return std::make_unique<Constant>(value);
}

Program::Program() = default;
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;
Program::~Program() = default;

Program::Program(std::unique_ptr<const Node> root, event::Type type, std::string canonical,
                 std::vector<int> slots)
    : root_(std::move(root)),
      type_(type),
      canonical_(std::move(canonical)),
      slots_(std::move(slots)) {
  if (root_ != nullptr) only_slot_ = root_->only_slot();
  std::sort(slots_.begin(), slots_.end());
  slots_.erase(std::unique(slots_.begin(), slots_.end()), slots_.end());
}

Value Program::run(std::span<const Value> slots, event::Arena& arena, Fault* fault) const {
  Frame frame{slots, arena};
  const Value value = root_->eval(frame);
  if (fault != nullptr) *fault = frame.fault;
  return value;
}

}  // namespace quintet::expr
