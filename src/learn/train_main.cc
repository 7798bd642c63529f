// quintet-train DIR: trains what DIR/request.json asks for on DIR/rows.bin (learn/train/run.h).
// quintet-train --admit DIR: reads DIR/model for the first time (learn/train/admit.h).
// Exit status 0: done; 1: it could not be done, stderr says why; 2: called wrongly.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "learn/train/admit.h"
#include "learn/train/run.h"

namespace {

int status_of(const quintet::Expected<void>& done) {
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().message().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--admit") {
    return status_of(quintet::learn::admit_file(argv[2]));
  }
  quintet::learn::TrainingOptions options;
  const bool stops = argc == 4 && std::string_view(argv[2]) == "--stop-after-segments";
  if (argc != 2 && !stops) {
    std::fputs("usage: quintet-train DIR, or quintet-train --admit DIR\n", stderr);
    return 2;
  }
  if (stops) options.stop_after_segments = std::atoi(argv[3]);
  return status_of(quintet::learn::run_training(argv[1], options));
}
