#include "data/pack.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <thread>

#include "core/check.h"
#include "core/folder_lock.h"
#include "data/encoded.h"
#include "data/image_encode.h"
#include "data/resize.h"
#include "data/tar.h"

namespace resnet {

namespace {

namespace fs = std::filesystem;

// What goes into an archive for one picture, or why nothing does.
struct Packed {
  std::string suffix, bytes, error;
  bool copied = false;
};

Tensor smaller(const Tensor& image, const PackOptions& options) {
  const int64_t height = image.shape()[0], width = image.shape()[1], shorter = std::min(height, width);
  if (shorter <= options.size) return image;
  const auto axis = [&](int64_t in) {
    const int64_t out = options.size * in / shorter;
    return Axis{in, static_cast<double>(in), out, 0, out};
  };
  const Axis down = axis(height), across = axis(width);
  Tensor y({down.out, across.out, 3}, DType::u8);
  resize_window(image.as<uint8_t>().data(), width * 3, down, across, options.interpolation, y.as<uint8_t>().data());
  return y;
}

Packed pack_picture(const Dataset& data, int64_t i, const PackOptions& options) {
  const auto* encoded = dynamic_cast<const EncodedDataset*>(&data);
  Packed packed;
  std::vector<uint8_t> buffer;
  Bytes file;
  Tensor image;
  if (encoded != nullptr) {
    file = encoded->bytes(i, buffer);
    image = decode_image(file, encoded->path(i), options.skip_bad ? Damage::keep_partial : Damage::refuse);
  } else {
    image = data.image(i);
  }
  const bool small = std::min(image.shape()[0], image.shape()[1]) <= options.size;
  if (small && picture_format(file) == (options.jpeg ? "JPEG" : "PNG")) {
    packed.copied = true;
    packed.bytes.assign(file.begin(), file.end());
  } else {
    image = smaller(image, options);
    packed.bytes = options.jpeg ? encode_jpeg(image, options.quality, data.id(i)) : encode_png(image, data.id(i));
  }
  packed.suffix = options.jpeg ? ".jpg" : ".png";
  return packed;
}

// Pictures [begin, end), by all cores.
std::vector<Packed> pack_pictures(const Dataset& data, int64_t begin, int64_t end, const PackOptions& options) {
  std::vector<Packed> packed(static_cast<size_t>(end - begin));
  const auto work = [&](int64_t first, int64_t step) {
    for (int64_t i = begin + first; i < end; i += step) {
      Packed& one = packed[static_cast<size_t>(i - begin)];
      try {
        one = pack_picture(data, i, options);
      } catch (const Error& error) {
        if (!options.skip_bad) throw;
        one.error = error.what();
      }
    }
  };
  const auto parts = static_cast<int64_t>(std::clamp(std::thread::hardware_concurrency(), 1u, 64u));
  std::vector<std::future<void>> running;
  for (int64_t p = 0; p < parts; ++p) running.push_back(std::async(std::launch::async, work, p, parts));
  for (auto& worker : running) worker.wait();
  for (auto& worker : running) worker.get();
  return packed;
}

class Writer {
 public:
  explicit Writer(fs::path path) : path_(std::move(path)), out_(path_, std::ios::binary) { check(); }

  void write(const std::string& bytes) {
    out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    check();
  }
  void close() {
    out_.close();
    check();
  }

 private:
  void check() { CHECK(out_, "cannot write ", path_.string(), ": ", std::strerror(errno)); }

  fs::path path_;
  std::ofstream out_;
};

// A folder that is removed unless it is kept. What an attempt that was killed has left in it goes first.
class NewFolder {
 public:
  explicit NewFolder(fs::path path) : path_(std::move(path)) {
    std::error_code failed;
    if (path_.has_parent_path()) fs::create_directories(path_.parent_path(), failed);
    fs::create_directory(path_, failed);
    CHECK(!failed, "cannot make the folder ", path_.string(), ": ", failed.message());
    lock_.emplace(path_.string(), path_.string() + " is what another process is packing right now");
    for (const fs::directory_entry& entry : fs::directory_iterator(path_))
      fs::remove_all(entry.path());  // an attempt's
  }
  ~NewFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;

  fs::path operator/(const std::string& name) const { return path_ / name; }
  void keep_as(const fs::path& name) {
    std::error_code failed;
    fs::rename(path_, name, failed);
    CHECK(!failed, "cannot rename ", path_.string(), " to ", name.string(), ": ", failed.message());
    path_.clear();
  }

 private:
  fs::path path_;
  std::optional<FolderLock> lock_;
};

std::string numbered(const char* format, const std::string& before, int64_t number) {
  char digits[32];
  std::snprintf(digits, sizeof digits, format, static_cast<long long>(number));
  return before + digits;
}

class Packer {
 public:
  Packer(const NewFolder& folder, const PackOptions& options, const PackProgress& progress, int64_t all)
      : folder_(folder), options_(options), progress_(progress), all_(all) {}

  void pack_split(const Dataset& data, const std::string& name) {
    constexpr int64_t kChunk = 256;  // pictures in memory at a time
    for (int64_t shard = 0; shard * options_.shard < data.size(); ++shard) {
      Writer out(folder_ / (numbered("%06lld", name + "-", shard) + ".tar"));
      const int64_t end = std::min(data.size(), (shard + 1) * options_.shard);
      for (int64_t i = shard * options_.shard; i < end; i += kChunk) add(data, i, std::min(end, i + kChunk), out);
      out.write(tar_end());
      out.close();
      ++result_.archives;
    }
  }

  PackResult result() const { return result_; }

 private:
  void add(const Dataset& data, int64_t begin, int64_t end, Writer& out) {
    std::vector<Packed> packed = pack_pictures(data, begin, end, options_);
    for (int64_t i = begin; i < end; ++i) {
      const Packed& one = packed[static_cast<size_t>(i - begin)];
      if (!one.error.empty()) {
        result_.left_out.push_back(one.error);
        continue;
      }
      const std::string key = numbered("%08lld", "", i);
      const std::string entries =
          tar_entry(key + one.suffix, one.bytes) + tar_entry(key + ".cls", std::to_string(data.label(i)) + "\n");
      out.write(entries);
      result_.bytes += entries.size();
      result_.copied += one.copied ? 1 : 0;
      ++result_.pictures;
    }
    done_ += end - begin;
    progress_(done_, all_);
  }

  const NewFolder& folder_;
  const PackOptions& options_;
  const PackProgress& progress_;
  int64_t all_, done_ = 0;
  PackResult result_;
};

}  // namespace

PackResult pack(const DataSplits& data, const std::string& folder, const PackOptions& options,
                const PackProgress& progress) {
  fs::path target(folder);
  if (!target.has_filename()) target = target.parent_path();  // "out/"
  CHECK(!fs::exists(target) || (fs::is_directory(target) && fs::is_empty(target)), folder,
        " exists already; name a new or empty folder");
  const bool one = data.train == data.val;
  CHECK(one || data.train->size() == 0 || data.train->classes() == data.val->classes(),
        "the training and the validation pictures have different classes; give both the same");
  NewFolder unfinished(target.string() + ".partial");
  Packer packer(unfinished, options, progress, data.val->size() + (one ? 0 : data.train->size()));
  if (!one) packer.pack_split(*data.train, "train");
  packer.pack_split(*data.val, one ? "all" : "val");
  CHECK(packer.result().pictures > 0, "no picture of the data set can be read");
  std::string names;
  for (const std::string& name : data.val->classes()) names += name + "\n";
  Writer classes(unfinished / "classes.txt");
  classes.write(names);
  classes.close();
  unfinished.keep_as(target);
  return packer.result();
}

}  // namespace resnet
