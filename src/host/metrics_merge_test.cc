#include "host/metrics_merge.h"

namespace quintet::host {
namespace {

TEST(MetricsMerge, AFamilyOfOneStaysAsItIs) {
  EXPECT_EQ(merge_metrics({{"a", "# HELP x_total X.\n# TYPE x_total counter\nx_total{k=\"v\"} 1\n"},
                           {"b", "# HELP y Y.\n# TYPE y gauge\ny 2\n"}}),
            "# HELP x_total X.\n# TYPE x_total counter\nx_total{k=\"v\"} 1\n"
            "# HELP y Y.\n# TYPE y gauge\ny 2\n");
}

TEST(MetricsMerge, AFamilyOfSeveralSaysWhoseAllButTheDoorsOwnAre) {
  EXPECT_EQ(merge_metrics({{"a", "# HELP y Y.\n# TYPE y gauge\ny 1\ny{k=\"v {\"} 3\n"},
                           {"b", "# HELP y Y.\n# TYPE y gauge\ny 2\n"}}),
            "# HELP y Y.\n# TYPE y gauge\ny 1\n"
            "y{k=\"v {\"} 3\ny{service=\"b\"} 2\n");
}

TEST(MetricsMerge, OneThatDoesNotAnswerIsNotThere) {
  EXPECT_EQ(merge_metrics({{"a", ""}, {"b", "# HELP y Y.\n# TYPE y gauge\ny 2\n"}}),
            "# HELP y Y.\n# TYPE y gauge\ny 2\n");
  EXPECT_EQ(merge_metrics({}), "");
}

}  // namespace
}  // namespace quintet::host
