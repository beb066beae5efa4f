// What --data takes, and what is said about everything else.
#include <gtest/gtest.h>

#include "data/fixtures.h"

namespace resnet {
namespace {

std::string complaint(const std::string& spec) {
  return error_of([&] { open_data(spec); });
}

void expect_complaint(const std::string& spec, const std::string& part) {
  EXPECT_NE(complaint(spec).find(part), std::string::npos) << complaint(spec);
}

TEST(OpenData, SyntheticTakesItsKeys) {
  const DataSplits data = open_data("synthetic:train=7,val=3,classes=4,size=9,seed=2");
  EXPECT_EQ(data.train->size(), 7);
  EXPECT_EQ(data.val->size(), 3);
  EXPECT_EQ(data.train->classes().size(), 4u);
  EXPECT_EQ(data.train->image(0).shape(), Shape({9, 9, 3}));
  EXPECT_EQ(open_data("synthetic:").train->size(), 10000);
  EXPECT_EQ(open_data("synthetic:", {.image_size = 48}).val->image(0).shape(), Shape({48, 48, 3}));
  EXPECT_EQ(open_data("synthetic:train=100", {.train_split = "45k"}).val->size(), 10);
}

TEST(OpenData, SyntheticNamesWhatIsWrong) {
  expect_complaint("synthetic:tarin=7", "unknown key 'tarin'; did you mean 'train'?");
  expect_complaint("synthetic:train", "train has no value");
  expect_complaint("synthetic:train=many", "train is 'many'");
  expect_complaint("synthetic:train=-1", "train is '-1'");
  expect_complaint("synthetic:train=99999999999999999999", "a whole number was expected");
  expect_complaint("synthetic:classes=11", "11 classes; 1 to 10");
  expect_complaint("synthetic:size=1", "size 1");
  expect_complaint("synthetic:val=0", "must be positive");
  expect_complaint("syntetic:", "did you mean 'synthetic:'");
}

TEST(OpenData, FoldersThatAreNone) {
  const TempFolder folder;
  expect_complaint("", "no data set named");
  expect_complaint(folder / "nothing", "no folder");
  expect_complaint(folder.path(), "is empty; looked for CIFAR-10");
  put_file(folder / "cifar.tar.gz", "x");
  expect_complaint(folder / "cifar.tar.gz", "is a file");
  expect_complaint(folder.path(), "found cifar.tar.gz");
  put_file(folder / "data_batch_1", "x");
  expect_complaint(folder.path(), "Python version");
  std::filesystem::create_directory(folder / "train");
  expect_complaint(folder / "train", "is empty");
}

TEST(OpenData, PointsToTheFolderInside) {
  const TempFolder folder;
  std::filesystem::create_directory(folder / "inner");
  put_file(folder / "inner/train.bin", cifar_bytes(1, 100, 2));
  put_file(folder / "inner/test.bin", cifar_bytes(1, 100, 2));
  expect_complaint(folder.path(), "did you mean " + (folder / "inner"));
}

}  // namespace
}  // namespace resnet
