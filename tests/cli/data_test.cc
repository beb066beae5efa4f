// data check and data synthesize.
#include <map>

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

TEST(Data, PhotographsAreLookedAt) {
  const TempFolder folder;
  ASSERT_EQ(resnet_program("data synthesize " + (folder / "p") + " --count 30 --val 10 --size 16").status, 0);
  EXPECT_EQ(resnet_program("data check --strict " + (folder / "p")).status, 0);
  const std::string disc = folder / "p/train/disc/", last = folder / "p/train/vertical_stripes/",
                    val = folder / "p/val/disc/";
  const std::string first = fs::directory_iterator(disc)->path().string();
  fs::copy_file(first, disc + "z_again.png");
  fs::copy_file(first, disc + "z_named.jpg");
  EXPECT_EQ(resnet_program("data check " + (folder / "p")).status, 0);
  const Outcome warned = resnet_program("data check --strict " + (folder / "p"));
  EXPECT_EQ(warned.status, 1);
  EXPECT_NE(warned.err.find("warning: "), std::string::npos);
  EXPECT_NE(warned.out.find("0 errors, 3 warnings"), std::string::npos) << warned.out;

  fs::copy_file(first, last + "z_conflict.png");
  fs::copy_file(first, val + "z_leak.png");
  write_file(disc + "z_empty.png", "");
  write_file(disc + "z_text.png", "no picture");
  write_file(disc + "z_cut.png", read_file(first).substr(0, 200));
  fs::create_directories(folder / "p/train/zz_hollow");
  const Outcome run = resnet_program("data check --json " + (folder / "p"));
  EXPECT_EQ(run.status, 1);
  std::map<std::string, int> kinds;
  const nlohmann::json record = run.record();
  for (const auto& problem : record.at("problems")) ++kinds[problem.at("kind")];
  const std::map<std::string, int> want = {{"conflicting_labels", 1}, {"different_classes", 1}, {"empty_class", 1},
                                           {"empty_file", 1},         {"in_both_splits", 1},    {"same_file", 2},
                                           {"unreadable", 2},         {"wrong_suffix", 1}};
  EXPECT_EQ(kinds, want) << run.out;
}

TEST(Data, OneClassIsWarnedOf) {
  const TempFolder folder;
  ASSERT_EQ(resnet_program("data synthesize " + (folder / "p") + " --count 30 --val 30 --size 16").status, 0);
  for (const std::string split : {"p/train", "p/val"})
    for (const auto& entry : fs::directory_iterator(folder / split))
      if (entry.path().filename() != "disc") fs::remove_all(entry.path());
  const Outcome run = resnet_program("data check " + (folder / "p"));
  EXPECT_EQ(run.status, 0);
  EXPECT_NE(run.err.find("warning: " + (folder / "p") + ": all training pictures are of one class (disc)"),
            std::string::npos)
      << run.err;
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
