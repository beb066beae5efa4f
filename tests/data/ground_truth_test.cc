// Pictures in one folder with their labels in a text file, in the forms in which ImageNet's are distributed.
#include "data/ground_truth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/check.h"
#include "data/fixtures.h"

namespace resnet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

const std::vector<std::string> kPictures = {"v_00000001.JPEG", "v_00000002.JPEG", "v_00000003.JPEG"};
const TextFile kNone;

std::string complaint(const TextFile& truth, const TextFile& list = kNone, const std::vector<std::string>& known = {},
                      const std::vector<std::string>& pictures = kPictures) {
  return error_of([&] { read_ground_truth(truth, list, known, pictures); });
}

TEST(GroundTruth, NumbersOfAListInItsOwnOrder) {
  const TextFile list{"list.txt", "n02119789 1 kit_fox\nn02100735 2 English_setter\nn01440764 3 tench\n"};
  const GroundTruth found = read_ground_truth({"truth.txt", "3\n1\n2\n"}, list, {}, kPictures);
  EXPECT_THAT(found.classes, ElementsAre("n01440764", "n02100735", "n02119789"));
  EXPECT_THAT(found.labels, ElementsAre(0, 2, 1));
  const TextFile plain{"list.txt", "n02119789 kit fox\r\nn02100735\r\n\r\nn01440764 tench, Tinca tinca\r\n"};
  EXPECT_THAT(read_ground_truth({"truth.txt", "3\n1\n2"}, plain, {}, kPictures).labels, ElementsAre(0, 2, 1));
}

TEST(GroundTruth, NamedPicturesNumberedFromZero) {
  const TextFile truth{"val.txt", "v_00000002.JPEG 1\nval/v_00000001.JPEG 0\nv_00000003 1\nmore.JPEG 1\n"};
  const GroundTruth found = read_ground_truth(truth, kNone, {"n01440764", "n02119789"}, kPictures);
  EXPECT_THAT(found.classes, ElementsAre("n01440764", "n02119789"));
  EXPECT_THAT(found.labels, ElementsAre(0, 1, 1));
  EXPECT_THAT(read_ground_truth(truth, {"classes.txt", "red fox\nant"}, {}, kPictures).labels, ElementsAre(1, 0, 0));
}

TEST(GroundTruth, NamesOfClasses) {
  const std::string csv = "ImageId,PredictionString\nv_00000003,n02 1 2 3 4\nv_00000001,n01 85 1\nv_00000002,n02 1\n";
  const GroundTruth found = read_ground_truth({"solution.csv", csv}, kNone, {}, kPictures);
  EXPECT_THAT(found.classes, ElementsAre("n01", "n02"));
  EXPECT_THAT(found.labels, ElementsAre(0, 1, 1));
  EXPECT_THAT(read_ground_truth({"labels.txt", "b\na\nb"}, kNone, {}, kPictures).labels, ElementsAre(1, 0, 1));
}

TEST(GroundTruth, NumbersAlone) {
  const GroundTruth found = read_ground_truth({"labels.txt", "10\n9\n10\n"}, kNone, {}, kPictures);
  EXPECT_THAT(found.classes, ElementsAre("9", "10"));
  EXPECT_THAT(found.labels, ElementsAre(1, 0, 1));
}

TEST(GroundTruth, SomeOfThePictures) {
  EXPECT_THAT(read_ground_truth({"t", "a\nb\nc\nd\n"}, kNone, {}, {"v_02.JPEG", "v_04.JPEG"}).labels,
              ElementsAre(1, 3));
  EXPECT_THAT(read_ground_truth({"t", "a\nb\n"}, kNone, {}, {"x.JPEG", "y.JPEG"}).labels, ElementsAre(0, 1));
}

TEST(GroundTruth, SaysWhatIsWrong) {
  EXPECT_EQ(complaint({"t", " \n\n"}), "t is empty");
  EXPECT_THAT(complaint({"t", "ImageId,PredictionString\n"}), HasSubstr("t holds no label"));
  EXPECT_THAT(complaint({"t", "1\n2\nx y\n"}),
              HasSubstr("t, line 3: 'x y' where the lines before give one label each"));
  EXPECT_THAT(complaint({"t", "v_00000001 a\nv_00000002 a\n"}), HasSubstr("t gives no label of v_00000003.JPEG"));
  EXPECT_THAT(complaint({"t", "a\nb\n"}, kNone, {}, {"x", "y", "z"}), HasSubstr("t has 2 labels for 3 pictures"));
  EXPECT_THAT(complaint({"t", "1\n4\n1\n"}, {"l", "a\nb\nc\n"}),
              HasSubstr("t, line 2: the class '4' is none of the 3 of l"));
  EXPECT_THAT(complaint({"t", "1\n?\n1\n"}, {"l", "a\nb\nc\n"}), HasSubstr("t, line 2: the class '?'"));
  EXPECT_THAT(complaint({"t", "a\n"}, kNone, {"b"}), HasSubstr("is none of the 1 of the training pictures"));
  EXPECT_THAT(complaint({"t", "1\n"}, {"l", "a\nb\na\n"}), HasSubstr("l, line 3: the class 'a'"));
}

// ILSVRC's numbers beside a sorted list would give wrong labels.
TEST(GroundTruth, RefusesTheWrongOrder) {
  std::string sorted;
  for (int k = 0; k < 1000; ++k) sorted += join("n", 10000000 + k, " word\n");
  EXPECT_THAT(complaint({"t", "490\n361\n171\n"}, {"synset_words.txt", sorted}),
              HasSubstr("synset_words.txt has the classes in the order of their names"));
  EXPECT_EQ(complaint({"t", "v_1 490\n"}, {"synset_words.txt", sorted}, {}, {"v_1.JPEG"}), "");
  EXPECT_THAT(complaint({"ILSVRC2012_validation_ground_truth.txt", "490\n361\n171\n"}),
              HasSubstr("put its list beside it: map_clsloc.txt"));
}

TEST(FlatFolder, ImageNetAsDistributed) {
  const TempFolder folder;
  const std::string jpeg = get_file(golden("rgb.jpg"));
  for (const char* name : {"train/n01", "train/n02", "val", "devkit/data"}) fs::create_directories(folder / name);
  put_file(folder / "train/n01/1.JPEG", jpeg);
  put_file(folder / "train/n02/1.JPEG", jpeg);
  for (int i = 1; i <= 3; ++i) put_file(folder / ("val/ILSVRC2012_val_0000000" + std::to_string(i) + ".JPEG"), jpeg);
  EXPECT_THAT(error_of([&] { open_data(folder.path()); }), HasSubstr("or need a file with their labels"));
  put_file(folder / "devkit/data/ILSVRC2012_validation_ground_truth.txt", "2\n1\n1\n");
  put_file(folder / "devkit/data/map_clsloc.txt", "n02 1 fox\nn01 2 fish\n");
  const DataSplits data = open_data(folder.path());
  EXPECT_EQ(data.description, "pictures in folders, 2 + 3 of 2 classes");
  EXPECT_EQ(data.val->label(0), 0);
  EXPECT_EQ(data.val->label(1), 1);
  EXPECT_EQ(data.val->id(2), "ILSVRC2012_val_00000003.JPEG");
  EXPECT_EQ(data.val->image(2).shape(), Shape({19, 26, 3}));
  const DataSplits alone = open_data(folder / "val", {.training = false});
  EXPECT_THAT(alone.val->classes(), ElementsAre("n01", "n02"));
  EXPECT_EQ(alone.val->size(), 3);
}

}  // namespace
}  // namespace resnet
