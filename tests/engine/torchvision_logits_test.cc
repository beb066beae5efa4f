// Every network of torchvision's answers as PyTorch does, with weights and a picture that both sides compute by the same
// formula (tests/golden/make_torchvision_logits.py, which made the answers in float64).
#include <gtest/gtest.h>

#include <cmath>

#include "core/check.h"
#include "core/cpu.h"
#include "core/parallel.h"
#include "resnet/checkpoint.h"
#include "resnet/models.h"
#include "resnet/plan.h"

namespace resnet {
namespace {

/// Values in [-1, 1): a 32-bit mix of FNV-1a of the name, counting up.
void fill_noise(const std::string& name, std::span<float> values) {
  uint32_t h = 0x811c9dc5u;
  for (const unsigned char c : name) h = (h ^ c) * 0x01000193u;
  parallel_for(static_cast<int64_t>(values.size()), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      uint32_t x = h + static_cast<uint32_t>(i);
      x = (x ^ (x >> 16)) * 0x7feb352du;
      x = (x ^ (x >> 15)) * 0x846ca68bu;
      x ^= x >> 16;
      values[static_cast<size_t>(i)] = static_cast<float>(x >> 8) * 0x1p-23f - 1.0f;
    }
  });
}

Tensor parameter(const ParamSpec& spec, const std::string& last) {
  Tensor t(spec.shape);
  const std::span<float> v = t.as<float>();
  fill_noise(spec.suffix, v);
  if (spec.shape.rank() > 1) {  // He's variance
    const double inputs = static_cast<double>(spec.shape.elements() / spec.shape[0]);
    const auto bound = static_cast<float>(std::sqrt(6 / inputs));
    for (float& x : v) x *= bound;
  } else if (spec.kind == ParamKind::running_var) {
    for (float& x : v) x = 1.0f + 0.25f * x;
  } else if (spec.kind == ParamKind::bn_weight) {
    const float scale = spec.suffix.ends_with(last) ? 0.25f : 1.0f;
    for (float& x : v) x = (1.0f + 0.125f * x) * scale;
  } else {
    for (float& x : v) x *= 0.125f;
  }
  return t;
}

StateDict parameters(const Graph& graph) {
  const std::vector<ParamSpec> specs = graph.params();
  const bool bottleneck =
      std::any_of(specs.begin(), specs.end(), [](const ParamSpec& p) { return p.suffix.ends_with(".bn3.weight"); });
  StateDict params;
  for (const ParamSpec& spec : specs)
    params.emplace(spec.suffix, parameter(spec, bottleneck ? ".bn3.weight" : ".bn2.weight"));
  return params;
}

struct Distance {
  double largest, rms;  ///< of the difference, and of what is expected
};

Distance distance(const std::string& model, DType dtype, const char* conv) {
  static const SafetensorsFile expected = read_safetensors(SOURCE_DIR "/tests/golden/torchvision_logits.safetensors");
  const Graph graph = make_model(model);
  StateDict params = parameters(graph);
  Plan plan(graph, {.dtype = dtype, .conv = conv});
  plan.bind(params);
  fill_noise("picture", plan.input().as<float>());
  plan.forward();
  const std::span<const float> a = plan.output().as<float>(), b = expected.tensors.at(model).as<float>();
  Distance d{0, 0};
  for (size_t k = 0; k < b.size(); ++k) {
    const double difference = std::abs(double{a[k]} - b[k]);
    d.largest = difference <= d.largest ? d.largest : difference;  // also what is no number
    d.rms += double{b[k]} * b[k] / static_cast<double>(b.size());
  }
  d.rms = std::sqrt(d.rms);
  return d;
}

void expect_pytorchs_logits(const std::string& model) {
  for (const char* conv : {"auto", "direct"}) {
    const Distance f32 = distance(model, DType::f32, conv);
    EXPECT_LE(f32.largest, 1e-3) << conv;
    testing::Test::RecordProperty(join("f32_", conv), join(f32.largest / f32.rms));
  }
  if (isa() < Isa::avx512) return;  // no bf16 convolutions
  // PyTorch's own bf16 logits are 0.014 to 0.03 of the rms logit off.
  const Distance bf16 = distance(model, DType::bf16, "auto");
  EXPECT_LE(bf16.largest, 0.04 * bf16.rms);
  testing::Test::RecordProperty("bf16", join(bf16.largest / bf16.rms));
}

class TorchvisionLogits : public testing::TestWithParam<const char*> {};
class SlowTorchvisionLogits : public TorchvisionLogits {};

TEST_P(TorchvisionLogits, Agree) { expect_pytorchs_logits(GetParam()); }
TEST_P(SlowTorchvisionLogits, Agree) { expect_pytorchs_logits(GetParam()); }

const auto kName = [](const auto& info) { return std::string(info.param); };
INSTANTIATE_TEST_SUITE_P(Models, TorchvisionLogits, testing::Values("resnet18", "resnet50", "resnext50_32x4d"), kName);
INSTANTIATE_TEST_SUITE_P(Models, SlowTorchvisionLogits,
                         testing::Values("alexnet", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn",
                                         "vgg19", "vgg19_bn", "resnet34", "resnet101", "resnet152", "wide_resnet50_2",
                                         "wide_resnet101_2", "resnext101_32x8d", "resnext101_64x4d"),
                         kName);

}  // namespace
}  // namespace resnet
