// Parts of JPEG files are decoded to the same pixels as the whole.
#include <gtest/gtest.h>

#include "data/augment/random_crop.h"
#include "data/fixtures.h"
#include "data/image_decode.h"

namespace resnet {
namespace {

namespace fs = std::filesystem;

// Rectangles of all sizes, many of them at an edge.
Rectangle draw(int64_t height, int64_t width, Rng& rng) {
  const auto range = [&](int64_t all) {
    const int64_t length = 1 + rng.below(uint32_t(all)), free = all - length;
    const int64_t begin = rng.below(4) == 0 ? 0 : rng.below(4) == 0 ? free : int64_t(rng.below(uint32_t(free + 1)));
    return std::pair(begin, length);
  };
  const auto [top, rows] = range(height);
  const auto [left, columns] = range(width);
  return {top, left, rows, columns};
}

// The largest difference of `rounds` parts to the whole; 256 where a part lacks pixels.
int compare(const std::string& path, int rounds, Rng& rng) {
  const std::string file = get_file(path);
  const Bytes bytes{reinterpret_cast<const uint8_t*>(file.data()), file.size()};
  const Tensor whole = decode_image(bytes, path);
  const int64_t height = whole.shape()[0], width = whole.shape()[1];
  int most = 0;
  for (int round = 0; round < rounds; ++round) {
    const Rectangle r = draw(height, width, rng);
    const auto part = decode_jpeg_part(bytes, path, [&](int64_t, int64_t) { return r; });
    if (!part) return 0;
    if (part->height != height || part->width != width || part->top > r.top || part->left > r.left) return 256;
    const int64_t stride = part->pixels.shape()[1];
    if (part->top + part->pixels.shape()[0] < r.top + r.height || part->left + stride < r.left + r.width) return 256;
    for (int64_t y = r.top; y < r.top + r.height; ++y)
      for (int64_t x = r.left; x < r.left + r.width; ++x)
        for (int64_t c = 0; c < 3; ++c) {
          const int a = whole.as<uint8_t>()[size_t((y * width + x) * 3 + c)];
          const int b = part->pixels.as<uint8_t>()[size_t(((y - part->top) * stride + x - part->left) * 3 + c)];
          most = std::max(most, std::abs(a - b));
        }
  }
  return most;
}

TEST(JpegPart, SamePixels) {
  Rng rng(1);
  for (const char* name : {"rgb", "full_colour", "progressive", "grey", "stored_rgb", "large_420", "large_422",
                           "large_411", "large_progressive", "large_restart"})
    EXPECT_EQ(compare(golden(std::string(name) + ".jpg"), 200, rng), 0) << name;
}

TEST(JpegPart, WholeWhereItMustBe) {
  const auto part = [](const std::string& file) {
    return decode_jpeg_part({reinterpret_cast<const uint8_t*>(file.data()), file.size()}, "x", [](int64_t, int64_t) {
      return Rectangle{0, 0, 1, 1};
    });
  };
  EXPECT_TRUE(part(get_file(golden("rgb.jpg"))));
  EXPECT_FALSE(part(get_file(golden("cmyk.jpg"))));
  EXPECT_FALSE(part(get_file(golden("exif6.jpg"))));
  const std::string whole = get_file(golden("large_420.jpg"));
  EXPECT_FALSE(part(whole.substr(0, whole.size() - 10)));
}

TEST(JpegPart, SamePixelsOfPhotographsSlow) {
  const std::string folder = real_data("hymenoptera_data/val");
  if (folder.empty()) GTEST_SKIP() << "no photographs";
  Rng rng(2);
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".jpg") {
      EXPECT_EQ(compare(entry.path().string(), 4, rng), 0) << entry.path();
    }
}

// Evaluation sees the same pixels as when the whole picture is decoded.
TEST(JpegPart, ImageIntoIsTheWholeFitted) {
  const TempFolder folder;
  fs::create_directories(folder / "val/a");
  for (const char* name : {"large_420.jpg", "large_progressive.jpg", "exif6.jpg", "cmyk.jpg", "grey.png"})
    fs::copy_file(golden(name), folder / "val/a/" + name);
  const DataSplits data = open_data(folder.path(), {.training = false});
  for (int64_t i = 0; i < data.val->size(); ++i)
    for (const Fit& fit : {Fit(24, 28), Fit(33, 60, Interpolation::bicubic), Fit(16), Fit(130, 150)}) {
      Tensor got({fit.size, fit.size, 3}, DType::u8);
      data.val->image_into(i, fit, got.as<uint8_t>().data());
      EXPECT_EQ(largest_difference(got, resize_and_crop(data.val->image(i), fit)), 0) << data.val->id(i) << fit.size;
    }
}

// Nor does training see other pixels.
TEST(JpegPart, RandomCropsAreThoseOfTheWhole) {
  const std::string path = golden("large_420.jpg"), file = get_file(path);
  const Tensor image = read_image(path);
  const ReadPart part = [&](const ChoosePart& choose) {
    return *decode_jpeg_part({reinterpret_cast<const uint8_t*>(file.data()), file.size()}, path, choose);
  };
  const ReadPart whole = [&](const ChoosePart&) { return whole_part(image); };
  for (const auto crop : {Augmentation::Crop::random, Augmentation::Crop::resized}) {
    Augmentation a;
    a.crop = crop;
    a.resize = {30, 90};
    for (uint64_t i = 0; i < 100; ++i) {
      Rng one(1, 2, i), two(1, 2, i);
      Tensor want({24, 24, 3}, DType::u8), got({24, 24, 3}, DType::u8);
      random_crop(whole, Fit(24), a, one, want.as<uint8_t>().data());
      random_crop(part, Fit(24), a, two, got.as<uint8_t>().data());
      ASSERT_EQ(largest_difference(got, want), 0) << i;
      ASSERT_EQ(one.next(), two.next());
    }
  }
}

}  // namespace
}  // namespace resnet
