#include "train/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temp_folder.h"
#include "resnet/train.h"
#include "train/fields.h"

namespace resnet {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string error_in(const std::string& text) {
  return error_of([&] { parse_recipe(text, "r.toml"); });
}

TEST(Recipe, WhitensOnlyWhatStartsAnew) {
  TrainConfig c;
  c.epochs = 1;
  c.whiten = true;
  validate(c);
  c.pretrained = "x.safetensors";
  EXPECT_THAT(error_of([&] { validate(c); }), testing::HasSubstr("model.whiten is for a network that starts anew"));
}

TEST(Recipe, AlternatesOnlyWhatIsMirrored) {
  TrainConfig c;
  c.epochs = 1;
  c.alternate_flip = true;
  validate(c);
  c.flip = false;
  EXPECT_THAT(error_of([&] { validate(c); }),
              testing::HasSubstr("data.alternate_flip has no meaning without data.flip"));
}

TEST(Recipe, ReadsEveryType) {
  const TrainConfig c = parse_recipe(R"(
[model]
name = "cifar-resnet56"
[data]
flip = false
workers = 3
[train]
steps = 64000
seed = 7
[optimizer]
lr = 1
weight_decay = 1e-4
[schedule]
milestones = [32000, 48000.5]
factor = 0.2
)",
                                     "r.toml");
  EXPECT_EQ(c.model, "cifar-resnet56");
  EXPECT_FALSE(c.flip);
  EXPECT_EQ(c.workers, 3);
  EXPECT_EQ(c.steps, 64000);
  EXPECT_EQ(c.seed, 7u);
  EXPECT_EQ(c.lr, 1.0f);
  EXPECT_EQ(c.weight_decay, 1e-4f);
  EXPECT_EQ(c.milestones, (std::vector<double>{32000, 48000.5}));
  EXPECT_EQ(c.factor, 0.2);
}

TEST(Recipe, MistakesAreSaidWithTheirLine) {
  EXPECT_THAT(error_in("[optimizer]\nlr = 0.1\nmomentun = 0.9\n"),
              HasSubstr("r.toml:3: unknown key 'momentun' in [optimizer]; did you mean 'momentum'?"));
  EXPECT_THAT(error_in("\n[optimiser]\nlr = 0.1\n"),
              HasSubstr("r.toml:2: unknown section [optimiser]; did you mean [optimizer]?"));
  EXPECT_THAT(error_in("lr = 0.1\n"), HasSubstr("r.toml:1: 'lr' stands outside of a section"));
  EXPECT_THAT(error_in("model = 1\n"), HasSubstr("r.toml:1: 'model' stands outside of a section"));
  EXPECT_THAT(error_in("[train]\n\nbatch = \"128\"\n"), HasSubstr("r.toml:3: train.batch must be a whole number, not"));
  EXPECT_THAT(error_in("[train]\nbatch = 1.5\n"), HasSubstr("r.toml:2: train.batch must be a whole number, not 1.5"));
  EXPECT_THAT(error_in("[optimizer]\nlr = true\n"), HasSubstr("r.toml:2: optimizer.lr must be a number, not true"));
  EXPECT_THAT(error_in("[data]\nflip = 1\n"), HasSubstr("r.toml:2: data.flip must be true or false, not 1"));
  EXPECT_THAT(error_in("[model]\nname = 20\n"), HasSubstr("r.toml:2: model.name must be a text in quotes, not 20"));
  EXPECT_THAT(error_in("[schedule]\nmilestones = [1, \"2\"]\n"),
              HasSubstr("r.toml:2: schedule.milestones must be a list"));
  EXPECT_THAT(error_in("[data]\nworkers = 99999999999\n"), HasSubstr("r.toml:2: data.workers must be"));
  EXPECT_THAT(error_in("[optimizer\nlr = 1\n"), HasSubstr("r.toml:1: "));
  EXPECT_THAT(error_in("[train]\nbatch = 1\nbatch = 2\n"), HasSubstr("r.toml:3: "));
}

TEST(Recipe, AKeyOfThousandsOfPartsIsRefused) {
  std::string key = "a";
  for (int i = 0; i < 50000; ++i) key += ".a";
  EXPECT_THAT(error_in("\n" + key + " = 1\n"), HasSubstr("r.toml:2: a key of more than 100 parts"));
}

TEST(Recipe, ImpossibleValuesAreSaidWithTheirLine) {
  EXPECT_THAT(error_in("[train]\nbatch = 0\n"), HasSubstr("r.toml:2: train.batch must be at least 1, not 0"));
  EXPECT_THAT(error_in("[optimizer]\nlr = -0.1\n"), HasSubstr("r.toml:2: optimizer.lr must be at least 0, not -0.1"));
  EXPECT_THAT(error_in("[optimizer]\nlr = nan\n"), HasSubstr("must be a number, not nan"));
  EXPECT_THAT(error_in("[optimizer]\nlr = inf\n"), HasSubstr("must be at most"));
  EXPECT_THAT(error_in("[schedule]\nkind = \"cosin\"\n"),
              AllOf(HasSubstr("r.toml:2: "), HasSubstr("did you mean 'cosine'?")));
  EXPECT_THAT(error_in("[schedule]\nmilestones = [1, -2]\n"),
              HasSubstr("has an entry that must be at least 0, not -2"));
}

TEST(Recipe, MissingFileIsNamed) {
  EXPECT_THAT(error_of([] { load_recipe("none.toml"); }), HasSubstr("cannot read 'none.toml'"));
}

TEST(Recipe, WritesWhatItReads) {
  TrainConfig c;
  c.model = "a \"quoted\" \\ name\n";
  c.lr = 0.1f;
  c.weight_decay = 1e-4f;
  c.milestones = {32000, 0.1, 1e20 / 1e4};
  c.steps = 64000;
  c.seed = 1ull << 62;
  c.flip = false;
  c.workers = 0;
  c.expect_metric = "test_error";
  c.expect_value = 8.75;
  const TrainConfig again = parse_recipe(to_toml(c), "r.toml");
  for (const Field& f : fields()) EXPECT_EQ(format_value(again, f), format_value(c, f)) << f.key();
  EXPECT_EQ(again.lr, c.lr);
  EXPECT_EQ(again.model, c.model);
  EXPECT_EQ(again.milestones, c.milestones);
}

TEST(SetOption, TakesKeysWithAndWithoutSection) {
  TrainConfig c;
  set_option(c, "optimizer.lr", "0.25");
  set_option(c, "batch", "64");
  set_option(c, "model.name", "plain18");
  set_option(c, "data.path", "\"a folder\"");
  set_option(c, "flip", "false");
  set_option(c, "milestones", "[1, 2.5]");
  EXPECT_EQ(c.lr, 0.25f);
  EXPECT_EQ(c.batch, 64);
  EXPECT_EQ(c.model, "plain18");
  EXPECT_EQ(c.data, "a folder");
  EXPECT_FALSE(c.flip);
  EXPECT_EQ(c.milestones, (std::vector<double>{1, 2.5}));
  set_option(c, "milestones", "100,200");
  EXPECT_EQ(c.milestones, (std::vector<double>{100, 200}));
}

TEST(SetOption, ALengthReplacesTheOther) {
  TrainConfig c;
  c.steps = 64000;
  set_option(c, "epochs", "3");
  EXPECT_EQ(c.steps, 0);
  set_option(c, "train.steps", "10");
  EXPECT_EQ(c.epochs, 0);
}

TEST(SetOption, MistakesLeaveTheSettingsAsTheyWere) {
  TrainConfig c;
  EXPECT_THAT(error_of([&] { set_option(c, "optimizer.learning_rate", "1"); }), HasSubstr("unknown key"));
  EXPECT_THAT(error_of([&] { set_option(c, "optimizer.momentm", "1"); }),
              HasSubstr("did you mean 'optimizer.momentum'?"));
  EXPECT_THAT(error_of([&] { set_option(c, "weigt_decay", "1"); }),
              HasSubstr("did you mean 'optimizer.weight_decay'?"));
  EXPECT_THAT(error_of([&] { set_option(c, "lr", "fast"); }), HasSubstr("optimizer.lr must be a number, not 'fast'"));
  EXPECT_THAT(error_of([&] { set_option(c, "lr", "0.1x"); }), HasSubstr("must be a number"));
  EXPECT_THAT(error_of([&] { set_option(c, "batch", "0"); }), HasSubstr("train.batch must be at least 1"));
  EXPECT_THAT(error_of([&] { set_option(c, "milestones", "1,,2"); }), HasSubstr("must be a list of numbers"));
  EXPECT_EQ(to_toml(c), to_toml(TrainConfig{}));
}

TEST(Validate, WhatDoesNotGoTogether) {
  const auto error = [](auto edit) {
    TrainConfig c;
    c.epochs = 1;
    edit(c);
    return error_of([&] { validate(c); });
  };
  EXPECT_EQ(error([](TrainConfig&) {}), "");
  EXPECT_THAT(error([](TrainConfig& c) { c.epochs = 0; }), HasSubstr("exactly one of them must be positive"));
  EXPECT_THAT(error([](TrainConfig& c) { c.steps = 5; }), HasSubstr("exactly one of them must be positive"));
  EXPECT_THAT(error([](TrainConfig& c) { c.bn_group = 48; }), HasSubstr("not a multiple of model.bn_group"));
  EXPECT_THAT(error([](TrainConfig& c) { c.milestones = {2, 1}; }), HasSubstr("must rise"));
  EXPECT_THAT(error([](TrainConfig& c) { c.schedule = "cosine", c.milestones = {1}; }), HasSubstr("no meaning"));
  EXPECT_THAT(error([](TrainConfig& c) { c.schedule = "plateau", c.eval_every = 0; }), HasSubstr("eval_every"));
  EXPECT_THAT(error([](TrainConfig& c) { c.warmup_until_error = 80; }), HasSubstr("warmup_lr"));
  EXPECT_THAT(error([](TrainConfig& c) { c.nesterov = true, c.momentum = 0; }), HasSubstr("nesterov"));
  EXPECT_THAT(error([](TrainConfig& c) { c.batch = -1; }), HasSubstr("train.batch must be at least 1"));
  EXPECT_THAT(error([](TrainConfig& c) { c.resume = true; }), HasSubstr("output folder"));
}

}  // namespace
}  // namespace resnet
