#include "host/problem.h"

#include "base/check.h"
#include "base/json_out.h"

namespace quintet::host {

int status_of(Code code) {
  switch (code) {
    case Code::invalid: return 400;
    case Code::not_found: return 404;
    case Code::conflict: return 409;
    case Code::expired: return 410;
    case Code::exhausted: return 429;
    case Code::broken: return 500;
    case Code::unavailable: return 503;
  }
  check(false, "a Code outside its range");
  return 500;
}

int status_of(const Error& error) {
  if (error.id() == "not_acceptable") return 406;
  if (error.id() == "too_long") return 413;
  if (error.id() == "unsupported_media_type") return 415;
  return status_of(error.code());
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
  }
}

namespace {

void append_member(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (out.size() > 1) out.push_back(',');
  append_json_text(out, name);
  out.push_back(':');
  append_json_text(out, value);
}

}  // namespace

Problem problem_of(const Error& error, const HttpRequest& request) {
  Problem problem;
  problem.status = status_of(error);
  problem.detail = error.message();
  problem.instance = request.path;
  problem.code = error.id().empty() ? std::string(name_of(error.code())) : error.id();
  if (!error.place().empty()) problem.errors.push_back({error.place(), error.message()});
  problem.trace_id = request.trace.id;
  return problem;
}

std::string to_json(const Problem& problem) {
  std::string out = "{";
  append_member(out, "type", problem.type.empty() ? "about:blank" : problem.type);
  append_member(out, "title", problem.title.empty() ? reason_of(problem.status) : problem.title);
  out += ",\"status\":" + std::to_string(problem.status);
  append_member(out, "detail", problem.detail);
  append_member(out, "instance", problem.instance);
  append_member(out, "code", problem.code);
  if (!problem.errors.empty()) {
    out += ",\"errors\":[";
    for (const ProblemField& error : problem.errors) {
      if (out.back() == '}') out.push_back(',');
      std::string member = "{";
      append_member(member, "field", error.field);
      append_member(member, "detail", error.detail);
      out += member + "}";
    }
    out.push_back(']');
  }
  append_member(out, "trace_id", problem.trace_id);
  out.push_back('}');
  return out;
}

HttpResponse problem_response(const Problem& problem) {
  HttpResponse response{problem.status, "application/problem+json", to_json(problem), {}};
  if (problem.status == 429 || problem.status == 503) {
    response.headers.emplace_back("Retry-After", "1");
  }
  return response;
}

HttpResponse problem_response(const Error& error, const HttpRequest& request) {
  return problem_response(problem_of(error, request));
}

HttpResponse oip_error_response(int status, std::string_view message) {
  std::string body = "{\"error\":";
  append_json_text(body, message);
  body.push_back('}');
  HttpResponse response = json_response(status, std::move(body));
  if (status == 429 || status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

HttpResponse refusal(int status, std::string_view detail, const HttpRequest& request) {
  const bool oip = request.path == "/v2" || request.path.starts_with("/v2/");
  if (oip) return oip_error_response(status, detail);
  Problem problem;
  problem.status = status;
  problem.detail = detail;
  problem.instance = request.path;
  problem.code = "http_" + std::to_string(status);
  problem.trace_id = request.trace.id;
  return problem_response(problem);
}

}  // namespace quintet::host
