#include "tool/output.h"

#include <sys/stat.h>
#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "event/csv_cell.h"

namespace quintet::tool {

struct Output::File {
  std::string path;
  std::string part;  // where it stands until it is whole; empty: at its path
  gzFile zip = nullptr;
  std::FILE* plain = nullptr;
  ~File() {
    if (zip != nullptr) gzclose_w(zip);
    if (plain != nullptr && plain != stdout) std::fclose(plain);
    if (!part.empty()) std::remove(part.c_str());
  }
};

Output::Output(std::unique_ptr<File> file) : file_(std::move(file)) {}
Output::~Output() = default;

Expected<std::unique_ptr<Output>> Output::open(const std::string& path, Show show) {
  auto file = std::make_unique<File>();
  file->path = path;
  struct stat there {};
  const bool special = ::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode);
  const std::string to = show == Show::at_once || path == "-" || special ? path : path + ".part";
  if (path.ends_with(".gz")) {
    file->zip = gzopen(to.c_str(), "wb1");
  } else {
    file->plain = path == "-" ? stdout : std::fopen(to.c_str(), "wb");
  }
  if (file->zip == nullptr && file->plain == nullptr) {
    return unavailable(path + ": " + std::strerror(errno));
  }
  if (to != path) file->part = to;
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
  if (!file_->part.empty()) {
    if (std::rename(file_->part.c_str(), file_->path.c_str()) != 0) {
      return unavailable(file_->path + ": " + std::strerror(errno));
    }
    file_->part.clear();
  }
  return {};
}

void append_cell(std::string& out, event::Type type, event::Value value) {
  out += ',';
  event::append_csv_cell(out, type, value);
}

}  // namespace quintet::tool
