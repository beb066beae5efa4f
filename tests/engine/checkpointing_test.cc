#include "engine/checkpointing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "core/cpu.h"
#include "core/memory.h"
#include "core/rng.h"
#include "ops/conv.h"
#include "ops/dropout.h"
#include "ops/linear.h"
#include "ops/pool.h"
#include "ops/relu.h"
#include "resnet/error.h"
#include "resnet/models.h"

namespace resnet {
namespace {

using testing::HasSubstr;

/// Everything that two steps leave: losses, logits, gradients, and weights with running statistics.
std::vector<float> two_steps(const Graph& graph, const CompileOptions& options) {
  StateDict params = init_params(graph, {});
  Plan plan(graph, options);
  plan.bind(params);
  std::vector<float> all;
  const auto take = [&](const Tensor& t) { all.insert(all.end(), t.f32(), t.f32() + t.elements()); };
  Rng rng(5);
  for (uint64_t step = 0; step < 2; ++step) {
    for (float& v : plan.input().as<float>()) v = rng.normal();
    for (int32_t& v : plan.labels().as<int32_t>()) v = static_cast<int32_t>(rng.below(10));
    plan.set_random(3, step);
    plan.params_changed();
    plan.forward();
    plan.backward();
    all.push_back(plan.loss());
    take(plan.output());
    for (const auto& [key, g] : plan.gradients()) {
      take(g);
      for (int64_t i = 0; i < g.elements(); ++i) params.at(key).f32()[i] -= 0.01f * g.f32()[i];
    }
  }
  for (const auto& [key, t] : params) take(t);
  return all;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

struct Setting {
  const char *model, *backend;
  DType dtype;
  std::vector<int64_t> parts;
  bool fuse = true;
  const char* conv = "auto";  // direct: bf16 convolutions and batch norms are then one step
};

void PrintTo(const Setting& s, std::ostream* out) {
  *out << s.model << " " << s.backend << " " << s.dtype << " " << s.conv;
}

class Checkpointing : public testing::TestWithParam<Setting> {};

// Gradients, running statistics (moved once a step) and what dropout drew.
TEST_P(Checkpointing, GivesTheSameBits) {
  const Setting& s = GetParam();
  if (s.dtype == DType::bf16 && isa() < Isa::avx512) GTEST_SKIP() << "bf16 needs AVX-512";
  const Graph graph = make_model(s.model, {.classes = 10, .image_size = std::strcmp(s.model, "alexnet") ? 32 : 64});
  CompileOptions options{
      .batch = 4, .mode = Mode::train, .dtype = s.dtype, .backend = s.backend, .fuse = s.fuse, .conv = s.conv};
  const std::vector<float> expected = two_steps(graph, options);
  for (const int64_t parts : s.parts) {
    options.checkpoint = parts;
    EXPECT_TRUE(same_bits(two_steps(graph, options), expected)) << parts;
  }
}

const std::vector<int64_t> kMany = {2, 3, 5, 1000};

INSTANTIATE_TEST_SUITE_P(Networks, Checkpointing,
                         testing::Values(Setting{"cifar-resnet14", "cpu", DType::f32, kMany},
                                         Setting{"cifar-resnet14-b", "cpu", DType::bf16, kMany},
                                         Setting{"cifar-resnet14", "cpu", DType::bf16, kMany, true, "direct"},
                                         Setting{"cifar-resnet14", "cpu", DType::bf16, kMany, false},
                                         Setting{"cifar-plain14", "cpu", DType::bf16, kMany, true, "direct"},
                                         Setting{"resnet50", "cpu", DType::bf16, {4}, true, "direct"},
                                         Setting{"alexnet", "cpu", DType::f32, {3}},
                                         Setting{"cifar-resnet8", "ref", DType::f32, {3}}));

INSTANTIATE_TEST_SUITE_P(SlowNetworks, Checkpointing,
                         testing::Values(Setting{"resnet50", "cpu", DType::bf16, {4}, true, "direct"},
                                         Setting{"alexnet", "cpu", DType::f32, {3}}));

TEST(Checkpointing, DropsTheSame) {
  Graph graph;
  NodeId x = graph.input(8, 8, 3);
  for (int64_t i = 0; i < 6; ++i) {
    const std::string name = "layer" + std::to_string(i);
    x = graph.add(name + ".conv", std::make_shared<Conv>(Conv::Attributes{.out = 16, .kernel = 3, .pad = 1}), {x});
    x = graph.add(name + ".relu", std::make_shared<Relu>(), {x});
    x = graph.add(name + ".dropout", std::make_shared<Dropout>(Dropout::Attributes{.stream = i}), {x});
  }
  x = graph.add("pool", std::make_shared<AvgPool>(PoolAttributes{}), {x});
  graph.add("fc", std::make_shared<Linear>(Linear::Attributes{.out = 10}), {x});
  CompileOptions options{.batch = 4, .mode = Mode::train};
  const std::vector<float> expected = two_steps(graph, options);
  options.checkpoint = 3;
  EXPECT_TRUE(same_bits(two_steps(graph, options), expected));
}

TEST(Checkpointing, RepeatsNothingThatIsFrozen) {
  const Graph graph = freeze(make_model("cifar-resnet14"), "layer1");
  CompileOptions options{.batch = 4, .mode = Mode::train};
  const std::vector<float> expected = two_steps(graph, options);
  options.checkpoint = 4;
  EXPECT_TRUE(same_bits(two_steps(graph, options), expected));
  for (const StepInfo& s : Plan(graph, options).steps())
    EXPECT_TRUE(!s.repeated || s.name.find("layer1") == std::string::npos) << s.name;
}

int64_t arena_bytes(const Graph& graph, int64_t parts) {
  return Plan(graph, {.batch = 16, .mode = Mode::train, .checkpoint = parts}).memory().arena_bytes;
}

TEST(Checkpointing, SavesMemory) {
  const Graph graph = make_model("cifar-resnet56");
  const int64_t all = arena_bytes(graph, 1), less = arena_bytes(graph, 6);
  EXPECT_LT(less, 0.4 * static_cast<double>(all));
  EXPECT_GT(less, 0);
}

TEST(Checkpointing, AsFewPartsAsTheLimitNeeds) {
  const Graph graph = make_model("cifar-resnet56");
  const CompileOptions all{.batch = 16, .mode = Mode::train};
  const PlanMemory most = Plan(graph, all).memory();
  CompileOptions limited = all;
  limited.checkpoint = 0;
  EXPECT_EQ(Plan(graph, limited).memory().parts, 1);  // this machine has enough
  limited.memory_limit = training_bytes(compile(graph, all));
  EXPECT_EQ(Plan(graph, limited).memory().parts, 1);
  limited.memory_limit = limited.memory_limit * 6 / 10;
  const PlanMemory less = Plan(graph, limited).memory();
  EXPECT_GT(less.parts, 1);
  EXPECT_LT(less.parts, 6);
  EXPECT_LE(less.arena_bytes, limited.memory_limit);
  EXPECT_LT(less.arena_bytes, most.arena_bytes);
}

TEST(Checkpointing, ALimitThatCannotBeKeptIsAnError) {
  const Graph graph = make_model("cifar-resnet20");
  try {
    Plan(graph, {.batch = 128, .mode = Mode::train, .checkpoint = 0, .memory_limit = 1 << 20});
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("training at batch 128 in f32 needs at least"));
    EXPECT_THAT(e.what(), HasSubstr("the limit is 1 MiB"));
  }
  EXPECT_THROW(Plan(graph, {.mode = Mode::train, .checkpoint = -1}), Error);
}

TEST(Memory, IsThere) { EXPECT_GT(available_memory(), int64_t{1} << 20); }

}  // namespace
}  // namespace resnet
