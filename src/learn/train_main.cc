// quintet-train DIR: trains what DIR/request.json asks for on DIR/rows.bin (learn/train/run.h).
// Exit status 0: the model is there; 1: it could not be trained, stderr says why; 2: called
// wrongly.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "learn/train/run.h"

int main(int argc, char** argv) {
  quintet::learn::TrainingOptions options;
  const bool stops = argc == 4 && std::string_view(argv[2]) == "--stop-after-segments";
  if (argc != 2 && !stops) {
    std::fputs("usage: quintet-train DIR\n", stderr);
    return 2;
  }
  if (stops) options.stop_after_segments = std::atoi(argv[3]);
  const auto trained = quintet::learn::run_training(argv[1], options);
  if (trained) return 0;
  std::fprintf(stderr, "%s\n", trained.error().message().c_str());
  return 1;
}
