#include "learn/train/run.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>

#include "base/digest.h"
#include "base/json_out.h"
#include "learn/gate.h"
#include "learn/train/files.h"
#include "learn/train/judge.h"
#include "learn/train/trainer.h"

namespace quintet::learn {
namespace {

constexpr std::size_t kDigestSize = 64;
constexpr std::size_t kGoldenRows = 16;

void print_line(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

// What the forest after some segments depends on; `run` is the digest of request and rows.
// A checkpoint is: run, digest of the rest, segments done as 8 digits, the forest.
std::string checkpoint_bytes(const std::string& run, std::uint32_t done, std::string_view forest) {
  std::string rest = std::to_string(100'000'000 + done).substr(1) + std::string(forest);
  return run + sha256_hex(rest) + rest;
}

struct Checkpoint {
  std::uint32_t done = 0;
  std::string forest;
};

// An unreadable, damaged or foreign checkpoint is none.
Checkpoint read_checkpoint(const std::string& path, const std::string& run) {
  const auto bytes = read_file(path);
  if (!bytes || bytes->size() < 2 * kDigestSize + 8) return {};
  const std::string_view all = *bytes;
  const std::string_view rest = all.substr(2 * kDigestSize);
  if (all.substr(0, kDigestSize) != run) return {};
  if (all.substr(kDigestSize, kDigestSize) != sha256_hex(rest)) return {};
  Checkpoint checkpoint;
  for (const char c : rest.substr(0, 8)) {
    checkpoint.done = checkpoint.done * 10 + static_cast<std::uint32_t>(c - '0');
  }
  checkpoint.forest = rest.substr(8);
  return checkpoint;
}

class Training {
 public:
  Training(std::string directory, Request request, Rows train, std::string run)
      : directory_(std::move(directory)),
        request_(std::move(request)),
        train_(std::move(train)),
        run_(std::move(run)) {}

  // True if the forest is whole.
  Expected<bool> grow(const TrainingOptions& options) {
    const std::uint32_t count = segment_count(request_);
    const std::uint32_t done = read_checkpoint(path("checkpoint"), run_).done;
    for (std::uint32_t segment = done; segment < count; ++segment) {
      const auto grown = static_cast<int>(segment - done);
      if (options.stop_after_segments > 0 && grown == options.stop_after_segments) return false;
      TRY_DO(grow_in_child(segment));
    }
    return true;
  }

  std::string forest() const { return read_checkpoint(path("checkpoint"), run_).forest; }
  std::string path(std::string_view name) const { return directory_ + "/" + std::string(name); }
  const Request& request() const { return request_; }
  const Rows& train() const { return train_; }

 private:
  // This process never calls libxgboost, so each child starts with its random state unused.
  Expected<void> grow_in_child(std::uint32_t segment) {
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child < 0) return unavailable("no process could be started for the training");
    if (child == 0) {
      const auto grown = grow_here(segment);
      if (!grown) std::fprintf(stderr, "%s\n", grown.error().message().c_str());
      std::fflush(stdout);
      ::_exit(grown ? 0 : 1);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
      if (errno != EINTR) return broken("the training's process was lost");
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    if (WIFEXITED(status)) return invalid("segment " + std::to_string(segment + 1) + " failed");
    return broken("the training died by signal " + std::to_string(WTERMSIG(status)));
  }

  Expected<void> grow_here(std::uint32_t segment) const {
    const Checkpoint before = read_checkpoint(path("checkpoint"), run_);
    rounds_ = request_.rounds;
    TRY(const std::string forest,
        grow_segment(request_, train_, segment, before.forest, print_progress));
    return write_file(path("checkpoint"), checkpoint_bytes(run_, segment + 1, forest));
  }

  static void print_progress(const Progress& progress) {
    std::string line;
    JsonWriter json(line);
    json.begin_object().key("round").int64(progress.round + 1).key("of").int64(rounds_);
    json.field("metric", progress.metric).key("train").real(progress.value).end_object();
    print_line(line);
  }

  static inline int rounds_ = 0;  // for print_progress, in the child

  std::string directory_;
  Request request_;
  Rows train_;
  std::string run_;
};

Expected<std::string> make_model_file(Training& training, const TrainingOptions& options) {
  if (training.request().type == "linear") {
    TRY(const LinearParts parts, fit_linear(training.request(), training.train()));
    return to_json(parts);
  }
  TRY(const bool whole, training.grow(options));
  return whole ? training.forest() : std::string();
}

Expected<void> write_results(const Training& training, const Model& model, const Rows& holdout,
                             const std::string& rows_digest) {
  const Rows& train = training.train();
  TRY(const Judgement judgement, judge(model, training.request(), train, holdout));
  const std::span<const float> first(train.values);
  const std::size_t golden = std::min(train.size(), kGoldenRows) * train.features.size();
  TRY_DO(write_file(training.path("golden.json"), golden_vectors(model, first.first(golden))));
  const Card card = make_card(model, training.request(), judgement, rows_digest);
  TRY_DO(write_file(training.path("card.json"), to_json(card)));
  TRY_DO(write_file(training.path("card.md"), to_markdown(card)));
  TRY_DO(write_file(training.path("metrics.json"), metrics_json(card, judgement)));
  print_line(done_line(card));
  return {};
}

}  // namespace

Expected<void> run_training(const std::string& directory, const TrainingOptions& options) {
  TRY(const std::string request_text, read_file(directory + "/request.json"));
  TRY(Request request, read_request(request_text));
  TRY(const std::string rows_bytes, read_file(directory + "/rows.bin"));
  const std::string digest = rows_digest(rows_bytes);
  TRY(Rows rows, read_rows(rows_bytes));
  Rows train = rows.only(Split::train);
  const Rows holdout = rows.only(Split::holdout);
  rows = {};
  TRY_DO(check_training(train, request));
  Training training(directory, std::move(request), std::move(train),
                    sha256_hex(sha256_hex(request_text) + digest));
  TRY(const std::string file, make_model_file(training, options));
  if (file.empty()) return {};
  const bool linear = training.request().type == "linear";
  TRY(const auto model, read_model({training.request().type, file, training.request().features}));
  TRY_DO(write_file(training.path(linear ? "model.json" : "model.ubj"), file));
  return write_results(training, *model, holdout, digest);
}

}  // namespace quintet::learn
