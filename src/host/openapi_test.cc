#include "host/openapi.h"

#include <gtest/gtest.h>

#include "app/load.h"
#include "base/json_in.h"

namespace quintet::host {
namespace {

constexpr std::string_view kApp = R"(quintet: 1
app: shop
events:
  sale:
    id: id
    input: {unknown: refuse}
    fields:
      id: string
      amount: {type: decimal(2), minimum: 0, maximum: 10.5}
      kind: {type: string, levels: [new, old], optional: true}
      tags: {type: list(int64), from: labels_of, optional: true}
features: {f: {of: sale, columns: {twice: amount * 2, old: kind == "old"}}}
models: {score: {of: sale, type: xgboost, inputs: [twice], file: m.ubj}}
decisions: {verdict: {of: sale, cases: [{when: score > 0.5, then: look}, {then: fine}]}}
views: {hourly: {of: sale, every: 1h, aggregate: {n: count()}}}
)";

void add(Router& router, std::string method, std::string pattern, Scope scope = Scope::read) {
  router.add({std::move(method), std::move(pattern), scope,
              make_handler([](const HttpRequest&) { return HttpResponse(); })});
}

TEST(OpenApi, ARouteWithoutDescriptionAndADescriptionWithoutRouteAreNamed) {
  Router router;
  add(router, "GET", "/livez");
  add(router, "GET", "/secret");
  const auto missing = undescribed(router);
  EXPECT_NE(std::find(missing.begin(), missing.end(), "GET /secret"), missing.end());
  EXPECT_NE(std::find(missing.begin(), missing.end(), "POST /v1/events"), missing.end());
  EXPECT_EQ(std::find(missing.begin(), missing.end(), "GET /livez"), missing.end());
}

TEST(OpenApi, AnEventsSchemaSaysWhatItsFieldsSay) {
  const auto spec = app::load(kApp).spec;
  ASSERT_NE(spec, nullptr);
  const auto schema = JsonDocument::parse(event_schema(spec->events[0]));
  ASSERT_TRUE(schema);
  const JsonValue root = schema->root();
  EXPECT_EQ(root.find("required").source(), R"(["id","amount"])");
  EXPECT_EQ(root.find("additionalProperties").as_bool(), false);
  const JsonValue fields = root.find("properties");
  EXPECT_EQ(fields.find("amount").source(),
            R"({"type":["number","string"],"minimum":0.00,"maximum":10.50})");
  EXPECT_EQ(fields.find("kind").source(),
            R"({"type":["string","null"],"enum":["new","old",null]})");
  EXPECT_EQ(fields.find("labels_of").source(),
            R"({"type":["array","null"],"items":{"type":["integer"]}})");
  EXPECT_EQ(features_schema(spec->rows[0]),
            R"({"type":"object","additionalProperties":false,"required":["twice","old"],)"
            R"("properties":{"twice":{"type":["number","null"]},)"
            R"("old":{"type":["boolean","null"]}}})");
}

TEST(OpenApi, ADocumentDescribesTheRoutesThereAre) {
  const auto spec = app::load(kApp).spec;
  Router router;
  add(router, "GET", "/v1/results/{id}");
  add(router, "GET", "/v1/models/{name}/versions/{version}");
  add(router, "GET", "/livez", Scope::open);
  const auto document = JsonDocument::parse(openapi_json(router, *spec));
  ASSERT_TRUE(document) << document.error().message();
  EXPECT_EQ(document->root().find("openapi").as_text(), "3.1.0");
  const JsonValue paths = document->root().find("paths");
  EXPECT_EQ(paths.size(), 3U);
  const JsonValue result = paths.find("/v1/results/{id}").find("get");
  EXPECT_EQ(result.find("parameters").first().find("in").as_text(), "path");
  EXPECT_TRUE(result.find("responses").find("4XX"));
  EXPECT_EQ(result.find("security").size(), 2U);
  EXPECT_EQ(paths.find("/livez").find("get").find("security").size(), 0U);
  const JsonValue version = paths.find("/v1/models/{name}/versions/{version}").find("get");
  EXPECT_EQ(version.find("parameters").source(),
            R"([{"name":"name","in":"path","required":true,)"
            R"("schema":{"$ref":"#/components/schemas/ModelName"}},)"
            R"({"name":"version","in":"path","required":true,)"
            R"("schema":{"$ref":"#/components/schemas/Number"}}])");
  const JsonValue schemas = document->root().find("components").find("schemas");
  const auto examples = [&](std::string_view name) {
    return std::string(schemas.find(name).find("examples").source());
  };
  EXPECT_EQ(examples("ModelName"), R"(["score"])");
  EXPECT_EQ(examples("ViewName"), R"(["hourly"])");
  EXPECT_EQ(examples("DecisionFilter"), R"(["verdict:look","verdict:fine"])");
}

}  // namespace
}  // namespace quintet::host
