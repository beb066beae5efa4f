#include "resnet/plan.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>

#include "core/cpu.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "resnet/error.h"
#include "resnet/models.h"

namespace resnet {
namespace {

void fill(Plan& plan) {
  Rng rng(5);
  for (float& v : plan.input().as<float>()) v = rng.normal();
  if (plan.options().mode == Mode::train)
    for (int32_t& v : plan.labels().as<int32_t>()) v = static_cast<int32_t>(rng.below(10));
}

double distance(const Tensor& a, const Tensor& b) {
  double difference = 0, size = 0;
  for (int64_t i = 0; i < a.elements(); ++i) {
    difference += std::pow(a.f32()[i] - b.f32()[i], 2);
    size += std::pow(b.f32()[i], 2);
  }
  return std::sqrt(difference / (size + 1e-30));
}

// Weights whose running statistics are not those of a new network.
StateDict used_weights(const Graph& graph) {
  StateDict params = init_params(graph, {.seed = 2});
  Rng rng(9);
  for (auto& [key, t] : params)
    if (key.find("running_") != std::string::npos || key.find("bn") != std::string::npos)
      for (float& v : t.as<float>()) v += rng.uniform(0.0f, 0.5f);
  return params;
}

class EveryModel : public testing::TestWithParam<const char*> {};

TEST_P(EveryModel, FusionChangesNoResult) {
  const Graph graph = make_model(GetParam(), {.classes = 10, .image_size = 32});
  StateDict params = used_weights(graph), same = used_weights(graph);
  Plan fused(graph, {.batch = 2}), plain(graph, {.batch = 2, .fuse = false});
  fused.bind(params);
  plain.bind(same);
  fill(fused);
  fill(plain);
  fused.forward();
  plain.forward();
  EXPECT_LT(distance(fused.output(), plain.output()), 1e-4);
}

TEST_P(EveryModel, FusionChangesNoGradient) {
  const Graph graph = make_model(GetParam(), {.classes = 10, .image_size = 32});
  StateDict params = init_params(graph, {}), same = init_params(graph, {});
  const CompileOptions options{.batch = 8, .mode = Mode::train};
  CompileOptions unfused = options;
  unfused.fuse = false;
  Plan fused(graph, options), plain(graph, unfused);
  for (auto [plan, weights] : {std::pair(&fused, &params), std::pair(&plain, &same)}) {
    plan->bind(*weights);
    fill(*plan);
    plan->forward();
    plan->backward();
  }
  EXPECT_NEAR(fused.loss(), plain.loss(), 1e-4);
  for (const auto& [key, gradient] : fused.gradients())
    EXPECT_LT(distance(gradient, plain.gradients().at(key)), 2e-3) << key;
  for (const auto& [key, t] : params) EXPECT_LT(distance(t, same.at(key)), 1e-4) << key;  // running statistics too
}

// All gradients of one step, one after the other.
std::vector<double> gradients(const Graph& graph, const CompileOptions& options) {
  StateDict params = init_params(graph, {});
  Plan plan(graph, options);
  plan.bind(params);
  fill(plan);
  plan.forward();
  plan.backward();
  std::vector<double> all;
  for (const auto& [key, g] : plan.gradients()) all.insert(all.end(), g.f32(), g.f32() + g.elements());
  for (const auto& [key, t] : params)
    if (key.find("running_") != std::string::npos) all.insert(all.end(), t.f32(), t.f32() + t.elements());
  return all;
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference += std::pow(a[i] - b[i], 2);
  return std::sqrt(difference);
}

TEST_P(EveryModel, FusionIsAsExactInBf16) {
  if (isa() < Isa::avx512) GTEST_SKIP() << "bf16 needs AVX-512";
  const Graph graph = make_model(GetParam(), {.classes = 10, .image_size = 32});
  CompileOptions options{.batch = 11, .mode = Mode::train};
  const std::vector<double> exact = gradients(graph, options);
  options.dtype = DType::bf16;
  const std::vector<double> fused = gradients(graph, options);
  options.fuse = false;
  const double unfused = distance(gradients(graph, options), exact);
  EXPECT_LT(distance(fused, exact), 1.15 * unfused);
  EXPECT_GT(unfused, 0);
}

TEST(Plan, FusionLeavesBatchNormOverGroupsAsItIs) {
  if (isa() < Isa::avx512) GTEST_SKIP() << "bf16 needs AVX-512";
  CompileOptions options{.batch = 8, .mode = Mode::train};
  const auto of = [&](int64_t group) {
    return gradients(make_model("cifar-resnet8", {.classes = 10, .bn_group = group}), options);
  };
  const std::vector<double> exact = of(4);
  const double whole = distance(of(0), exact);
  options.dtype = DType::bf16;
  EXPECT_LT(distance(of(4), exact), 0.3 * whole);
}

INSTANTIATE_TEST_SUITE_P(Models, EveryModel,
                         testing::Values("cifar-resnet8", "cifar-resnet8-b", "cifar-plain8", "resnet18-c", "resnet50"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name)
                             if (c == '-') c = '_';
                           return name;
                         });

TEST(Plan, ReusesMemory) {
  Plan train(make_model("cifar-resnet20"), {.batch = 8, .mode = Mode::train});
  EXPECT_LT(train.memory().arena_bytes, 0.7 * static_cast<double>(train.memory().arena_bytes_no_reuse));
  Plan infer(make_model("cifar-resnet20"), {.batch = 64});
  // Two of the largest activations, 64 x 32 x 32 x 16 floats: one is read while the other is written.
  // Beside them every thread has room for the transformed tiles of a convolution.
  EXPECT_LT(infer.memory().arena_bytes, 2 * (64 * 32 * 32 * 16 * 4) + 100000 + 400000 * threads());
}

TEST(Plan, TheSameRunGivesTheSameBits) {
  const Graph graph = make_model("cifar-resnet8");
  std::vector<std::vector<float>> runs;
  for (int run = 0; run < 2; ++run) {
    StateDict params = init_params(graph, {});
    Plan plan(graph, {.batch = 7, .mode = Mode::train});
    plan.bind(params);
    fill(plan);
    plan.forward();
    plan.backward();
    const Tensor& dw = plan.gradients().at("conv1.weight");
    runs.emplace_back(dw.f32(), dw.f32() + dw.elements());
  }
  EXPECT_EQ(runs[0], runs[1]);
}

TEST(Plan, WeightsThatDoNotFitAreListed) {
  const Graph graph = make_model("cifar-resnet8");
  StateDict params = init_params(graph, {});
  params.erase("fc.bias");
  params["conv1.weight"] = Tensor({16, 3, 5, 5});
  Plan plan(graph, {});
  try {
    plan.bind(params);
    FAIL();
  } catch (const Error& e) {
    const std::string what = e.what();
    EXPECT_NE(what.find("missing: fc.bias [10]"), std::string::npos) << what;
    EXPECT_NE(what.find("conv1.weight: [16,3,5,5] given, [16,3,3,3] needed"), std::string::npos) << what;
  }
}

TEST(Plan, ImpossibleOptionsSayWhy) {
  const Graph graph = make_model("cifar-resnet8");
  EXPECT_THROW(Plan(graph, {.batch = 0}), Error);
  EXPECT_THROW(Plan(graph, {.dtype = DType::i32}), Error);
  EXPECT_THROW(Plan(graph, {.backend = "cuda"}), Error);
  Plan infer(graph, {});
  EXPECT_THROW(infer.forward(), Error);   // nothing bound
  EXPECT_THROW(infer.backward(), Error);  // not compiled for training
}

int64_t page_faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt + usage.ru_majflt;
}

TEST(Plan, TakesNoPageFaultsAfterTheFirstStep) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer's own memory takes page faults";
#endif
  const Graph graph = make_model("cifar-resnet20");
  StateDict params = init_params(graph);
  for (DType dtype : {DType::f32, DType::bf16}) {
    Plan plan(graph, {.batch = 16, .mode = Mode::train, .dtype = dtype});
    plan.bind(params);
    fill(plan);
    const auto step = [&] {
      plan.params_changed();
      plan.forward();
      plan.backward();
    };
    step();
    const int64_t before = page_faults();
    for (int i = 0; i < 4; ++i) step();
    // Its arena is thousands of pages; a few may come from elsewhere (a thread's stack, the kernel moving pages about).
    EXPECT_LT(page_faults() - before, 100) << name_of(dtype);
    EXPECT_GT(plan.memory().arena_bytes / 4096, 1000);
  }
}

}  // namespace
}  // namespace resnet
