// The recursive descent behind parse(). After the first problem every function gives null (or
// false) at once. Internal to this room: parse.cc and parse_clauses.cc.
#pragma once

#include <utility>

#include "expr/lex.h"
#include "expr/parse.h"

namespace quintet::expr {

bool is_clause_word(std::string_view word);  // from where over by delayed including every
bool is_later_word(std::string_view word);   // step until each emit next

class Parser {
 public:
  Parser(std::vector<Token> tokens, std::vector<Problem>& problems)
      : tokens_(std::move(tokens)), problems_(problems) {}

  AstPtr run();

 private:
  using Kind = Ast::Kind;
  struct Operator {
    std::string_view word;
    Op op;
  };

  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  Token take() { return at_ + 1 < tokens_.size() ? tokens_[at_++] : tokens_.back(); }
  bool is(std::string_view symbol, std::size_t ahead = 0) const {
    return peek(ahead).kind == Token::Kind::symbol && peek(ahead).text == symbol;
  }
  bool is_word(std::string_view word, std::size_t ahead = 0) const {
    return peek(ahead).kind == Token::Kind::name && peek(ahead).text == word;
  }
  bool accept(std::string_view symbol) { return is(symbol) && (take(), true); }
  bool accept_word(std::string_view word) { return is_word(word) && (take(), true); }
  std::nullptr_t fail(std::string_view code, Span span, std::string message, std::string hint = {});
  std::nullptr_t fail(std::string_view code, const Token& token, std::string message,
                      std::string hint = {});
  // What stands next cannot follow what was read.
  std::nullptr_t unexpected();
  std::nullptr_t unexpected_symbol(const Token& t);
  std::nullptr_t unclosed();
  static std::string shown(const Token& t);
  void open() { open_.push_back(take()); }
  // The closing bracket of the last open one.
  bool close(std::string_view symbol);
  AstPtr node(Kind kind, Span span);
  // Takes the children's height into account.
  AstPtr grown(AstPtr ast);
  AstPtr binary(Op op, Span name_span, AstPtr left, AstPtr right);
  AstPtr unary(Op op, Span name_span, Span span, AstPtr operand);
  AstPtr expression();
  AstPtr disjunction();
  AstPtr conjunction();
  AstPtr negation();
  static const Operator* comparison_of(const Token& t);
  AstPtr comparison();
  AstPtr null_test(AstPtr left);
  AstPtr membership(AstPtr left);
  AstPtr sum();
  AstPtr product();
  AstPtr signed_value();
  AstPtr number(const Token& sign);
  AstPtr primary();
  AstPtr parenthesis();
  AstPtr list();
  AstPtr named();
  AstPtr member(AstPtr ast, Kind kind);
  AstPtr lookup(const Token& table);
  AstPtr call(const Token& name);
  AstPtr clauses(AstPtr ast);
  bool clause(Clauses& c);
  bool source(Clauses& c);
  // Inside of `where` a clause word belongs to the aggregate, not to a call in the condition.
  bool filter(Clauses& c);
  bool keys(Clauses& c, std::uint32_t begin);
  // A positive duration after `word`.
  bool length(std::string_view word, Micros& value, Span& span);
  bool window(WindowClause& w);
  bool count(WindowClause& w);

  std::vector<Token> tokens_;
  std::vector<Problem>& problems_;
  std::vector<Token> open_;  // brackets
  std::size_t at_ = 0;
  int depth_ = 0;
  int nodes_ = 0;
  bool in_where_ = false;
  bool after_by_ = false;
};

}  // namespace quintet::expr
