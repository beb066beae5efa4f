// Archives of pictures: how samples are found in them, which are for training, and what is said of damaged ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/fixtures.h"
#include "data/tar.h"

namespace resnet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

std::string jpeg() { return get_file(golden("rgb.jpg")); }
std::string png() { return get_file(golden("grey.png")); }

std::vector<std::string> samples(const Dataset& data) {
  std::vector<std::string> found;
  for (int64_t i = 0; i < data.size(); ++i) found.push_back(data.id(i) + "=" + std::to_string(data.label(i)));
  return found;
}

std::string complaint(const std::string& folder, const DataOptions& options = {}) {
  return error_of([&] { open_data(folder, options); });
}

TEST(Shards, TrainAndValByName) {
  const TempFolder folder;
  put_file(folder / "set-train-0.tar", tar_entry("a/1.cls", "1\n") + tar_entry("a/1.jpg", jpeg()) +
                                           tar_entry("a/1.json", "{}") + tar_entry("a.b/2.input.png", png()) +
                                           tar_entry("a.b/2.cls", "0") + tar_end());
  put_file(folder / "set-train-1.tar", tar_entry("3.JPEG", jpeg()) + tar_entry("3.cls", "2") + tar_end());
  put_file(folder / "set-validation-0.tar", tar_entry("1.jpg", jpeg()) + tar_entry("1.cls", "1") + tar_end());
  const DataSplits data = open_data(folder.path());
  EXPECT_THAT(samples(*data.train), ElementsAre("set-train-0.tar/a/1.jpg=1", "set-train-0.tar/a.b/2.input.png=0",
                                                "set-train-1.tar/3.JPEG=2"));
  EXPECT_THAT(samples(*data.val), ElementsAre("set-validation-0.tar/1.jpg=1"));
  EXPECT_THAT(data.val->classes(), ElementsAre("0", "1", "2"));
  EXPECT_EQ(data.description, "pictures in 3 archives, 3 + 1 of 3 classes");
  EXPECT_EQ(largest_difference(data.train->image(2), read_image(golden("rgb.jpg"))), 0);
  EXPECT_EQ(largest_difference(data.train->image(1), read_image(golden("grey.png"))), 0);
  EXPECT_TRUE(data.photographs);
}

TEST(Shards, TrainAndValInFoldersWithNames) {
  const TempFolder folder;
  fs::create_directories(folder / "train");
  fs::create_directories(folder / "val");
  put_file(folder / "train/0.tar", tar_entry("1.jpg", jpeg()) + tar_entry("1.cls", "1") + tar_end());
  put_file(folder / "val/0.tar", tar_entry("1.jpg", jpeg()) + tar_entry("1.cls", "0") + tar_end());
  put_file(folder / "classes.txt", "ant\nred bee\n");
  const DataSplits data = open_data(folder.path());
  EXPECT_THAT(data.train->classes(), ElementsAre("ant", "red bee"));
  EXPECT_EQ(data.val->size(), 1);
  put_file(folder / "classes.txt", "ant\n");
  EXPECT_THAT(complaint(folder.path()), HasSubstr("classes.txt names 1 classes, but there are labels up to 1"));
}

TEST(Shards, OneSetIsSplitToTrain) {
  const TempFolder folder;
  std::string archive;
  for (int i = 0; i < 20; ++i)
    archive += tar_entry(std::to_string(i) + ".png", png()) + tar_entry(std::to_string(i) + ".cls", "0");
  put_file(folder / "all.tar", archive + tar_end());
  EXPECT_EQ(open_data(folder.path()).val->size(), 2);
  EXPECT_EQ(open_data(folder.path(), {.training = false}).val->size(), 20);
}

TEST(Shards, CompressedArchivesAndNamesThatRepeatAreRefused) {
  const TempFolder folder;
  put_file(folder / "train-0.tar", tar_entry("1.jpg", jpeg()) + tar_entry("1.cls", "1") + tar_end());
  put_file(folder / "classes.txt", "ants\nants\n");
  EXPECT_THAT(complaint(folder.path()), HasSubstr("names the class 'ants' twice"));
  put_file(folder / "val-0.tar.gz", "packed");
  EXPECT_THAT(complaint(folder.path()), HasSubstr("val-0.tar.gz is compressed"));
}

TEST(Shards, SaysWhatIsWrong) {
  const TempFolder folder;
  const std::string good = tar_entry("1.jpg", jpeg()) + tar_entry("1.cls", "0");
  const auto put = [&](const std::string& archive) { put_file(folder / "a.tar", archive); };
  put(tar_entry("1.jpg", jpeg()) + tar_entry("1.cls", "cat") + tar_end());
  EXPECT_THAT(complaint(folder.path()), HasSubstr("a.tar/1.cls: the label is 'cat'; the number of a class"));
  put(tar_entry("1.jpg", jpeg()) + tar_end());
  EXPECT_THAT(complaint(folder.path()), HasSubstr("no labelled picture"));
  put(good + tar_entry("2.jpg", jpeg()).substr(0, 600));
  EXPECT_THAT(complaint(folder.path()), HasSubstr("a.tar: it ends inside 2.jpg"));
  const DataSplits data = open_data(folder.path(), {.skip_bad_images = true, .training = false});
  EXPECT_EQ(data.val->size(), 1);
  EXPECT_THAT(data.notes.at(0), HasSubstr("what comes before is used"));
  put(good + tar_entry("2.jpg", "no picture") + tar_entry("2.cls", "0") + tar_entry("3.jpg", jpeg()) + tar_end());
  const DataSplits strict = open_data(folder.path(), {.training = false});
  EXPECT_THAT(strict.notes.at(0), HasSubstr("1 pictures are passed over, they have no label of their own"));
  EXPECT_THAT(error_of([&] { strict.val->image(1); }), HasSubstr("a.tar/2.jpg is neither"));
  fs::resize_file(folder / "a.tar", 600);
  EXPECT_THAT(error_of([&] { strict.val->image(0); }), HasSubstr("a.tar: it became shorter meanwhile"));
  put_file(folder / "train.tar", good + tar_end());
  EXPECT_THAT(complaint(folder.path()), HasSubstr("a.tar: neither 'train' nor 'val' is in its name"));
  fs::remove(folder / "train.tar");
  fs::rename(folder / "a.tar", folder / "a.tar.gz");
  EXPECT_THAT(complaint(folder.path()), HasSubstr("unpack *.tar.gz to *.tar"));
}

}  // namespace
}  // namespace resnet
