#include "data/encoded.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/check.h"

namespace resnet {

Tensor EncodedDataset::decode(int64_t i) const {
  thread_local std::vector<uint8_t> buffer;
  return decode_image(bytes(i, buffer), path(i), skip_ ? Damage::keep_partial : Damage::refuse);
}

PicturePart EncodedDataset::decode_part(int64_t i, const ChoosePart& choose) const {
  thread_local std::vector<uint8_t> buffer;
  const Bytes file = bytes(i, buffer);
  if (picture_format(file) == "JPEG")
    if (auto part = decode_jpeg_part(file, path(i), choose)) return std::move(*part);
  return whole_part(decode_image(file, path(i), skip_ ? Damage::keep_partial : Damage::refuse));
}

Tensor EncodedDataset::image(int64_t i) const {
  Tensor picture;
  read(i, [&](int64_t j) { picture = decode(j); });
  return picture;
}

PicturePart EncodedDataset::part(int64_t i, const ChoosePart& choose) const {
  PicturePart part;
  read(i, [&](int64_t j) { part = decode_part(j, choose); });
  return part;
}

// Picture i, or with skip_ the next one of its class that `decode` does not throw Error for.
void EncodedDataset::read(int64_t i, const std::function<void(int64_t)>& decode) const {
  CHECK(i >= 0 && i < size(), "picture ", i, " of a data set of ", size());
  if (!skip_) try {
      return decode(i);
    } catch (const Error& error) {
      throw Error(join(error.what(), "; mend or remove it, or go on without such pictures: --bad-images skip"));
    }
  const int wanted = label(i);
  std::string reason;
  for (int64_t k = 0; k < size(); ++k) {
    const int64_t j = (i + k) % size();
    if (label(j) != wanted || unreadable(j)) continue;
    try {
      return decode(j);
    } catch (const Error& error) {
      reason = error.what();
      const std::lock_guard lock(mutex_);
      bad_.emplace(j, reason);
    }
  }
  throw Error(join("no picture of the class '", classes_[static_cast<size_t>(wanted)], "' can be read",
                   reason.empty() ? "" : "; the last one: ", reason));
}

bool EncodedDataset::unreadable(int64_t i) const {
  const std::lock_guard lock(mutex_);
  return bad_.contains(i);
}

std::vector<std::string> EncodedDataset::unreadable_pictures() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> messages;
  for (const auto& [i, message] : bad_) messages.push_back(message);
  return messages;
}

OpenFile::OpenFile(std::string path) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  CHECK(descriptor_ >= 0, "cannot open ", path_, ": ", std::strerror(errno));
  struct stat info {};
  const bool regular = ::fstat(descriptor_, &info) == 0 && S_ISREG(info.st_mode);
  if (!regular) ::close(descriptor_);
  CHECK(regular, path_, " is not a regular file");
  size_ = static_cast<uint64_t>(info.st_size);
}

OpenFile::~OpenFile() { ::close(descriptor_); }

void OpenFile::read_at(uint64_t at, std::span<uint8_t> out) const {
  while (!out.empty()) {
    const ssize_t n = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(at));
    CHECK(n > 0 || (n < 0 && errno == EINTR), "cannot read ", path_, ": ",
          n == 0 ? "it became shorter meanwhile" : std::strerror(errno));
    if (n < 0) continue;
    at += static_cast<uint64_t>(n);
    out = out.subspan(static_cast<size_t>(n));
  }
}

Bytes read_file(const std::string& path, std::vector<uint8_t>& buffer) {
  const OpenFile file(path);
  buffer.resize(file.size());
  file.read_at(0, buffer);
  return buffer;
}

}  // namespace resnet
