#include "expr/parse.h"

#include <charconv>

#include "expr/aggregates.h"
#include "expr/parser.h"

namespace quintet::expr {

AstPtr Parser::run() {
  if (peek().kind == Token::Kind::end) return fail(code::kSyntax, peek(), "nothing stands here");
  AstPtr ast = expression();
  if (ast && peek().kind != Token::Kind::end) return unexpected();
  return ast;
}

std::nullptr_t Parser::fail(std::string_view code, Span span, std::string message,
                            std::string hint) {
  if (problems_.empty()) {
    problems_.push_back({std::string(code), span, std::move(message), std::move(hint)});
  }
  return nullptr;
}

std::nullptr_t Parser::fail(std::string_view code, const Token& token, std::string message,
                            std::string hint) {
  return fail(code, token.span, std::move(message), std::move(hint));
}

std::nullptr_t Parser::unexpected() {
  const Token& t = peek();
  if (t.kind == Token::Kind::end) {
    return open_.empty() ? fail(code::kSyntax, t, "the expression ends too early") : unclosed();
  }
  if (t.kind == Token::Kind::symbol) return unexpected_symbol(t);
  if (t.kind == Token::Kind::name) {
    if (is_later_word(t.text)) {
      return fail(code::kReserved, t, "`" + t.text + "` is reserved for a later version");
    }
    if (is_clause_word(t.text)) {
      return fail(code::kAggregate, t, "`" + t.text + "` can only follow an aggregate call",
                  "as in count() over 7d by customer_id");
    }
    if (t.text == "as" || t.text == "if" || t.text == "else" || t.text == "then") {
      return fail(code::kSyntax, t, "`" + t.text + "` cannot stand here",
                  "a choice is written if(condition, a, b)");
    }
  }
  return fail(code::kSyntax, t, "an operator is missing before `" + shown(t) + "`");
}

std::nullptr_t Parser::unexpected_symbol(const Token& t) {
  struct Instead {
    std::string_view symbol, hint;
  };
  static constexpr Instead kInstead[] = {{"=", "equality is written =="},
                                         {"&&", "write `and`"},
                                         {"||", "write `or`"},
                                         {"!", "write `not`"},
                                         {"<>", "write !="},
                                         {"**", "write pow(x, y)"},
                                         {"^", "write pow(x, y)"},
                                         {"?", "a choice is written if(condition, a, b)"},
                                         {":", "a choice is written if(condition, a, b)"}};
  std::string hint;
  for (const Instead& i : kInstead) {
    if (i.symbol == t.text) hint = i.hint;
  }
  if (t.text == "," && after_by_) hint = "several keys stand in parentheses: by (a, b)";
  return fail(code::kSyntax, t, "`" + t.text + "` cannot stand here", hint);
}

std::nullptr_t Parser::unclosed() {
  const Token& open = open_.back();
  const std::string close = open.text == "(" ? ")" : "]";
  return fail(code::kUnclosed, Span{open.span.begin, peek().span.end},
              "`" + open.text + "` is never closed: `" + close + "` is missing",
              "if YAML cut the expression at a comma, write it on a line of its own, outside "
              "of { } and [ ]");
}

std::string Parser::shown(const Token& t) {
  return t.kind == Token::Kind::text ? print_text(t.text) : t.text;
}

bool Parser::close(std::string_view symbol) {
  if (!accept(symbol)) return unexpected(), false;
  open_.pop_back();
  return true;
}

AstPtr Parser::node(Kind kind, Span span) {
  if (++nodes_ > kMaxNodes) {
    return fail(code::kTooLarge, span, "the expression has more than 2000 parts");
  }
  auto ast = std::make_unique<Ast>();
  ast->kind = kind;
  ast->span = ast->name_span = span;
  return ast;
}

AstPtr Parser::grown(AstPtr ast) {
  for (const Ast* child : operands(*ast)) ast->height = std::max(ast->height, child->height + 1);
  if (ast->height <= kMaxHeight) return ast;
  return fail(code::kTooLarge, ast->span, "the expression is nested too deeply");
}

AstPtr Parser::binary(Op op, Span name_span, AstPtr left, AstPtr right) {
  if (!left || !right) return nullptr;
  AstPtr ast = node(Kind::binary, {left->span.begin, right->span.end});
  if (!ast) return nullptr;
  ast->op = op;
  ast->name_span = name_span;
  ast->children.push_back(std::move(left));
  ast->children.push_back(std::move(right));
  return grown(std::move(ast));
}

AstPtr Parser::unary(Op op, Span name_span, Span span, AstPtr operand) {
  if (!operand) return nullptr;
  AstPtr ast = node(Kind::unary, span);
  if (!ast) return nullptr;
  ast->op = op;
  ast->name_span = name_span;
  ast->children.push_back(std::move(operand));
  return grown(std::move(ast));
}

AstPtr Parser::expression() {
  if (++depth_ > kMaxDepth) {
    return fail(code::kTooLarge, peek(), "the expression has more than 64 levels of brackets");
  }
  AstPtr ast = disjunction();
  --depth_;
  return ast;
}

AstPtr Parser::disjunction() {
  AstPtr left = conjunction();
  while (left && is_word("or")) {
    const Span at = take().span;
    left = binary(Op::logical_or, at, std::move(left), conjunction());
  }
  return left;
}

AstPtr Parser::conjunction() {
  AstPtr left = negation();
  while (left && is_word("and")) {
    const Span at = take().span;
    left = binary(Op::logical_and, at, std::move(left), negation());
  }
  return left;
}

AstPtr Parser::negation() {
  if (!is_word("not")) return comparison();
  const Span at = take().span;
  if (++depth_ > kMaxDepth) return fail(code::kTooLarge, at, "too many `not` in a row");
  AstPtr operand = negation();
  --depth_;
  if (!operand) return nullptr;
  const Span span{at.begin, operand->span.end};
  return unary(Op::logical_not, at, span, std::move(operand));
}

const Parser::Operator* Parser::comparison_of(const Token& t) {
  static constexpr Operator kComparisons[] = {{"==", Op::equal},      {"!=", Op::not_equal},
                                              {"<", Op::less},        {">", Op::greater},
                                              {"<=", Op::less_equal}, {">=", Op::greater_equal}};
  if (t.kind != Token::Kind::symbol) return nullptr;
  for (const Operator& o : kComparisons) {
    if (o.word == t.text) return &o;
  }
  return nullptr;
}

AstPtr Parser::comparison() {
  AstPtr left = sum();
  if (!left) return nullptr;
  if (const Operator* o = comparison_of(peek())) {
    const Span at = take().span;
    left = binary(o->op, at, std::move(left), sum());
    if (left && comparison_of(peek())) {
      return fail(code::kSyntax, peek(), "comparisons cannot be chained", "write a < b and b < c");
    }
    return left;
  }
  while (left && (is_word("is") || is_word("in") || (is_word("not") && is_word("in", 1)))) {
    left = is_word("is") ? null_test(std::move(left)) : membership(std::move(left));
  }
  return left;
}

AstPtr Parser::null_test(AstPtr left) {
  Span at = take().span;
  const bool negative = accept_word("not");
  if (!is_word("null")) {
    return fail(code::kSyntax, peek(), "after `is` comes `null` or `not null`",
                "equality is written ==");
  }
  at.end = take().span.end;
  const Span span{left->span.begin, at.end};
  return unary(negative ? Op::is_not_null : Op::is_null, at, span, std::move(left));
}

AstPtr Parser::membership(AstPtr left) {
  Span at = peek().span;
  const bool negative = accept_word("not");
  at.end = take().span.end;
  return binary(negative ? Op::not_in : Op::in, at, std::move(left), sum());
}

AstPtr Parser::sum() {
  AstPtr left = product();
  while (left && (is("+") || is("-"))) {
    const Token t = take();
    left = binary(t.text == "+" ? Op::add : Op::subtract, t.span, std::move(left), product());
  }
  return left;
}

AstPtr Parser::product() {
  AstPtr left = signed_value();
  while (left && (is("*") || is("/") || is("%"))) {
    const Token t = take();
    const Op op = t.text == "*" ? Op::multiply : t.text == "/" ? Op::divide : Op::modulo;
    left = binary(op, t.span, std::move(left), signed_value());
  }
  return left;
}

AstPtr Parser::signed_value() {
  if (!is("-") && !is("+")) return primary();
  const Token sign = take();
  if (sign.text == "+") {
    return fail(code::kSyntax, sign, "`+` cannot stand before a value");
  }
  const Token::Kind next = peek().kind;
  // A sign belongs to the literal after it: the smallest int64 has no positive twin.
  if (next == Token::Kind::integer || next == Token::Kind::number) return number(sign);
  if (next == Token::Kind::duration) {
    AstPtr ast = primary();
    if (!ast) return nullptr;
    ast->integer = -ast->integer;
    ast->span.begin = ast->name_span.begin = sign.span.begin;
    return ast;
  }
  if (++depth_ > kMaxDepth) return fail(code::kTooLarge, sign, "too many signs in a row");
  AstPtr operand = signed_value();
  --depth_;
  if (!operand) return nullptr;
  const Span span{sign.span.begin, operand->span.end};
  return unary(Op::negate, sign.span, span, std::move(operand));
}

AstPtr Parser::number(const Token& sign) {
  const Token t = take();
  const bool negative = sign.kind == Token::Kind::symbol;
  const Span span{negative ? sign.span.begin : t.span.begin, t.span.end};
  AstPtr ast = node(t.kind == Token::Kind::integer ? Kind::integer : Kind::number, span);
  if (!ast) return nullptr;
  ast->text = (negative ? "-" : "") + t.text;
  if (ast->kind == Kind::number) return ast;
  const char* end = ast->text.data() + ast->text.size();
  if (std::from_chars(ast->text.data(), end, ast->integer).ec != std::errc()) {
    return fail(code::kLiteral, span, "this number does not fit int64",
                "write it with a point to make it a double: " + t.text + ".0");
  }
  return ast;
}

AstPtr Parser::primary() {
  const Token& t = peek();
  switch (t.kind) {
    case Token::Kind::integer:
    case Token::Kind::number: return number(Token{});
    case Token::Kind::duration: {
      AstPtr ast = node(Kind::duration, t.span);
      if (ast) ast->integer = take().value;
      return ast;
    }
    case Token::Kind::text: {
      AstPtr ast = node(Kind::text, t.span);
      if (ast) ast->text = take().text;
      return ast;
    }
    case Token::Kind::name: return named();
    case Token::Kind::symbol:
      if (t.text == "(") return parenthesis();
      if (t.text == "[") return list();
      break;
    case Token::Kind::end: break;
  }
  if (t.kind == Token::Kind::end) {
    return open_.empty() ? fail(code::kSyntax, t, "a value is missing at the end") : unclosed();
  }
  if (t.text == "!") return unexpected_symbol(t);
  return fail(code::kSyntax, t, "a value is missing before `" + t.text + "`");
}

AstPtr Parser::parenthesis() {
  const std::uint32_t begin = peek().span.begin;
  open();
  const bool outer = std::exchange(in_where_, false);
  AstPtr ast = expression();
  in_where_ = outer;
  const std::uint32_t end = peek().span.end;
  if (!ast || !close(")")) return nullptr;
  ast->span = {begin, end};
  return ast;
}

AstPtr Parser::list() {
  AstPtr ast = node(Kind::list, peek().span);
  open();
  const bool outer = std::exchange(in_where_, false);
  while (ast && !is("]")) {
    AstPtr item = expression();
    if (!item) return nullptr;
    ast->children.push_back(std::move(item));
    if (!accept(",")) break;
  }
  in_where_ = outer;
  if (!ast) return nullptr;
  ast->span.end = peek().span.end;
  if (!close("]")) return nullptr;
  return grown(std::move(ast));
}

AstPtr Parser::named() {
  const Token t = take();
  if (t.text == "true" || t.text == "false") {
    AstPtr ast = node(Kind::boolean, t.span);
    if (ast) ast->integer = t.text == "true";
    return ast;
  }
  if (t.text == "null") return node(Kind::null, t.span);
  if (reserved_word(t.text)) {
    return fail(code::kSyntax, t, "a value is missing before `" + t.text + "`",
                t.text == "not" ? "put it in parentheses: (not x)"
                                : "`" + t.text + "` is a word of the language, not a name");
  }
  if (is("(")) return call(t);
  if (is("[")) return lookup(t);
  AstPtr ast = node(Kind::name, t.span);
  if (!ast) return nullptr;
  ast->text = t.text;
  return is(".") ? member(std::move(ast), Kind::member) : std::move(ast);
}

AstPtr Parser::member(AstPtr ast, Kind kind) {
  take();
  if (peek().kind != Token::Kind::name) {
    return fail(code::kSyntax, peek(), "after `.` comes the name of a field");
  }
  const Token t = take();
  ast->kind = kind;
  ast->member = t.text;
  ast->member_span = t.span;
  ast->span.end = t.span.end;
  if (is(".")) return fail(code::kSyntax, peek(), "a part of a part: only one `.` can stand here");
  return ast;
}

AstPtr Parser::lookup(const Token& table) {
  AstPtr ast = node(Kind::lookup, table.span);
  if (!ast) return nullptr;
  ast->text = table.text;
  open();
  const bool outer = std::exchange(in_where_, false);
  AstPtr key = expression();
  in_where_ = outer;
  if (!key || !close("]")) return nullptr;
  ast->children.push_back(std::move(key));
  if (!is(".")) {
    return fail(code::kSyntax, peek(), "after a table's row comes `.` and the name of a field",
                table.text + "[key].field");
  }
  ast = member(std::move(ast), Kind::lookup);
  return ast ? grown(std::move(ast)) : nullptr;
}

AstPtr Parser::call(const Token& name) {
  AstPtr ast = node(Kind::call, name.span);
  if (!ast) return nullptr;
  ast->text = name.text;
  open();
  const bool outer = std::exchange(in_where_, false);
  while (!is(")")) {
    Argument argument;
    if (peek().kind == Token::Kind::name && is("=", 1)) {
      const Token label = take();
      argument.name = label.text;
      argument.name_span = label.span;
      take();
    }
    argument.value = expression();
    if (!argument.value) return nullptr;
    ast->arguments.push_back(std::move(argument));
    if (!accept(",")) break;
  }
  in_where_ = outer;
  ast->span.end = peek().span.end;
  if (!close(")")) return nullptr;
  ast = grown(std::move(ast));
  if (!ast) return nullptr;
  const bool clause = !in_where_ && peek().kind == Token::Kind::name && is_clause_word(peek().text);
  if (!clause && find_aggregate(ast->text) == nullptr) return ast;
  ast->kind = Kind::aggregate;
  ast->clauses = std::make_unique<Clauses>();
  return clause ? clauses(std::move(ast)) : std::move(ast);
}

Parsed parse(std::string_view text) {
  Parsed out;
  if (text.size() > kMaxText) {
    out.problems.push_back({std::string(code::kTooLarge),
                            {0, static_cast<std::uint32_t>(text.size())},
                            "the expression has more than 4096 bytes",
                            "name a part of it as a column of its own"});
    return out;
  }
  std::vector<Token> tokens = lex(text, out.problems);
  if (out.problems.empty()) out.ast = Parser(std::move(tokens), out.problems).run();
  return out;
}

}  // namespace quintet::expr
