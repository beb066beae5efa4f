// Data sets whose pictures lie encoded in files: decoding, and what happens with those that cannot be read. Derived
// classes say where the bytes of a picture are.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "data/image_decode.h"
#include "resnet/data.h"

namespace resnet {

class EncodedDataset : public Dataset {
 public:
  EncodedDataset(std::vector<std::string> classes, bool skip_bad) : classes_(std::move(classes)), skip_(skip_bad) {}

  const std::vector<std::string>& classes() const final { return classes_; }
  /// With skip_bad: a picture that cannot be read is replaced by the next one of its class that can; of one that ends
  /// early, what is there stays. Which pictures are replaced and by what depends on the files alone.
  Tensor image(int64_t i) const final;
  /// Of JPEG files no more than that is decoded, where nothing else is to be done with them.
  PicturePart part(int64_t i, const ChoosePart& choose) const final;
  bool unreadable(int64_t i) const final;
  std::vector<std::string> unreadable_pictures() const final;

  /// The file's bytes, in `buffer` or in memory of the data set. Throws Error naming the file.
  virtual Bytes bytes(int64_t i, std::vector<uint8_t>& buffer) const = 0;
  virtual std::string path(int64_t i) const = 0;  ///< for messages: where a person finds the file

 private:
  Tensor decode(int64_t i) const;
  PicturePart decode_part(int64_t i, const ChoosePart& choose) const;
  void read(int64_t i, const std::function<void(int64_t)>& decode) const;

  std::vector<std::string> classes_;
  bool skip_;
  mutable std::mutex mutex_;
  mutable std::map<int64_t, std::string> bad_;  // guarded by mutex_
};

/// A regular file, read and not mapped: one that shrinks meanwhile is an Error.
class OpenFile {
 public:
  explicit OpenFile(std::string path);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  const std::string& path() const { return path_; }
  uint64_t size() const { return size_; }
  void read_at(uint64_t at, std::span<uint8_t> out) const;

 private:
  std::string path_;
  int descriptor_;
  uint64_t size_ = 0;
};

/// The whole file.
Bytes read_file(const std::string& path, std::vector<uint8_t>& buffer);

}  // namespace resnet
