#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temp_folder.h"
#include "train/tiny.h"

namespace resnet {
namespace {

using testing::HasSubstr;

TrainConfig config_in(const std::string& folder, int64_t steps) {
  TrainConfig c = tiny_config();
  c.epochs = 0;
  c.steps = steps;
  c.output_dir = folder;
  return c;
}

std::string without_timing(const std::string& table) {
  std::string out;
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    for (int i = 0; i < 3; ++i) line.resize(line.rfind(','));
    out += line + "\n";
  }
  return out;
}

struct Interruption {
  std::string name;
  int64_t at;  ///< stop is asked for after this step
  int workers;
};

class Resume : public testing::TestWithParam<Interruption> {};

// 20 steps at once, or interrupted and gone on with: the same weights, momentum and table, bit by bit.
TEST_P(Resume, IsExact) {
  const TempFolder folder;
  TrainConfig c = config_in(folder / "whole", 20);
  c.workers = GetParam().workers;
  const TrainResult whole = train(c);
  c.output_dir = folder / "parts";
  const TrainResult first = train(c, [](const Progress& p) {
    if (p.step == GetParam().at && !p.epoch_end) request_stop();
  });
  EXPECT_TRUE(first.interrupted);
  EXPECT_EQ(first.step, GetParam().at);
  c.resume = true;
  const TrainResult second = train(c);
  EXPECT_FALSE(second.interrupted);
  EXPECT_TRUE(same_bits(whole.checkpoint.weights, second.checkpoint.weights));
  EXPECT_TRUE(same_bits(whole.checkpoint.momentum, second.checkpoint.momentum));
  EXPECT_EQ(whole.best_top1, second.best_top1);
  EXPECT_EQ(without_timing(get_file(folder / "whole/metrics.csv")),
            without_timing(get_file(folder / "parts/metrics.csv")));
}

INSTANTIATE_TEST_SUITE_P(At, Resume,
                         testing::Values(Interruption{"MidEpoch", 9, 0}, Interruption{"MidEpochWithWorkers", 9, 2},
                                         Interruption{"EpochEnd", 12, 0}, Interruption{"FirstStep", 1, 2},
                                         Interruption{"LastStep", 20, 0}),
                         [](const auto& info) { return info.param.name; });

TEST(ResumeRun, ALongerRunGoesOnFromTheEndOfAShortOne) {
  const TempFolder folder;
  const TrainResult whole = train(config_in(folder / "whole", 20));
  train(config_in(folder / "parts", 10));  // in the middle of the second epoch
  TrainConfig c = config_in(folder / "parts", 20);
  c.resume = true;
  c.workers = 2;
  EXPECT_TRUE(same_bits(whole.checkpoint.weights, train(c).checkpoint.weights));
}

TEST(ResumeRun, AfterAKillBetweenCheckpoints) {
  const TempFolder folder;
  const TrainResult whole = train(config_in(folder / "whole", 20));
  TrainConfig c = config_in(folder / "parts", 20);
  struct Killed {};
  EXPECT_THROW(train(c,
                     [](const Progress& p) {
                       if (p.step == 15) throw Killed();
                     }),
               Killed);
  EXPECT_EQ(load_checkpoint(folder / "parts/last.safetensors").state.at("step"), "12");
  c.resume = true;
  EXPECT_TRUE(same_bits(whole.checkpoint.weights, train(c).checkpoint.weights));
}

TEST(ResumeRun, SchedulesAndWarmupGoOn) {
  const TempFolder folder;
  TrainConfig c = config_in(folder / "whole", 30);
  c.schedule = "plateau";
  c.patience = 1;
  c.warmup = 4;
  const TrainResult whole = train(c);
  c.output_dir = folder / "parts";
  train(c, [](const Progress& p) {
    if (p.step == 20) request_stop();
  });
  c.resume = true;
  EXPECT_TRUE(same_bits(whole.checkpoint.weights, train(c).checkpoint.weights));
}

TEST(ResumeRun, AFinishedRunHasNothingToDo) {
  const TempFolder folder;
  TrainConfig c = config_in(folder / "run", 6);
  const TrainResult done = train(c);
  const std::string table = get_file(folder / "run/metrics.csv");
  c.resume = true;
  const TrainResult again = train(c);
  EXPECT_EQ(again.step, 6);
  EXPECT_EQ(again.eval.top1, done.eval.top1);
  EXPECT_GT(done.train_loss, 0);
  EXPECT_EQ(again.train_loss, done.train_loss);
  EXPECT_EQ(again.train_error, done.train_error);
  EXPECT_EQ(get_file(folder / "run/metrics.csv"), table);
  c.steps = 5;
  EXPECT_THAT(error_of([&] { train(c); }), HasSubstr("6 steps already"));
}

TEST(ResumeRun, SettingsThatDifferAreNamed) {
  const TempFolder folder;
  TrainConfig c = config_in(folder / "run", 6);
  train(c);
  c.resume = true;
  c.lr = 0.2f;
  c.nesterov = true;
  const std::string error = error_of([&] { train(c); });
  EXPECT_THAT(error, HasSubstr("optimizer.lr was 0.05 and is now 0.2"));
  EXPECT_THAT(error, HasSubstr("optimizer.nesterov was false and is now true"));
  c = config_in(folder / "run", 6);
  c.resume = true;
  c.data = "synthetic:train=200,val=40,classes=4";
  EXPECT_THAT(error_of([&] { train(c); }), HasSubstr("other data"));
}

TEST(ResumeRun, FilesThatCannotBeResumed) {
  const TempFolder folder;
  TrainConfig c = config_in(folder / "run", 6);
  train(c);
  c.resume = true;
  const std::string last = folder / "run/last.safetensors";
  const std::string whole = get_file(last);
  std::filesystem::copy_file(folder / "run/best.safetensors", last, std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(error_of([&] { train(c); }), HasSubstr("no training state"));
  put_file(last, whole.substr(0, whole.size() / 2));
  EXPECT_THAT(error_of([&] { train(c); }), HasSubstr("truncated"));
  std::filesystem::remove(last);
  EXPECT_THAT(error_of([&] { train(c); }), HasSubstr("nothing to resume"));
}

TEST(Pretrained, StartsFromTheWeights) {
  const TempFolder folder;
  TrainConfig c = config_in(folder / "first", 6);
  const TrainResult first = train(c);
  c.output_dir.clear();
  c.pretrained = folder / "first/best.safetensors";
  c.lr = 0;
  c.steps = 1;
  const TrainResult r = train(c);
  const auto& key = "layer1.0.conv1.weight";
  EXPECT_TRUE(same_bits({{key, r.checkpoint.weights.at(key)}}, {{key, first.checkpoint.weights.at(key)}}));
}

TEST(Pretrained, OtherClassesMeanANewHead) {
  const TempFolder folder;
  TrainConfig c = config_in(folder / "first", 6);
  const TrainResult first = train(c);
  c.output_dir.clear();
  c.pretrained = folder / "first/last.safetensors";
  c.data = "synthetic:train=100,val=40,classes=5";
  std::string notes;
  const TrainResult r = train(c, [&](const Progress& p) { notes += p.note; });
  EXPECT_THAT(notes, HasSubstr("the last layer starts anew"));
  EXPECT_EQ(r.checkpoint.classes.size(), 5u);
  c.model = "cifar-resnet14";
  EXPECT_THAT(error_of([&] { train(c); }), HasSubstr("is cifar-resnet8, not cifar-resnet14"));
}

}  // namespace
}  // namespace resnet
