#include "tool/disturb.h"

#include <filesystem>
#include <map>

#include "tool/output.h"

namespace quintet::tool {

namespace {

constexpr std::size_t kSpillBytes = std::size_t{1} << 20;
constexpr std::uint64_t kParts = 1'000'000;  // that a percentage is drawn from

class Draws {
 public:
  explicit Draws(std::uint64_t seed) : seed_(seed) {}
  bool percent(double share) {
    return static_cast<double>(seeded(seed_, ++n_) % kParts) * 100 <
           share * static_cast<double>(kParts);
  }
  std::uint64_t up_to(std::uint64_t most) { return seeded(seed_, ++n_) % most + 1; }

 private:
  std::uint64_t seed_, n_ = 0;
};

std::string plain_name(const std::string& path) {
  std::string name = std::filesystem::path(path).filename();
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  return name;
}

Expected<void> disturb_file(const InputFile& file, const Disturbance& how, std::uint64_t most,
                            Draws& draws, const std::string& to) {
  TRY(const auto lines, LineReader::open(file.path));
  TRY(const auto output, Output::open(to));
  std::multimap<std::uint64_t, std::string> later;  // by the number of the line it follows
  const auto put = [&](std::string_view line) {
    output->text().append(line).push_back('\n');
    return output->spill(kSpillBytes);
  };
  std::string_view line;
  if (plain_name(file.path).ends_with(".csv")) {
    TRY(const bool any, lines->next(line));
    if (any) TRY_DO(put(line));
  }
  for (std::uint64_t number = 1; most == 0 || number <= most; ++number) {
    TRY(const bool any, lines->next(line));
    if (!any) break;
    const bool moves = draws.percent(how.late), twice = draws.percent(how.duplicates);
    if (moves) {
      later.emplace(number + draws.up_to(kFurthest), line);
    } else {
      TRY_DO(put(line));
    }
    if (twice) later.emplace(number + draws.up_to(kFurthest), line);
    while (!later.empty() && later.begin()->first <= number) {
      TRY_DO(put(later.begin()->second));
      later.erase(later.begin());
    }
  }
  for (const auto& [number, text] : later) TRY_DO(put(text));
  return output->close();
}

}  // namespace

std::uint64_t seeded(std::uint64_t seed, std::uint64_t n) {
  std::uint64_t z = seed * 0xD1342543DE82EF95U + n * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

Expected<std::vector<InputFile>> disturbed(const std::vector<InputFile>& inputs,
                                           const Disturbance& how, std::uint64_t most,
                                           const std::string& directory) {
  std::vector<InputFile> out;
  Draws draws(how.seed);
  std::error_code failed;
  std::filesystem::create_directory(directory, failed);
  if (failed) return unavailable(directory + ": " + failed.message());
  for (const InputFile& file : inputs) {
    // A directory each: two inputs may have one name.
    const std::string folder = directory + "/" + std::to_string(out.size() + 1);
    std::filesystem::create_directory(folder, failed);
    if (failed) return unavailable(folder + ": " + failed.message());
    const std::string to = folder + "/" + plain_name(file.path);
    TRY_DO(disturb_file(file, how, most, draws, to));
    out.push_back({file.event_type, to});
  }
  return out;
}

}  // namespace quintet::tool
