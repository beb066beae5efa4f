// CIFAR folders: what is read from whole ones, and what is said about damaged ones.
#include <gtest/gtest.h>

#include "data/fixtures.h"

namespace resnet {
namespace {

TEST(Cifar, ReadsPicturesLabelsAndIds) {
  const TempFolder folder;
  write_cifar10(folder, 12);
  const DataSplits data = open_data(folder.path());
  EXPECT_EQ(data.train->size(), 60);
  EXPECT_EQ(data.val->size(), 12);
  EXPECT_EQ(data.train->label(13), 1);
  EXPECT_EQ(data.train->id(13), "data_batch_2.bin:1");
  EXPECT_EQ(data.train->classes()[9], "truck");
  EXPECT_EQ(data.description, "CIFAR-10, 60 + 12 pictures of 32x32");

  const std::string file = get_file(folder / "data_batch_2.bin");
  const Tensor picture = data.train->image(13);
  EXPECT_EQ(picture.shape(), Shape({32, 32, 3}));
  for (size_t y : {0u, 5u, 31u})
    for (size_t x : {0u, 7u, 31u})
      for (size_t c = 0; c < 3; ++c)
        EXPECT_EQ(picture.as<uint8_t>()[(y * 32 + x) * 3 + c], uint8_t(file[3073 + 1 + c * 1024 + y * 32 + x]));
}

TEST(Cifar, Reads100WithFineLabels) {
  const TempFolder folder;
  put_file(folder / "train.bin", cifar_bytes(150, 100, 2));
  put_file(folder / "test.bin", cifar_bytes(3, 100, 2));
  const DataSplits data = open_data(folder.path());
  EXPECT_EQ(data.train->classes().size(), 100u);
  EXPECT_EQ(data.train->classes()[99], "worm");
  EXPECT_EQ(data.train->label(149), 49);
  EXPECT_EQ(data.val->id(2), "test.bin:2");
}

TEST(Cifar, TakesClassNamesFromTheFolder) {
  const TempFolder folder;
  write_cifar10(folder, 1);
  put_file(folder / "batches.meta.txt", "a\r\nb\nc\nd\ne\nf\ng\nh\ni\nj \n\n");
  EXPECT_EQ(open_data(folder.path()).train->classes()[0], "a");
  EXPECT_EQ(open_data(folder.path()).train->classes()[9], "j");
  put_file(folder / "batches.meta.txt", "a\nb\n");
  EXPECT_NE(error_of([&] { open_data(folder.path()); }).find("names 2 classes; CIFAR-10 has 10"), std::string::npos);
  put_file(folder / "batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\na\n");
  EXPECT_NE(error_of([&] { open_data(folder.path()); }).find("names the class 'a' twice"), std::string::npos);
}

TEST(Cifar, HoldsTheLastTenthOut) {
  const TempFolder folder;
  write_cifar10(folder, 4);
  const DataSplits all = open_data(folder.path());
  const DataSplits data = open_data(folder.path(), {.train_split = "45k"});
  EXPECT_EQ(data.train->size(), 18);
  EXPECT_EQ(data.val->size(), 2);
  EXPECT_EQ(data.val->id(1), "data_batch_5.bin:3");
  EXPECT_EQ(data.val->label(1), 3);
  EXPECT_EQ(largest_difference(data.val->image(0), all.train->image(18)), 0);
  EXPECT_NE(error_of([&] { open_data(folder.path(), {.train_split = "40k"}); }).find("'40k'"), std::string::npos);
}

// What is said after `damage` was done to a whole folder.
template <class Damage> std::string complaint(Damage damage) {
  const TempFolder folder;
  write_cifar10(folder, 2);
  damage(folder);
  return error_of([&] { open_data(folder.path()); });
}

TEST(Cifar, NamesFileRecordAndValueOfDamage) {
  const std::string truncated =
      complaint([](const TempFolder& f) { put_file(f / "data_batch_3.bin", cifar_bytes(2, 10, 1).substr(0, 5000)); });
  EXPECT_NE(truncated.find("data_batch_3.bin holds 5000 bytes"), std::string::npos) << truncated;
  EXPECT_NE(truncated.find("1 records and 1927 bytes more"), std::string::npos) << truncated;

  const std::string oversized =
      complaint([](const TempFolder& f) { put_file(f / "test_batch.bin", cifar_bytes(2, 10, 1) + "x"); });
  EXPECT_NE(oversized.find("test_batch.bin holds 6147 bytes"), std::string::npos) << oversized;

  const std::string label =
      complaint([](const TempFolder& f) { put_file(f / "data_batch_5.bin", cifar_bytes(12, 11, 1)); });
  EXPECT_NE(label.find("data_batch_5.bin: record 10 has label 10"), std::string::npos) << label;

  const std::string empty = complaint([](const TempFolder& f) { put_file(f / "data_batch_1.bin", ""); });
  EXPECT_NE(empty.find("data_batch_1.bin is empty"), std::string::npos) << empty;

  const std::string missing = complaint([](const TempFolder& f) {
    std::filesystem::remove(f / "data_batch_2.bin");
    std::filesystem::remove(f / "test_batch.bin");
  });
  EXPECT_NE(missing.find("lacks data_batch_2.bin, test_batch.bin"), std::string::npos) << missing;

  const std::string folder = complaint([](const TempFolder& f) {
    std::filesystem::remove(f / "data_batch_2.bin");
    std::filesystem::create_directory(f / "data_batch_2.bin");
  });
  EXPECT_NE(folder.find("data_batch_2.bin is not a regular file"), std::string::npos) << folder;
}

TEST(Cifar, RealFolderHasTheKnownMeans) {
  const std::string folder = real_data("cifar-10-batches-bin");
  if (folder.empty()) GTEST_SKIP() << "no cifar-10-batches-bin in $RESNET_DATA or ../shared/data";
  const DataSplits data = open_data(folder, {.train_split = "45k"});
  EXPECT_EQ(data.train->size(), 45000);
  EXPECT_EQ(data.val->size(), 5000);
  const Preprocessing p = measure_preprocessing(*open_data(folder).train, "channel", 32);
  const float mean[] = {0.4914f, 0.4822f, 0.4465f}, deviation[] = {0.2470f, 0.2435f, 0.2616f};
  for (int c = 0; c < 3; ++c) {
    EXPECT_NEAR(p.mean.f32()[c], mean[c], 1e-4);
    EXPECT_NEAR(p.std.f32()[c], deviation[c], 1e-4);
  }
}

}  // namespace
}  // namespace resnet
