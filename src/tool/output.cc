#include "tool/output.h"

#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "event/csv_cell.h"

namespace quintet::tool {

struct Output::File {
  std::string path;
  gzFile zip = nullptr;
  std::FILE* plain = nullptr;
  ~File() {
    if (zip != nullptr) gzclose_w(zip);
    if (plain != nullptr && plain != stdout) std::fclose(plain);
  }
};

Output::Output(std::unique_ptr<File> file) : file_(std::move(file)) {}
Output::~Output() = default;

Expected<std::unique_ptr<Output>> Output::open(const std::string& path) {
  auto file = std::make_unique<File>();
  file->path = path;
  if (path.ends_with(".gz")) {
    file->zip = gzopen(path.c_str(), "wb1");
  } else {
    file->plain = path == "-" ? stdout : std::fopen(path.c_str(), "wb");
  }
  if (file->zip == nullptr && file->plain == nullptr) {
    return unavailable(path + ": " + std::strerror(errno));
  }
  return std::unique_ptr<Output>(new Output(std::move(file)));
}

Expected<void> Output::spill(std::size_t above) {
  if (text_.empty() || text_.size() < above) return {};
  const bool written =
      file_->zip != nullptr
          ? gzwrite(file_->zip, text_.data(), static_cast<unsigned>(text_.size())) > 0
          : std::fwrite(text_.data(), 1, text_.size(), file_->plain) == text_.size();
  text_.clear();
  if (!written) return exhausted(file_->path + ": " + std::strerror(errno));
  return {};
}

Expected<void> Output::close() {
  TRY_DO(spill(0));
  const int failed = file_->zip != nullptr ? gzclose_w(std::exchange(file_->zip, nullptr))
                                           : std::fflush(file_->plain);
  if (failed != 0) return exhausted(file_->path + ": the last bytes could not be written");
  return {};
}

void append_cell(std::string& out, event::Type type, event::Value value) {
  out += ',';
  event::append_csv_cell(out, type, value);
}

}  // namespace quintet::tool
