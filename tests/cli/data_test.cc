// data check and data synthesize.
#include "cli/program.h"

namespace resnet::cli_test {
namespace {

TEST(Data, SynthesizedPicturesAreCheckedAsWhole) {
  const TempFolder folder;
  const std::string out = folder / "cifar";
  EXPECT_EQ(resnet_program("data synthesize " + out + " --count 50 --format cifar10").status, 0);
  const nlohmann::json check = resnet_program("data check --json " + out).record();
  EXPECT_EQ(check.at("splits").at(0).at("samples"), 50);
  EXPECT_EQ(check.at("splits").at(1).at("samples"), 10);
  EXPECT_EQ(check.at("splits").at(0).at("per_class").size(), 10u);
  EXPECT_TRUE(check.at("problems").empty());
}

TEST(Data, AllDamageIsReported) {
  const TempFolder folder;
  const std::string out = folder / "cifar";
  ASSERT_EQ(resnet_program("data synthesize " + out + " --count 50 --format cifar10").status, 0);
  std::string batch = read_file(out + "/data_batch_2.bin");
  batch[0] = 77;
  batch[3073] = 78;
  write_file(out + "/data_batch_2.bin", batch);
  write_file(out + "/data_batch_4.bin", read_file(out + "/data_batch_4.bin").substr(0, 5000));
  fs::remove(out + "/test_batch.bin");
  const Outcome run = resnet_program("data check --json " + out);
  EXPECT_EQ(run.status, 1);
  EXPECT_EQ(run.record().at("problems").size(), 4u) << run.out;
  EXPECT_EQ(line_count(run.err), 4u) << run.err;
}

TEST(Data, PicturesAreWrittenAsFolders) {
  const TempFolder folder;
  EXPECT_EQ(resnet_program("data synthesize " + (folder / "new") + " --count 20 --size 16").status, 0);
  EXPECT_TRUE(fs::exists(folder / "new/train/disc"));
  EXPECT_TRUE(fs::exists(folder / "new/val/disc") || fs::exists(folder / "new/val/cross"));
  const Outcome again = resnet_program("data synthesize " + (folder / "new"));
  EXPECT_EQ(again.status, 1);
  EXPECT_NE(again.err.find("holds files already"), std::string::npos);
}

}  // namespace
}  // namespace resnet::cli_test
