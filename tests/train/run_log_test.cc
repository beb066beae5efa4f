#include "train/run_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temp_folder.h"

namespace resnet {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kHeader =
    "epoch,step,lr,train_loss,train_error,test_loss,test_error,images_per_second,data_wait_share,seconds\n";

EpochRow row(int64_t epoch, int64_t step) {
  EvalResult eval;
  eval.loss = 2;
  eval.top1 = 60;
  return {.epoch = epoch,
          .step = step,
          .lr = 0.1f,
          .train_loss = 1.5,
          .train_error = 50,
          .eval = eval,
          .images_per_second = 1234.56,
          .data_wait_share = 0.01,
          .seconds = 9.87};
}

TEST(RunLog, WritesSettingsAndRows) {
  const TempFolder folder;
  RunLog log(folder / "a/b", false);
  log.start("settings\n", std::nullopt);
  log.add(row(1, 10));
  EpochRow without = row(2, 20);
  without.eval.reset();
  log.add(without);
  EXPECT_EQ(get_file(folder / "a/b/config.toml"), "settings\n");
  EXPECT_EQ(get_file(folder / "a/b/metrics.csv"), std::string(kHeader) +
                                                      "1,10,0.1,1.5,50,2,40,1234.6,0.0100,9.9\n"
                                                      "2,20,0.1,1.5,50,,,1234.6,0.0100,9.9\n");
}

TEST(RunLog, ATargetHasAColumn) {
  const TempFolder folder;
  RunLog log(folder / "a", false, /*target=*/true);
  log.start("", std::nullopt);
  log.add(row(1, 10));
  EpochRow reached = row(2, 20);
  reached.target_step = 15;
  log.add(reached);
  EXPECT_THAT(get_file(folder / "a/metrics.csv"),
              AllOf(HasSubstr("seconds,target_step\n"), HasSubstr(",9.9,\n2,20"), HasSubstr(",9.9,15\n")));
}

TEST(RunLog, ResumingDropsLaterAndTornRows) {
  const TempFolder folder;
  put_file(folder / "last.safetensors", "");
  put_file(folder / "last.safetensors.123.tmp", "half");
  put_file(folder / "metrics.csv", std::string(kHeader) + "1,10,,,,,,,,\n2,20,,,,,,,,\n3,30,,,,,,,,\n1,1");
  RunLog log(folder.path(), true);
  log.start("", 20);
  log.add(row(3, 30));
  EXPECT_EQ(get_file(folder / "metrics.csv"),
            std::string(kHeader) + "1,10,,,,,,,,\n2,20,,,,,,,,\n3,30,0.1,1.5,50,2,40,1234.6,0.0100,9.9\n");
  EXPECT_FALSE(std::filesystem::exists(folder / "last.safetensors.123.tmp"));
}

TEST(RunLog, FoldersThatCannotServe) {
  const TempFolder folder;
  EXPECT_THAT(error_of([&] { RunLog(folder.path(), true); }), HasSubstr("nothing to resume"));
  put_file(folder / "file", "");
  EXPECT_THAT(error_of([&] { RunLog(folder / "file", false).start("", {}); }),
              HasSubstr("cannot create the output folder"));
  EXPECT_THAT(error_of([&] { RunLog("/proc/x", false).start("", {}); }), HasSubstr("cannot create the output folder"));
  RunLog first(folder.path(), false);
  first.start("", {});
  EXPECT_THAT(error_of([&] { RunLog(folder.path(), false).start("", {}); }), HasSubstr("another process"));
  put_file(folder / "last.safetensors", "");
  EXPECT_THAT(error_of([&] { RunLog(folder.path(), false); }), HasSubstr("holds a run already"));
}

}  // namespace
}  // namespace resnet
