// Folders of picture files: which layouts are recognised, in what order, and what is said about damaged ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/fixtures.h"

namespace resnet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

/// A picture file of one colour; folders are made.
void put_picture(const std::string& path, uint8_t value = 100, int64_t height = 12, int64_t width = 20) {
  fs::create_directories(fs::path(path).parent_path());
  Tensor picture({height, width, 3}, DType::u8);
  for (uint8_t& v : picture.as<uint8_t>()) v = value;
  write_png(path, picture);
}

void put_jpeg(const std::string& path, double share = 1) {
  fs::create_directories(fs::path(path).parent_path());
  const std::string whole = get_file(golden("rgb.jpg"));
  put_file(path, whole.substr(0, static_cast<size_t>(share * static_cast<double>(whole.size()))));
}

std::vector<std::string> ids(const Dataset& data) {
  std::vector<std::string> names;
  for (int64_t i = 0; i < data.size(); ++i) names.push_back(data.id(i));
  return names;
}

std::string complaint(const std::string& folder, const DataOptions& options = {}) {
  return error_of([&] { open_data(folder, options); });
}

TEST(PictureFolders, TrainAndVal) {
  const TempFolder folder;
  for (const char* val : {"val", "valid", "validation", "test"}) {
    const std::string root = folder / val;
    put_picture(root + "/train/b/2.PNG", 2);
    put_picture(root + "/train/b/10.png", 10);
    put_picture(root + "/train/a/deep/er/x.png", 7);
    put_picture(root + "/train/.hidden/x.png");
    put_picture(root + "/train/a/.x.png");
    put_file(root + "/train/a/notes.txt", "x");
    put_jpeg(root + "/" + val + "/a/1.JPEG");
    put_jpeg(root + "/" + val + "/b/1.jpg");
    const DataSplits data = open_data(root);
    EXPECT_THAT(data.train->classes(), ElementsAre("a", "b"));
    EXPECT_THAT(ids(*data.train), ElementsAre("a/deep/er/x.png", "b/10.png", "b/2.PNG"));
    EXPECT_EQ(data.train->label(0), 0);
    EXPECT_EQ(data.train->label(2), 1);
    EXPECT_EQ(data.train->image(1).as<uint8_t>()[0], 10);
    EXPECT_EQ(data.train->image(0).shape(), Shape({12, 20, 3}));
    EXPECT_EQ(data.val->size(), 2);
    EXPECT_TRUE(data.photographs);
    ASSERT_EQ(data.notes.size(), 1u);
    EXPECT_THAT(data.notes[0], HasSubstr("1 files are passed over, their names are not those of pictures"));
  }
}

TEST(PictureFolders, ValAloneEvaluates) {
  const TempFolder folder;
  put_picture(folder / "val/a/1.png");
  put_picture(folder / "val/b/1.png");
  const DataSplits data = open_data(folder.path(), {.training = false});
  EXPECT_EQ(data.train->size(), 0);
  EXPECT_EQ(data.val->size(), 2);
  EXPECT_THAT(data.train->classes(), ElementsAre("a", "b"));
}

TEST(PictureFolders, ClassesAloneAreSplitToTrain) {
  const TempFolder folder;
  for (int i = 10; i < 33; ++i) put_picture(folder / ("many/" + std::to_string(i) + ".png"));
  for (int i = 0; i < 3; ++i) put_picture(folder / ("few/" + std::to_string(i) + ".png"));
  put_picture(folder / "one/1.png");
  const DataSplits data = open_data(folder.path());
  EXPECT_THAT(ids(*data.val), ElementsAre("few/2.png", "many/19.png", "many/29.png"));
  EXPECT_EQ(data.train->size(), 24);
  const DataSplits whole = open_data(folder.path(), {.training = false});
  EXPECT_EQ(whole.val->size(), 27);
}

TEST(PictureFolders, HoldsOutOfEachClass) {
  const TempFolder folder;
  for (const char* name : {"train/a", "train/b", "val/a", "val/b"})
    for (int i = 10; i < 30; ++i) put_picture(folder / (std::string(name) + "/" + std::to_string(i) + ".png"));
  const DataSplits data = open_data(folder.path(), {.train_split = "45k"});
  EXPECT_THAT(ids(*data.val), ElementsAre("a/19.png", "a/29.png", "b/19.png", "b/29.png"));
  EXPECT_EQ(data.train->size(), 36);
}

TEST(PictureFolders, SquaresOfTheInputAreNotResized) {
  const TempFolder folder;
  put_picture(folder / "train/a/1.png", 1, 32, 32);
  put_picture(folder / "val/a/1.png", 1, 32, 32);
  EXPECT_FALSE(open_data(folder.path()).photographs);
  EXPECT_TRUE(open_data(folder.path(), {.image_size = 16}).photographs);
}

TEST(PictureFolders, SaysWhatIsWrong) {
  const TempFolder folder;
  put_picture(folder / "differ/train/a/1.png");
  put_picture(folder / "differ/train/b/1.png");
  put_picture(folder / "differ/val/b/1.png");
  put_picture(folder / "differ/val/c/1.png");
  EXPECT_THAT(complaint(folder / "differ"), HasSubstr("different classes; only in train: a; only in val: c"));
  EXPECT_EQ(complaint(folder / "differ", {.training = false}), "");
  put_picture(folder / "loose/train/1.png");
  EXPECT_THAT(complaint(folder / "loose"), HasSubstr("pictures lie directly in it"));
  put_picture(folder / "flat/1.png");
  EXPECT_THAT(complaint(folder / "flat"), HasSubstr("pictures belong in one folder a class"));
  fs::create_directories(folder / "hollow/train/a");
  EXPECT_THAT(complaint(folder / "hollow"), HasSubstr("no pictures in it"));
  put_picture(folder / "single/a/1.png");
  EXPECT_THAT(complaint(folder / "single"), HasSubstr("none can be held out"));
  put_picture(folder / "loop/a/1.png");
  fs::create_directory_symlink("..", folder / "loop/a/up");
  EXPECT_THAT(complaint(folder / "loop"), HasSubstr("a link leads back?"));
}

TEST(PictureFolders, BadPicturesFailOrAreReplaced) {
  const TempFolder folder;
  put_picture(folder / "val/a/1.png", 1);
  put_file(folder / "val/a/2.png", "no picture");
  put_picture(folder / "val/a/3.png", 3);
  put_picture(folder / "val/b/1.png", 9);
  put_jpeg(folder / "val/b/2.jpg", 0.7);
  const DataSplits strict = open_data(folder.path(), {.training = false});
  const std::string error = error_of([&] { strict.val->image(1); });
  EXPECT_THAT(error, HasSubstr("val/a/2.png is neither a PNG nor a JPEG nor a WebP file; mend or remove it"));
  EXPECT_THAT(error, HasSubstr("--bad-images skip"));
  EXPECT_THAT(error_of([&] { strict.val->image(4); }), HasSubstr("Premature end"));

  const DataSplits data = open_data(folder.path(), {.skip_bad_images = true, .training = false});
  EXPECT_EQ(data.val->image(1).as<uint8_t>()[0], 3);
  EXPECT_TRUE(data.val->unreadable(1));
  EXPECT_FALSE(data.val->unreadable(2));
  EXPECT_EQ(data.val->image(4).shape(), Shape({19, 26, 3}));  // what there is of it
  EXPECT_FALSE(data.val->unreadable(4));
  EXPECT_EQ(data.val->unreadable_pictures().size(), 1u);
  EXPECT_THROW(data.val->image(5), Error);
}

TEST(PictureFolders, NoPictureOfAClass) {
  const TempFolder folder;
  put_file(folder / "ok", "");
  fs::create_directories(folder / "val/a");
  put_file(folder / "val/a/1.png", "no picture");
  const DataSplits data = open_data(folder.path(), {.skip_bad_images = true, .training = false});
  EXPECT_THAT(error_of([&] { data.val->image(0); }), HasSubstr("no picture of the class 'a' can be read"));
}

TEST(PictureFolders, MeasuresResizedPictures) {
  const TempFolder folder;
  put_picture(folder / "train/a/1.png", 51, 30, 20);
  put_picture(folder / "train/a/2.png", 153, 9, 50);
  put_picture(folder / "val/a/1.png");
  const DataSplits data = open_data(folder.path());
  const Preprocessing p = measure_preprocessing(*data.train, "pixel", {8, 9});
  EXPECT_EQ(p.resize, 9);
  for (const float v : p.mean.as<float>()) EXPECT_NEAR(v, 0.4f, 1e-6);
  const Preprocessing constants = measure_preprocessing(*data.train, "imagenet", imagenet_preprocessing(224).fit());
  EXPECT_EQ(constants.resize, 256);
  EXPECT_EQ(constants.mean.f32()[0], 0.485f);
  EXPECT_EQ(constants.std.f32()[2], 0.225f);
}

}  // namespace
}  // namespace resnet
