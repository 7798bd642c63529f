// The metrics of several processes as one page, for whoever scrapes an application at its door.
#pragma once

#include <string>
#include <vector>

namespace quintet::host {

struct MetricsPage {
  std::string service;
  std::string text;  // as Metrics::text() writes it; empty: it did not answer
};

// Families in order of name. The first page is the door's own: its samples stay as they are, as in
// an application of one process. Of a family that several pages have, those of the others get a
// label `service`. Pure.
std::string merge_metrics(const std::vector<MetricsPage>& pages);

}  // namespace quintet::host
