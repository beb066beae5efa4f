// End-to-end parity with PyTorch on two small networks, from the files of tests/golden (made by make_golden.py there):
// logits, every gradient tensor, ten losses, the final weights and running statistics, and inference with them.
#include <gtest/gtest.h>

#include <cmath>

#include "core/bf16.h"
#include "core/cpu.h"
#include "resnet/checkpoint.h"
#include "resnet/models.h"
#include "resnet/plan.h"
#include "train/sgd.h"

namespace resnet {
namespace {

/// Largest accepted distances |a-b| / |b|, over whole tensors.
struct Bounds {
  double logits, gradient, losses, weights, infer_logits;
};
// Measured: 1.3e-6 in the gradients and less elsewhere.
constexpr Bounds kF32{1e-4, 1e-4, 1e-4, 1e-4, 1e-4};
// With Winograd's convolutions: 2e-6 in the gradients. Over ten steps a ReLU or two then switch at another step: 5e-4 in the
// losses, 6.5e-3 in the weights, 5e-3 in the logits.
constexpr Bounds kWinograd{1e-4, 1e-4, 5e-3, 3e-2, 3e-2};
// Measured: 0.0028, 0.17, 0.0031, 0.15 and 0.024; PyTorch's own in bf16: 0.0032, 0.19, 0.0026, 0.086 and 0.02.
constexpr Bounds kBf16{0.01, 0.3, 0.01, 0.25, 0.06};

struct Setting {
  const char *model, *file, *backend;
  DType dtype;
  const char* conv = "auto";
};

void PrintTo(const Setting& s, std::ostream* out) { *out << s.model << " " << s.backend << " " << s.dtype; }

StateDict read(const std::string& name) {
  return read_safetensors(std::string(SOURCE_DIR "/tests/golden/") + name).tensors;
}

double distance(const float* a, const float* b, int64_t n) {
  double difference = 0, size = 0;
  for (int64_t i = 0; i < n; ++i) {
    difference += std::pow(double{a[i]} - b[i], 2);
    size += std::pow(double{b[i]}, 2);
  }
  return std::sqrt(difference / (size + 1e-30));
}

const Bounds& bounds_of(const Setting& s) {
  if (s.dtype == DType::bf16) return kBf16;
  return std::string_view(s.conv) == "direct" || std::string_view(s.backend) == "ref" ? kF32 : kWinograd;
}

class Golden : public testing::TestWithParam<Setting> {
 protected:
  Golden()
      : bounds_(bounds_of(GetParam())),
        graph_(make_model(GetParam().model, {.image_size = 16})),
        start_(read("start.safetensors")),
        expected_(read(GetParam().file)),
        params_(init_params(graph_)) {
    for (auto& [key, t] : params_)
      if (const auto it = start_.find("weights/" + key); it != start_.end()) widen(it->second, 0, t);
  }

  void SetUp() override {
    const bool native = GetParam().dtype == DType::f32 || std::string_view(GetParam().backend) == "ref";
    if (!native && isa() < Isa::avx512)
      GTEST_SKIP() << "no bf16 convolution below AVX-512; this runs on " << name_of(isa());
  }

  Plan plan(Mode mode) const {
    const Setting& s = GetParam();
    return Plan(graph_, {.batch = 8, .mode = mode, .dtype = s.dtype, .backend = s.backend, .conv = s.conv});
  }

  /// The elements from `offset` on of a bf16 tensor as f32.
  static void widen(const Tensor& from, int64_t offset, Tensor& to) {
    const auto source = from.as<uint16_t>();
    for (int64_t i = 0; i < to.elements(); ++i) to.f32()[i] = bf16_to_f32(source[static_cast<size_t>(offset + i)]);
  }

  void fill(Plan& plan, int64_t batch) const {
    widen(start_.at("pictures"), batch * plan.input().elements(), plan.input());
    if (plan.options().mode == Mode::train) std::copy_n(start_.at("labels").i32() + batch * 8, 8, plan.labels().i32());
  }

  void expect_near(const Tensor& actual, const std::string& key, double bound) const {
    const Tensor& expected = expected_.at(key);
    ASSERT_EQ(actual.elements(), expected.elements()) << key;
    const double d = distance(actual.f32(), expected.f32(), actual.elements());
    EXPECT_LE(d, bound) << key;
    worst_ = std::max(worst_, d);
  }
  /// Writes the worst distance since the last call into the test's XML report (--gtest_output=xml).
  void record(const std::string& what) const {
    RecordProperty(what, std::to_string(worst_));
    worst_ = 0;
  }

  const Bounds bounds_;
  const Graph graph_;
  const StateDict start_, expected_;
  StateDict params_;
  mutable double worst_ = 0;
};

TEST_P(Golden, LogitsAndGradients) {
  Plan train = plan(Mode::train);
  train.bind(params_);
  fill(train, 0);
  train.forward();
  expect_near(train.output(), "logits", bounds_.logits);
  record("logits");
  train.backward();
  int gradients = 0;
  for (const auto& [key, gradient] : train.gradients()) {
    expect_near(gradient, "grad/" + key, bounds_.gradient);
    ++gradients;
  }
  record("gradient");
  for (const auto& [key, t] : expected_) gradients -= key.starts_with("grad/");
  EXPECT_EQ(gradients, 0) << "the plan and PyTorch have different numbers of gradients";
}

/// As make_golden.py summarises a tensor.
Tensor summary(const Tensor& t) {
  double sum = 0, squares = 0;
  const int64_t n = t.elements(), last = n - 1;
  for (int64_t i = 0; i < n; ++i) {
    sum += t.f32()[i];
    squares += double{t.f32()[i]} * t.f32()[i];
  }
  Tensor s({6});
  const double count = static_cast<double>(n);
  s.f32()[0] = static_cast<float>(sum / count);
  s.f32()[1] = static_cast<float>(std::sqrt(squares / count));
  for (int64_t i = 0; i < 4; ++i) s.f32()[2 + i] = t.f32()[i * last / 3];
  return s;
}

TEST_P(Golden, TenStepsThenInference) {
  Plan train = plan(Mode::train);
  train.bind(params_);
  TrainConfig config;
  config.lr = 0.05f;
  config.momentum = 0.9f;
  config.weight_decay = 1e-4f;
  Sgd sgd(config, graph_.params(), params_);
  Tensor losses({10});
  for (int64_t step = 0; step < 10; ++step) {
    fill(train, step % 2);
    train.forward();
    losses.f32()[step] = train.loss();
    train.backward();
    sgd.step(train.gradients(), config.lr);
    train.params_changed();
  }
  expect_near(losses, "losses", bounds_.losses);
  record("losses");
  for (const auto& [key, t] : params_) expect_near(summary(t), "final/" + key, bounds_.weights);
  record("weights");

  Plan infer = plan(Mode::infer);
  infer.bind(params_);
  fill(infer, 0);
  infer.forward();
  expect_near(infer.output(), "infer_logits", bounds_.infer_logits);
  record("infer_logits");
}

std::vector<Setting> settings() {
  std::vector<Setting> all;
  for (const char* backend : {"ref", "cpu"})
    for (const DType dtype : {DType::f32, DType::bf16}) {
      all.push_back({"cifar-resnet8", "option_a.safetensors", backend, dtype});
      all.push_back({"cifar-resnet8-b", "option_b.safetensors", backend, dtype});
    }
  all.push_back({"cifar-resnet8", "option_a.safetensors", "cpu", DType::f32, "direct"});
  all.push_back({"cifar-resnet8-b", "option_b.safetensors", "cpu", DType::f32, "direct"});
  return all;
}

INSTANTIATE_TEST_SUITE_P(PyTorch, Golden, testing::ValuesIn(settings()), [](const auto& info) {
  const Setting& s = info.param;
  std::string name = s.backend;
  for (const std::string_view part : {name_of(s.dtype), std::string_view(s.conv)}) {
    if (part == "auto") continue;
    name += '_';
    name += part;
  }
  return name + (std::string_view(s.model).ends_with("-b") ? "_b" : "_a");
});

}  // namespace
}  // namespace resnet
