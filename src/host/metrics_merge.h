// The metrics of several processes as one page, for whoever scrapes an application at its door.
#pragma once

#include <string>
#include <vector>

namespace quintet::host {

struct MetricsPage {
  std::string service;
  std::string text;  // as Metrics::text() writes it; empty: it did not answer
};

// Families in order of name. One that several pages have gets a label `service` on each sample.
// Pure.
std::string merge_metrics(const std::vector<MetricsPage>& pages);

}  // namespace quintet::host
