#include "io/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "core/check.h"

namespace resnet {

namespace {

std::string hint(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "; free some space or write to another disk";
    case EFBIG:
      return "; the file is larger than the limit on file sizes allows (ulimit -f)";
    case EROFS:
    case EACCES:
    case EPERM:
      return "; choose a folder that can be written";
    case ENOENT:
    case ENOTDIR:
      return "; create its folder first";
    default:
      return "";
  }
}

[[noreturn]] void fail(const std::string& path, const char* what, int error) {
  throw Error(join("cannot write '", path, "': ", what, ": ", std::strerror(error), hint(error)));
}

/// The temporary file: closed and removed unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& target)
      : target_(target), path_(target + "." + std::to_string(::getpid()) + ".tmp") {
    fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd_ < 0) fail(target_, "opening a temporary file beside it", errno);
  }
  ~TemporaryFile() {
    if (fd_ >= 0) ::close(fd_);
    if (!renamed_) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail(target_, "writing", errno);
      bytes = bytes.subspan(static_cast<size_t>(n));
    }
  }

  void publish() {
    if (::fsync(fd_) != 0) fail(target_, "flushing to the disk", errno);
    const int fd = std::exchange(fd_, -1);
    if (::close(fd) != 0) fail(target_, "closing", errno);
    if (::rename(path_.c_str(), target_.c_str()) != 0) fail(target_, "renaming", errno);
    renamed_ = true;
  }

 private:
  std::string target_, path_;
  int fd_ = -1;
  bool renamed_ = false;
};

/// Makes the rename durable. Some file systems cannot sync a folder; that is no failure of the file.
void sync_folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int fd = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

void write_file_atomically(const std::string& path, const std::vector<std::span<const std::byte>>& parts) {
  TemporaryFile file(path);
  for (const std::span<const std::byte> part : parts) file.write(part);
  file.publish();
  sync_folder_of(path);
}

void write_file_atomically(const std::string& path, std::string_view text) {
  write_file_atomically(path, {std::as_bytes(std::span(text.data(), text.size()))});
}

std::string read_text_file(const std::string& path) {
  CHECK(!std::filesystem::is_directory(path), "cannot read '", path, "': it is a folder, not a file");
  std::ifstream in(path, std::ios::binary);
  CHECK(in, "cannot read '", path, "': ", std::strerror(errno));
  constexpr size_t kMost = size_t{64} << 20, kPiece = 1 << 16;
  std::string text;
  while (in) {
    const size_t size = text.size();
    text.resize(size + kPiece);
    in.read(text.data() + size, kPiece);
    text.resize(size + static_cast<size_t>(in.gcount()));
    CHECK(text.size() <= kMost, "cannot read '", path, "': more than ", kMost >> 20, " MiB are no text file of ours");
  }
  CHECK(!in.bad(), "cannot read '", path, "': the disk gave an error");
  return text;
}

}  // namespace resnet
