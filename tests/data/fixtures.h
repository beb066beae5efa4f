// Small data sets and picture files for the tests of the data.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/rng.h"
#include "io/temp_folder.h"
#include "resnet/data.h"

namespace resnet {

/// A CIFAR file of `records` records whose labels count up from 0 modulo `classes` and whose pixels are random.
inline std::string cifar_bytes(int records, int classes, int label_bytes, uint64_t seed = 0) {
  std::string bytes;
  Rng rng(seed);
  for (int r = 0; r < records; ++r) {
    if (label_bytes == 2) bytes += static_cast<char>(200);  // coarse: not looked at
    bytes += static_cast<char>(r % classes);
    for (int k = 0; k < 3072; ++k) bytes += static_cast<char>(rng.next());
  }
  return bytes;
}

/// The six files of CIFAR-10, `records` pictures each.
inline void write_cifar10(const TempFolder& folder, int records) {
  for (int file = 1; file <= 5; ++file)
    put_file(folder / ("data_batch_" + std::to_string(file) + ".bin"), cifar_bytes(records, 10, 1, uint64_t(file)));
  put_file(folder / "test_batch.bin", cifar_bytes(records, 10, 1, 6));
}

/// A binary PPM file as u8 [H,W,3].
inline Tensor read_ppm(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string magic;
  int64_t width = 0, height = 0, most = 0;
  in >> magic >> width >> height >> most;
  in.get();
  if (!in || magic != "P6") throw Error("no PPM file at " + path);
  Tensor picture({height, width, 3}, DType::u8);
  in.read(static_cast<char*>(picture.raw()), static_cast<std::streamsize>(picture.bytes()));
  return picture;
}

inline std::string golden(const std::string& name) { return SOURCE_DIR "/tests/data/golden/" + name; }

/// The largest difference of two pictures' values; 256 when their shapes differ.
inline int largest_difference(const Tensor& a, const Tensor& b) {
  if (!(a.shape() == b.shape())) return 256;
  int most = 0;
  for (size_t i = 0; i < a.bytes(); ++i) most = std::max(most, std::abs(a.as<uint8_t>()[i] - b.as<uint8_t>()[i]));
  return most;
}

/// A folder with real data sets: $RESNET_DATA, else ../shared/data beside the project; "" where there is none.
inline std::string real_data(const std::string& name) {
  const char* set = std::getenv("RESNET_DATA");
  const std::filesystem::path root = set != nullptr ? set : SOURCE_DIR "/../shared/data";
  return std::filesystem::exists(root / name) ? (root / name).string() : "";
}

/// The pictures are their index: every value of picture i is i. Reading picture `broken` throws.
class CountingData : public Dataset {
 public:
  CountingData(int64_t size, int64_t side, int64_t broken = -1) : size_(size), side_(side), broken_(broken) {}
  int64_t size() const override { return size_; }
  const std::vector<std::string>& classes() const override { return classes_; }
  int label(int64_t i) const override { return static_cast<int>(i % 2); }
  std::string id(int64_t i) const override { return std::to_string(i); }
  Tensor image(int64_t i) const override {
    if (i == broken_) throw Error("picture " + id(i) + " is broken");
    Tensor picture({side_, side_, 3}, DType::u8);
    for (uint8_t& v : picture.as<uint8_t>()) v = static_cast<uint8_t>(i);
    return picture;
  }

 private:
  int64_t size_, side_, broken_;
  std::vector<std::string> classes_ = {"even", "odd"};
};

}  // namespace resnet
