// Every recipe in the repository loads, is possible, and makes two steps.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <vector>

#include "core/check.h"
#include "io/temp_folder.h"
#include "resnet/train.h"

namespace resnet {
namespace {

/// Those of networks with more than a thousand layers, or all others.
std::vector<std::string> recipe_files(bool huge) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(SOURCE_DIR "/recipes"))
    if (entry.path().extension() == ".toml" && huge == (entry.path().stem() == "resnet1202"))
      paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string name_of_case(const testing::TestParamInfo<std::string>& info) {
  const std::filesystem::path path(info.param);
  std::string name = path.parent_path().filename().string() + "_" + path.stem().string();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
}

TrainResult make_two_steps(const std::string& recipe) {
  TrainConfig c = load_recipe(recipe);
  validate(c);
  set_option(c, "data.path", "synthetic:train=16,val=4");
  set_option(c, "train.batch", "4");
  if (c.bn_group > 0) set_option(c, "model.bn_group", "2");
  set_option(c, "train.steps", "2");
  set_option(c, "data.workers", "0");
  TrainResult r = train(c);
  EXPECT_EQ(r.step, 2);
  EXPECT_EQ(r.eval.samples, 4);
  return r;
}

/// What the paper leaves open must be said, and what it reaches.
TEST(CifarRecipes, SayWhatIsOpenAndWhatIsExpected) {
  for (const auto& entry : std::filesystem::directory_iterator(SOURCE_DIR "/recipes/cifar10")) {
    const std::string path = entry.path().string(), text = get_file(path);
    for (const char* key : {"init", "bn_group", "train_split", "drop_last", "nesterov", "formula", "decay_bn_and_bias"})
      EXPECT_NE(text.find(join("\n", key, " = ")), std::string::npos) << path << " does not say " << key;
    const TrainConfig c = load_recipe(path);
    EXPECT_EQ(c.expect_metric, "test_error") << path;
    EXPECT_EQ(c.expect_steps, c.steps) << path;
    EXPECT_GT(c.expect_value, 0) << path;
    EXPECT_NE(c.expect_source, "") << path;
    EXPECT_EQ(c.warmup_until_error > 0, c.model == "cifar-resnet110" || c.model == "cifar-resnet1202") << path;
  }
}

// A key without effect would make an ablation that shows nothing.
TEST(AblationRecipes, DifferFromTheBaseline) {
  const std::string folder = SOURCE_DIR "/recipes/ablations", baseline = folder + "/baseline.toml";
  const StateDict weights = make_two_steps(baseline).checkpoint.weights;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path() == baseline) continue;
    const StateDict others = make_two_steps(entry.path().string()).checkpoint.weights;
    bool differs = false;
    for (const auto& [key, w] : weights) differs |= std::memcmp(w.raw(), others.at(key).raw(), w.bytes()) != 0;
    EXPECT_TRUE(differs) << entry.path();
  }
}

class Recipes : public testing::TestWithParam<std::string> {};
TEST_P(Recipes, MakesTwoSteps) { make_two_steps(GetParam()); }
INSTANTIATE_TEST_SUITE_P(All, Recipes, testing::ValuesIn(recipe_files(false)), name_of_case);

class RecipesSlow : public testing::TestWithParam<std::string> {};
TEST_P(RecipesSlow, MakesTwoSteps) { make_two_steps(GetParam()); }
INSTANTIATE_TEST_SUITE_P(All, RecipesSlow, testing::ValuesIn(recipe_files(true)), name_of_case);

}  // namespace
}  // namespace resnet
