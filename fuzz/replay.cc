// Runs a fuzzer's function over every file of the directories given, in order of their names, and
// over mutants of each: the corpus as a test, for compilers without libFuzzer.
//
//   X_fuzz [-mutants=N] [-seed=S] DIRECTORY...   N mutants of each file (default 0)
//   X_fuzz -show=NAME:K [-seed=S] DIRECTORY...   prints mutant K of a file, for the corpus
//
// A mutant follows from seed, name and number alone, so that a crash can be made again. One input
// may take ten seconds.
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr unsigned kSecondsForOne = 10;

struct Input {
  std::string name, bytes;
};

std::vector<Input> read(const std::vector<std::filesystem::path>& directories) {
  std::vector<Input> inputs;
  for (const auto& directory : directories) {
    if (!std::filesystem::is_directory(directory)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      inputs.push_back({entry.path().filename(), std::string(std::istreambuf_iterator<char>(in),
                                                             std::istreambuf_iterator<char>())});
    }
  }
  std::sort(inputs.begin(), inputs.end(),
            [](const Input& a, const Input& b) { return a.name < b.name; });
  return inputs;
}

class Mutator {
 public:
  Mutator(const std::vector<Input>& inputs, std::uint64_t seed) : inputs_(inputs), seed_(seed) {}

  std::string mutant(const Input& input, std::uint64_t number) {
    std::vector<std::uint64_t> seeds = {seed_, number};
    seeds.insert(seeds.end(), input.name.begin(), input.name.end());
    std::seed_seq all(seeds.begin(), seeds.end());
    dice_.seed(all);
    std::string bytes = input.bytes;
    for (std::size_t n = 1 + below(4); n > 0; --n) change(bytes);
    return bytes;
  }

 private:
  std::size_t below(std::size_t n) { return n == 0 ? 0 : dice_() % n; }

  std::string piece(const std::string& from) {
    const std::size_t at = below(from.size());
    return from.substr(at, 1 + below(40));
  }

  void change(std::string& bytes) {
    static constexpr std::string_view kPieces[] = {
        "0", "-1", "99999999999999999999", "1e999", "null", "\"", "{", "}", "[", "]", ",", ":",
        "\r\n", "\xff\xff\xff\xff", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "\xed\xa0\x80"};
    const std::size_t at = below(bytes.size() + 1);
    const std::size_t kind = below(8);
    if (kind == 0) bytes.erase(at, 1 + below(12));
    if (kind == 1) bytes.insert(at, kPieces[below(std::size(kPieces))]);
    if (kind == 2) bytes.insert(at, piece(bytes));
    if (kind == 3) bytes.insert(at, piece(inputs_[below(inputs_.size())].bytes));
    if (kind == 4) bytes.resize(at);
    if (kind < 5 || at == bytes.size()) return;
    if (kind == 5) bytes[at] = static_cast<char>(dice_());
    if (kind == 6) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
    if (kind == 7) bytes[at] = static_cast<char>(bytes[at] + (below(2) == 0 ? 1 : -1));
  }

  const std::vector<Input>& inputs_;
  const std::uint64_t seed_;
  std::mt19937 dice_;
};

void run(const std::string& bytes) {
  ::alarm(kSecondsForOne);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  ::alarm(0);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> directories;
  std::uint64_t mutants = 0, seed = 1;
  std::string show;
  for (const std::string_view word : std::vector<std::string_view>(argv + 1, argv + argc)) {
    const char* value = word.data() + word.find('=') + 1;
    if (word.starts_with("-mutants=")) {
      mutants = std::strtoull(value, nullptr, 10);
    } else if (word.starts_with("-seed=")) {
      seed = std::strtoull(value, nullptr, 10);
    } else if (word.starts_with("-show=")) {
      show = value;
    } else {
      directories.emplace_back(word);
    }
  }
  const std::vector<Input> inputs = read(directories);
  Mutator mutator(inputs, seed);
  if (show.empty()) run({});
  for (const Input& input : inputs) {
    if (!show.empty()) {
      if (!show.starts_with(input.name + ":")) continue;
      const std::uint64_t number =
          std::strtoull(show.c_str() + input.name.size() + 1, nullptr, 10);
      const std::string bytes = mutator.mutant(input, number);
      std::fwrite(bytes.data(), 1, bytes.size(), stdout);
      continue;
    }
    // Named before it runs, so that a crash says which input it was.
    std::printf("%s\n", input.name.c_str());
    std::fflush(stdout);
    run(input.bytes);
    for (std::uint64_t number = 1; number <= mutants; ++number) {
      std::printf("%s:%llu\n", input.name.c_str(), static_cast<unsigned long long>(number));
      std::fflush(stdout);
      run(mutator.mutant(input, number));
    }
  }
  if (show.empty()) {
    std::printf("%zu inputs and %llu mutants of each, seed %llu\n", inputs.size(),
                static_cast<unsigned long long>(mutants), static_cast<unsigned long long>(seed));
  }
}
