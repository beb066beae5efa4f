// Training with frozen stages: the frozen part computes as inference does, the others' gradients are those of the oracle, and
// nothing is computed for what is not trained.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "core/rng.h"
#include "resnet/models.h"
#include "resnet/plan.h"

namespace resnet {
namespace {

struct Outcome {
  std::vector<float> logits;
  StateDict gradients, params;
  std::vector<StepInfo> steps;
  int64_t arena_bytes, gradient_bytes;
};

Outcome run_once(const Graph& graph, const CompileOptions& options) {
  Outcome r;
  Plan plan(graph, options);
  r.params = init_params(graph, {.seed = 3});
  Rng rng(7);
  for (auto& [key, tensor] : r.params)
    if (key.ends_with("running_mean") || key.ends_with("running_var"))
      for (float& v : tensor.as<float>()) v = rng.uniform(0.2f, 0.9f);
  plan.bind(r.params);
  for (float& v : plan.input().as<float>()) v = rng.uniform(-1, 1);
  for (int32_t& v : plan.labels().as<int32_t>()) v = int32_t(rng.below(10));
  plan.set_random(1, 1);
  plan.forward();
  plan.backward();
  const auto logits = plan.output().as<float>();
  r.logits.assign(logits.begin(), logits.end());
  for (const auto& [key, g] : plan.gradients()) r.gradients[key] = g.clone();
  r.steps = plan.steps();
  r.arena_bytes = plan.memory().arena_bytes;
  r.gradient_bytes = plan.memory().gradient_bytes;
  return r;
}

struct FreezeCase {
  std::string model, stage, trained;
  int64_t size;
};

class FreezePlan : public testing::TestWithParam<FreezeCase> {};

TEST_P(FreezePlan, GradientsAreTheOracles) {
  const FreezeCase& c = GetParam();
  const Graph graph = freeze(make_model(c.model, {.classes = 10, .image_size = c.size}), c.stage);
  CompileOptions options;
  options.batch = 4;
  options.mode = Mode::train;
  options.backend = "ref";
  options.fuse = false;
  const Outcome want = run_once(graph, options);
  options.backend = "cpu";
  options.fuse = true;
  for (const DType dtype : {DType::f32, DType::bf16}) {
    options.dtype = dtype;
    const Outcome got = run_once(graph, options);
    const float tolerance = dtype == DType::f32 ? 2e-4f : 6e-2f;
    float largest = 0;
    for (const float v : want.logits) largest = std::max(largest, std::abs(v));
    for (size_t i = 0; i < want.logits.size(); ++i) ASSERT_NEAR(got.logits[i], want.logits[i], tolerance * largest);
    ASSERT_EQ(got.gradients.size(), want.gradients.size());
    EXPECT_TRUE(got.gradients.contains(c.trained));
    for (const auto& [key, g] : want.gradients) {
      double difference = 0, norm = 0;
      for (int64_t i = 0; i < g.elements(); ++i) {
        difference += std::pow(double(g.f32()[i]) - double(got.gradients.at(key).f32()[i]), 2);
        norm += std::pow(double(g.f32()[i]), 2);
      }
      EXPECT_LE(std::sqrt(difference), (dtype == DType::f32 ? 2e-3 : 0.3) * std::sqrt(norm) + 1e-7) << key;
    }
    const StateDict before = init_params(graph, {.seed = 3});
    for (const ParamSpec& p : graph.params())
      if (p.frozen && p.kind == ParamKind::weight) {
        EXPECT_EQ(std::memcmp(got.params.at(p.suffix).raw(), before.at(p.suffix).raw(), before.at(p.suffix).bytes()),
                  0);
      }
  }
}

INSTANTIATE_TEST_SUITE_P(Of, FreezePlan,
                         testing::Values(FreezeCase{"cifar-resnet8", "stem", "layer1.0.conv1.weight", 16},
                                         FreezeCase{"cifar-resnet8", "layer1", "layer2.0.conv1.weight", 16},
                                         FreezeCase{"cifar-resnet8", "layer3", "fc.weight", 16},
                                         FreezeCase{"cifar-resnet8-b", "layer1", "layer2.0.downsample.0.weight", 16},
                                         FreezeCase{"resnet18", "layer2", "layer3.0.conv1.weight", 64},
                                         FreezeCase{"vgg11_bn", "features", "classifier.0.weight", 32}),
                         [](const auto& info) {
                           std::string name = info.param.model + info.param.stage;
                           std::erase_if(name, [](char ch) { return !std::isalnum(ch); });
                           return name;
                         });

TEST(FreezePlan, RunningStatisticsStay) {
  const Graph graph = freeze(make_model("cifar-resnet8", {.image_size = 16}), "layer1");
  CompileOptions options;
  options.batch = 4;
  options.mode = Mode::train;
  Plan plan(graph, options);
  StateDict params = init_params(graph);
  plan.bind(params);
  for (float& v : plan.input().as<float>()) v = 0.3f;
  plan.forward();
  EXPECT_EQ(params.at("layer1.0.bn2.running_mean").f32()[0], 0);
  EXPECT_NE(params.at("layer2.0.bn1.running_mean").f32()[0], 0);
}

TEST(FreezePlan, NothingIsComputedForWhatIsNotTrained) {
  const Graph graph = make_model("resnet18", {.image_size = 64});
  CompileOptions options;
  options.batch = 2;
  options.mode = Mode::train;
  const Plan all(graph, options), part(freeze(graph, "layer3"), options);
  EXPECT_LT(part.memory().arena_bytes, all.memory().arena_bytes);
  EXPECT_LT(part.memory().gradient_bytes, all.memory().gradient_bytes);
  for (const StepInfo& s : part.steps()) {
    const bool frozen = s.name.starts_with("layer1") || s.name.starts_with("layer2") || s.name == "conv1";
    const int64_t passes = frozen ? 0 : s.name == "layer4.0.conv1" ? 1 : 2;  // the first one's input wants no gradient
    if (frozen || s.name.starts_with("layer4.0.conv")) {
      EXPECT_EQ(s.backward_multiply_adds, passes * s.multiply_adds) << s.name;
    }
  }
}

TEST(SoftLabels, OneLabelAsATargetGivesTheSameLoss) {
  const Graph graph = make_model("cifar-resnet8", {.image_size = 8});
  CompileOptions options;
  options.batch = 4;
  options.mode = Mode::train;
  options.label_smoothing = 0.1f;
  Plan hard(graph, options);
  options.label_smoothing = 0;
  options.soft_labels = true;
  Plan soft(graph, options);
  StateDict params = init_params(graph);
  for (Plan* plan : {&hard, &soft}) {
    plan->bind(params);
    Rng rng(7);
    for (float& v : plan->input().as<float>()) v = rng.uniform(-1, 1);
  }
  for (int64_t n = 0; n < 4; ++n) {
    hard.labels().i32()[n] = int32_t(n);
    for (int64_t k = 0; k < 10; ++k) soft.targets().f32()[n * 10 + k] = 0.01f + (k == n ? 0.9f : 0.0f);
  }
  hard.forward(), soft.forward();
  hard.backward(), soft.backward();
  EXPECT_NEAR(hard.loss(), soft.loss(), 1e-6);
  const Tensor &a = hard.gradients().at("fc.weight"), &b = soft.gradients().at("fc.weight");
  for (int64_t i = 0; i < a.elements(); ++i) ASSERT_NEAR(a.f32()[i], b.f32()[i], 1e-6);
}

}  // namespace
}  // namespace resnet
