#include "ops/choices.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/cpu.h"
#include "resnet/models.h"
#include "resnet/plan.h"

namespace resnet {
namespace {

namespace fs = std::filesystem;

const Choices::Map kNone;

class ChoicesTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    setenv("XDG_CACHE_HOME", folder_.c_str(), 1);
  }
  void TearDown() override {
    unsetenv("XDG_CACHE_HOME");
    fs::remove_all(folder_);
  }
  const std::string folder_ = testing::TempDir() + "choices_test";
  const std::string file_ = folder_ + "/resnet/choices.txt";
};

TEST_F(ChoicesTest, AreRememberedAndGivenOnesGoFirst) {
  Choices first(kNone);
  EXPECT_EQ(first.find("a"), "");
  first.add("a", "fast");
  first.save();
  Choices second(kNone);
  EXPECT_EQ(second.find("a"), "fast");
  EXPECT_EQ(second.used(), (Choices::Map{{"a", "fast"}}));
  Choices third(Choices::Map{{"a", "given"}});
  EXPECT_EQ(third.find("a"), "given");
}

TEST_F(ChoicesTest, OfAnotherProcessorOrDamagedAreIgnored) {
  fs::create_directories(folder_ + "/resnet");
  std::ofstream(file_) << "resnet choices of another processor\na\tfast\n";
  EXPECT_EQ(Choices(kNone).find("a"), "");
  std::ofstream(file_) << std::string(100, '\0');
  EXPECT_EQ(Choices(kNone).find("a"), "");
  fs::remove(file_);
  fs::create_directory(file_);
  Choices choices(kNone);
  choices.add("a", "fast");
  choices.save();  // cannot, which is no error
  EXPECT_EQ(choices.find("a"), "fast");
}

TEST_F(ChoicesTest, AnEarlierPlansChoicesMakeTheSamePlan) {
  const Graph graph = make_model("cifar-resnet8", {.classes = 10});
  if (isa() < Isa::avx512_bf16) GTEST_SKIP() << "one implementation only of bf16 convolutions on " << name_of(isa());
  CompileOptions options{.batch = 4, .mode = Mode::train, .dtype = DType::bf16, .fuse = false};
  options.tune = true;
  const Plan first(graph, options);
  EXPECT_FALSE(first.choices().empty());
  // A choice that is not the measured one is kept to.
  for (const auto& [key, name] : first.choices()) options.choices[key] = "onednn";
  const Plan second(graph, options);
  EXPECT_EQ(second.choices(), options.choices);
  for (const StepInfo& s : second.steps())
    if (s.op == "conv") {
      EXPECT_EQ(s.kernel.substr(0, 6), "onednn") << s.name << ": " << s.kernel;
    }
}

}  // namespace
}  // namespace resnet
