#include "host/problem.h"

namespace quintet::host {
namespace {

HttpRequest request_for(std::string_view path) {
  HttpRequest request;
  request.path = path;
  request.trace.id = "0af7651916cd43dd8448eb211c80319c";
  return request;
}

TEST(Problem, NamesCodePlaceInstanceAndTrace) {
  const Error error = invalid("amount is not a number").at("amount").with_id("QNT-0107");
  const HttpResponse response = problem_response(error, request_for("/v1/events"));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.body,
            R"({"type":"about:blank","title":"Bad Request","status":400,)"
            R"("detail":"amount is not a number","instance":"/v1/events","code":"QNT-0107",)"
            R"("errors":[{"field":"amount","detail":"amount is not a number"}],)"
            R"("trace_id":"0af7651916cd43dd8448eb211c80319c"})");
}

TEST(Problem, ListsSeveralFaults) {
  Problem problem;
  problem.status = 400;
  problem.errors = {{"a", "x"}, {"b", "y"}};
  EXPECT_EQ(to_json(problem),
            R"({"type":"about:blank","title":"Bad Request","status":400,)"
            R"("errors":[{"field":"a","detail":"x"},{"field":"b","detail":"y"}]})");
}

TEST(Problem, MapsEachCodeToOneStatus) {
  EXPECT_EQ(status_of(Code::invalid), 400);
  EXPECT_EQ(status_of(Code::not_found), 404);
  EXPECT_EQ(status_of(Code::conflict), 409);
  EXPECT_EQ(status_of(Code::expired), 410);
  EXPECT_EQ(status_of(Code::exhausted), 429);
  EXPECT_EQ(status_of(Code::broken), 500);
  EXPECT_EQ(status_of(Code::unavailable), 503);
}

TEST(Problem, SaysWhenToComeBackIfItIsWorthIt) {
  EXPECT_EQ(problem_response(exhausted("full"), request_for("/")).headers.at(0).first,
            "Retry-After");
  EXPECT_EQ(oip_error_response(503, "loading").headers.at(0).first, "Retry-After");
  EXPECT_TRUE(problem_response(invalid("no"), request_for("/")).headers.empty());
}

TEST(Problem, HasTheInferenceProtocolsShapeUnderItsPath) {
  EXPECT_EQ(refusal(404, "no \"m\"", request_for("/v2/models/m")).body, R"({"error":"no \"m\""})");
  EXPECT_EQ(refusal(404, "no", request_for("/v2")).body, R"({"error":"no"})");
  EXPECT_EQ(refusal(404, "no", request_for("/v20")).content_type, "application/problem+json");
}

}  // namespace
}  // namespace quintet::host
