#include "host/router.h"

namespace quintet::host {
namespace {

Router router_of(std::initializer_list<std::pair<const char*, const char*>> routes) {
  Router router;
  for (const auto& [method, pattern] : routes) {
    router.add({method, pattern, Scope::read,
                make_handler([](const HttpRequest&) { return HttpResponse{}; })});
  }
  return router;
}

TEST(Router, PrefersALiteralAndFallsBackToTheParameter) {
  const Router router = router_of({{"GET", "/v1/results/{id}"},
                                   {"GET", "/v1/results/stream"},
                                   {"GET", "/v1/{any}/deep/x"},
                                   {"GET", "/"}});
  EXPECT_EQ(router.match("GET", "/v1/results/stream").index, 1U);
  const auto match = router.match("GET", "/v1/results/a%2Fb");
  EXPECT_EQ(match.index, 0U);
  EXPECT_EQ(match.params.at(0).second, "a/b");
  const auto deep = router.match("GET", "/v1/results/deep/x");
  EXPECT_EQ(deep.index, 2U);
  EXPECT_EQ(deep.params.size(), 1U);
  EXPECT_EQ(router.match("GET", "/").index, 3U);
}

TEST(Router, KnowsAPathWithoutTheMethodFromAPathItLacks) {
  const Router router = router_of({{"GET", "/a"}, {"POST", "/a"}, {"GET", "/a/{b}"}});
  EXPECT_EQ(router.match("DELETE", "/a").allow, "GET, HEAD, POST");
  EXPECT_EQ(router.match("DELETE", "/a").route, nullptr);
  for (const char* path : {"/b", "/a/", "/a/b/c", "", "a", "//a", "/a/%zz", "/a/%ff"}) {
    const auto match = router.match("GET", path);
    EXPECT_EQ(match.route, nullptr) << path;
    EXPECT_EQ(match.allow, "") << path;
  }
}

TEST(Router, AnswersHeadByGet) {
  const Router router = router_of({{"GET", "/a"}, {"POST", "/b"}});
  EXPECT_NE(router.match("HEAD", "/a").route, nullptr);
  EXPECT_EQ(router.match("HEAD", "/b").route, nullptr);
}

TEST(Router, GivesTheRestOfAPathToItsLastParameter) {
  const Router router = router_of({{"GET", "/ui/{path...}"}});
  EXPECT_EQ(router.match("GET", "/ui/a/b.js").params.at(0).second, "a/b.js");
  EXPECT_EQ(router.match("GET", "/ui/").params.at(0).second, "");
  EXPECT_EQ(router.match("GET", "/ui").route, nullptr);
}

TEST(Router, RefusesSegmentsOverTheLimit) {
  const Router router = router_of({{"GET", "/a/{b}"}});
  EXPECT_EQ(router.match("GET", "/a/" + std::string(kMaxSegment + 1, 'x')).route, nullptr);
}

TEST(RouterDeathTest, RefusesTheSameRouteTwice) {
  Router router;
  const auto handler = make_handler([](const HttpRequest&) { return HttpResponse{}; });
  router.add({"GET", "/a/{b}", Scope::read, handler});
  EXPECT_DEATH(router.add({"GET", "/a/{b}", Scope::read, handler}), "two routes");
  EXPECT_DEATH(router.add({"GET", "/a/{c}", Scope::read, handler}), "two names");
}

}  // namespace
}  // namespace quintet::host
