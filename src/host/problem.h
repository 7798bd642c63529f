// How errors leave the door: one table from Code to HTTP status, the body of RFC 9457 for our own
// routes, and the {"error": ...} of the Open Inference Protocol for its routes. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "host/http.h"

namespace quintet::host {

// invalid 400, not_found 404, conflict 409, expired 410, exhausted 429, broken 500,
// unavailable 503.
int status_of(Code code);
// The same but for the ids that have a status of their own: not_acceptable 406, too_long 413,
// unsupported_media_type 415.
int status_of(const Error& error);
// "Bad Request"; "Unknown" for a status this program never sends.
std::string_view reason_of(int status);

// One fault inside the request.
struct ProblemField {
  std::string field;  // as the input names it: of the event, a parameter or a header
  std::string detail;
};

// The members of application/problem+json. Empty strings and lists are left out.
struct Problem {
  int status = 500;
  std::string type;    // URL of the page about the code; "about:blank" if empty
  std::string title;   // the status' reason if empty
  std::string detail;  // this case, one sentence
  std::string instance;
  std::string code;  // "QNT-0123", or the name of the Code
  std::vector<ProblemField> errors;
  std::string trace_id;
};

// An Error about this request. 429 and 503 carry Retry-After: 1.
Problem problem_of(const Error& error, const HttpRequest& request);
std::string to_json(const Problem& problem);
HttpResponse problem_response(const Problem& problem);
HttpResponse problem_response(const Error& error, const HttpRequest& request);

// Exactly {"error": "..."} with the same status. Other members make clients fail.
HttpResponse oip_error_response(int status, std::string_view message);

// An error of the server itself (404, 405, 413 ...) in the shape that the path's clients read: OIP
// under /v2, problem+json elsewhere.
HttpResponse refusal(int status, std::string_view detail, const HttpRequest& request);

}  // namespace quintet::host
