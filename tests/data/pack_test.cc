// Packed data sets: read back with the same labels and, as PNG, the same pixels.
#include "data/pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/fixtures.h"

namespace resnet {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

PackResult pack_quietly(const DataSplits& data, const std::string& folder, const PackOptions& options) {
  return pack(data, folder, options, [](int64_t, int64_t) {});
}

// Pictures of several sizes, one of which is smaller than 24 pixels.
void write_pictures(const TempFolder& folder) {
  for (const char* name : {"p/train/a", "p/train/b", "p/val/a", "p/val/b"}) {
    fs::create_directories(folder / name);
    fs::copy_file(golden("rgb.jpg"), folder / (std::string(name) + "/1.jpg"));
    write_png(folder / (std::string(name) + "/2.png"), read_ppm(golden("resize_landscape.ppm")));
    write_png(folder / (std::string(name) + "/3.png"), read_ppm(golden("resize_portrait.ppm")));
  }
}

TEST(Pack, PngKeepsWhatTheNetworkSees) {
  const TempFolder folder;
  write_pictures(folder);
  const DataSplits before = open_data(folder / "p");
  const PackResult result = pack_quietly(before, folder / "out/", {.size = 24, .jpeg = false, .shard = 4});
  EXPECT_EQ(result.pictures, 12);
  EXPECT_EQ(result.archives, 4);
  const DataSplits after = open_data(folder / "out");
  EXPECT_EQ(after.train->classes(), before.train->classes());
  ASSERT_EQ(after.train->size(), before.train->size());
  for (int64_t i = 0; i < after.train->size(); ++i) {
    EXPECT_EQ(after.train->label(i), before.train->label(i));
    const Fit fit(20, 24);
    EXPECT_EQ(
        largest_difference(resize_and_crop(after.train->image(i), fit), resize_and_crop(before.train->image(i), fit)),
        0);
  }
}

TEST(Pack, JpegIsNearAndSmallFilesKeepTheirBytes) {
  const TempFolder folder;
  write_pictures(folder);
  const PackResult result = pack_quietly(open_data(folder / "p"), folder / "out", {.size = 24, .quality = 100});
  EXPECT_EQ(result.copied, 4);
  const DataSplits after = open_data(folder / "out");
  EXPECT_EQ(largest_difference(after.val->image(0), read_image(golden("rgb.jpg"))), 0);
  const Tensor want = resize_and_crop(read_ppm(golden("resize_landscape.ppm")), 24);
  EXPECT_LE(largest_difference(resize_and_crop(after.val->image(1), 24), want), 6);
}

TEST(Pack, IsThereAsAWholeOrNotAtAll) {
  const TempFolder folder;
  write_pictures(folder);
  put_file(folder / "p/train/b/4.jpg", "no picture");
  const DataSplits data = open_data(folder / "p");
  EXPECT_THAT(error_of([&] { pack_quietly(data, folder / "out", {}); }), HasSubstr("4.jpg is neither"));
  EXPECT_FALSE(fs::exists(folder / "out"));
  EXPECT_FALSE(fs::exists(folder / "out.partial"));
  const PackResult result = pack_quietly(data, folder / "out", {.skip_bad = true});
  EXPECT_EQ(result.pictures, 12);
  EXPECT_THAT(result.left_out.at(0), HasSubstr("4.jpg is neither"));
  EXPECT_THAT(error_of([&] { pack_quietly(data, folder / "out", {}); }), HasSubstr("exists already"));
}

TEST(Pack, StartsOverWhatAKilledAttemptLeft) {
  const TempFolder folder;
  write_pictures(folder);
  fs::create_directories(folder / "out.partial");
  put_file(folder / "out.partial/train-000007.tar", "half");
  pack_quietly(open_data(folder / "p"), folder / "out", {});
  EXPECT_TRUE(fs::exists(folder / "out/train-000000.tar"));
  EXPECT_FALSE(fs::exists(folder / "out/train-000007.tar"));
}

}  // namespace
}  // namespace resnet
