// The checked tree that a Program runs. A node gives one Value; null goes through by itself in
// unary() and its sisters, so what is computed sees values only. Internal to this room.
#pragma once

#include <utility>
#include <vector>

#include "expr/program.h"

namespace quintet::expr {

// One run: what it reads, where texts go, the first fault it met.
struct Frame {
  std::span<const event::Value> slots;
  event::Arena& arena;
  Fault fault = Fault::none;

  event::Value fail(Fault why) {
    if (fault == Fault::none) fault = why;
    return {};
  }
};

class Node {
 public:
  virtual ~Node() = default;
  virtual event::Value eval(Frame& frame) const = 0;
  virtual int only_slot() const { return -1; }  // Program::only_slot
};
using NodePtr = std::unique_ptr<const Node>;
using Nodes = std::vector<NodePtr>;

template <class F>
class Unary final : public Node {
 public:
  Unary(NodePtr a, F f) : a_(std::move(a)), f_(std::move(f)) {}
  event::Value eval(Frame& frame) const override {
    const event::Value a = a_->eval(frame);
    if (a.is_null()) return {};
    return f_(frame, a);
  }

 private:
  NodePtr a_;
  F f_;
};

template <class F>
class Binary final : public Node {
 public:
  Binary(NodePtr a, NodePtr b, F f) : a_(std::move(a)), b_(std::move(b)), f_(std::move(f)) {}
  event::Value eval(Frame& frame) const override {
    const event::Value a = a_->eval(frame);
    if (a.is_null()) return {};
    const event::Value b = b_->eval(frame);
    if (b.is_null()) return {};
    return f_(frame, a, b);
  }

 private:
  NodePtr a_, b_;
  F f_;
};

template <class F>
class Ternary final : public Node {
 public:
  Ternary(NodePtr a, NodePtr b, NodePtr c, F f)
      : a_(std::move(a)), b_(std::move(b)), c_(std::move(c)), f_(std::move(f)) {}
  event::Value eval(Frame& frame) const override {
    const event::Value a = a_->eval(frame);
    const event::Value b = b_->eval(frame);
    const event::Value c = c_->eval(frame);
    if (a.is_null() || b.is_null() || c.is_null()) return {};
    return f_(frame, a, b, c);
  }

 private:
  NodePtr a_, b_, c_;
  F f_;
};

// A node that handles nulls itself: f(frame, nodes).
template <class F>
class Special final : public Node {
 public:
  Special(Nodes nodes, F f) : nodes_(std::move(nodes)), f_(std::move(f)) {}
  event::Value eval(Frame& frame) const override { return f_(frame, nodes_); }

 private:
  Nodes nodes_;
  F f_;
};

template <class F>
NodePtr unary(NodePtr a, F f) {
  return std::make_unique<Unary<F>>(std::move(a), std::move(f));
}
template <class F>
NodePtr binary(NodePtr a, NodePtr b, F f) {
  return std::make_unique<Binary<F>>(std::move(a), std::move(b), std::move(f));
}
template <class F>
NodePtr ternary(NodePtr a, NodePtr b, NodePtr c, F f) {
  return std::make_unique<Ternary<F>>(std::move(a), std::move(b), std::move(c), std::move(f));
}
template <class F>
NodePtr special(Nodes nodes, F f) {
  return std::make_unique<Special<F>>(std::move(nodes), std::move(f));
}

NodePtr slot_node(int slot);
// Owns a copy of the value, texts included.
NodePtr constant_node(event::Value value);

}  // namespace quintet::expr
