// What follows an aggregate call: from, where, over, every, delayed, by, including this.
#include <charconv>

#include "expr/parser.h"

namespace quintet::expr {

bool is_clause_word(std::string_view word) {
  static constexpr std::string_view kWords[] = {"from",    "where",     "over", "by",
                                                "delayed", "including", "every"};
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

bool is_later_word(std::string_view word) {
  return word == "step" || word == "until" || word == "each" || word == "emit" || word == "next";
}

AstPtr Parser::clauses(AstPtr ast) {
  Clauses& c = *ast->clauses;
  c.any = true;
  while (peek().kind == Token::Kind::name && is_clause_word(peek().text)) {
    if (!clause(c)) return nullptr;
    ast->span.end = tokens_[at_ - 1].span.end;
  }
  if (peek().kind == Token::Kind::name && is_later_word(peek().text)) return unexpected();
  return ast;
}

bool Parser::clause(Clauses& c) {
  const Token word = take();
  const auto twice = [&](bool seen) {
    if (seen) fail(code::kAggregate, word, "`" + word.text + "` stands here twice");
    return seen;
  };
  if (word.text == "from") return !twice(!c.from.empty()) && source(c);
  if (word.text == "where") return !twice(c.where != nullptr) && filter(c);
  if (word.text == "by") return !twice(!c.by.empty()) && keys(c, word.span.begin);
  if (word.text == "over") {
    return !twice(c.over.kind != WindowClause::Kind::none) && window(c.over);
  }
  if (word.text == "every") {
    return !twice(c.every.has_value()) && length(word.text, c.every.emplace(), c.every_span);
  }
  if (word.text == "delayed") {
    return !twice(c.delayed.has_value()) && length(word.text, c.delayed.emplace(), c.delayed_span);
  }
  if (twice(c.including_this)) return false;
  if (!is_word("this")) {
    return fail(code::kAggregate, peek(), "after `including` comes `this`"), false;
  }
  c.including_this = true;
  c.including_span = {word.span.begin, take().span.end};
  return true;
}

bool Parser::source(Clauses& c) {
  if (peek().kind != Token::Kind::name || reserved_word(peek().text)) {
    return fail(code::kAggregate, peek(), "after `from` comes the name of an event"), false;
  }
  const Token t = take();
  c.from = t.text;
  c.from_span = t.span;
  return true;
}

bool Parser::filter(Clauses& c) {
  const bool outer = std::exchange(in_where_, true);
  c.where = expression();
  in_where_ = outer;
  return c.where != nullptr;
}

bool Parser::keys(Clauses& c, std::uint32_t begin) {
  const bool many = is("(");
  if (many) open();
  do {
    if (peek().kind != Token::Kind::name || reserved_word(peek().text)) {
      return fail(code::kAggregate, peek(), "after `by` comes a field, or several as (a, b)",
                  "a key that is computed is written by (KEY = EXPR)"),
             false;
    }
    const Token t = take();
    KeyPart part{t.text, t.span, nullptr};
    if (many && accept("=")) {
      part.value = expression();
      if (!part.value) return false;
    }
    c.by.push_back(std::move(part));
  } while (many && accept(","));
  if (many && !close(")")) return false;
  after_by_ = !many;
  c.by_span = {begin, tokens_[at_ - 1].span.end};
  return true;
}

bool Parser::length(std::string_view word, Micros& value, Span& span) {
  if (peek().kind != Token::Kind::duration || peek().value <= 0) {
    return fail(code::kAggregate, peek(),
                "after `" + std::string(word) + "` comes a duration above zero",
                peek().kind == Token::Kind::integer ? "a duration has a unit, as 7d or 30m" : ""),
           false;
  }
  const Token t = take();
  value = t.value;
  span = t.span;
  return true;
}

bool Parser::window(WindowClause& w) {
  using WindowKind = WindowClause::Kind;
  const std::uint32_t begin = peek().span.begin;
  Span ignored;
  if (accept_word("all")) {
    w.kind = WindowKind::all;
  } else if (accept_word("session")) {
    w.kind = WindowKind::session;
    if (!length("session", w.length, ignored)) return false;
  } else if (is_word("first") || (is_word("next") && peek(1).kind != Token::Kind::duration)) {
    return fail(code::kReserved, peek(),
                "`" + peek().text + "` in a window is reserved for a later version"),
           false;
  } else if (accept_word("next")) {
    w.kind = WindowKind::next;
    if (!length("next", w.length, ignored)) return false;
  } else if (peek().kind == Token::Kind::integer) {
    if (!count(w)) return false;
  } else {
    w.kind = WindowKind::time;
    if (peek().kind != Token::Kind::duration) {
      return fail(code::kAggregate, peek(), "after `over` comes a window",
                  "7d, 20 events, session 30m or all"),
             false;
    }
    if (!length("over", w.length, ignored)) return false;
  }
  w.span = {begin, tokens_[at_ - 1].span.end};
  return true;
}

bool Parser::count(WindowClause& w) {
  const Token t = take();
  if (!accept_word("events") && !accept_word("event")) {
    return fail(code::kAggregate, t, "a window of `" + t.text + "` has no unit",
                "write " + t.text + " events, or a duration as " + t.text + "d"),
           false;
  }
  w.kind = WindowClause::Kind::count;
  const char* end = t.text.data() + t.text.size();
  if (std::from_chars(t.text.data(), end, w.n).ec != std::errc() || w.n < 1) {
    return fail(code::kAggregate, t, "a window holds at least one event"), false;
  }
  return true;
}

}  // namespace quintet::expr
