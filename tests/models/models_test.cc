#include "resnet/models.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/check.h"

namespace resnet {
namespace {

struct Size {
  const char* model;
  int64_t parameters;
  double multiply_adds;  // of one picture, in units of `unit`
  double unit;
};

// Parameters are exact; multiply-adds as printed with the paper's tables (those of table 6 in millions, of table 1 in 10^9).
// Shortcut options of the CIFAR networks: A.
constexpr Size kSizes[] = {
    {"cifar-resnet20", 269722, 40.6, 1e6},    {"cifar-resnet32", 464154, 68.9, 1e6},
    {"cifar-resnet44", 658586, 97.2, 1e6},    {"cifar-resnet56", 853018, 125.5, 1e6},
    {"cifar-resnet110", 1727962, 252.9, 1e6}, {"cifar-resnet1202", 19421274, 2829, 1e6},
    {"resnet18", 11689512, 1.814, 1e9},       {"resnet34", 21797672, 3.664, 1e9},
    {"resnet34-a", 21623848, 3.644, 1e9},     {"resnet34-c", 22716840, 3.831, 1e9},
    {"resnet50", 25557032, 4.089, 1e9},       {"resnet50-v1", 25557032, 3.858, 1e9},
    {"resnet101", 44549160, 7.801, 1e9},      {"resnet101-v1", 44549160, 7.570, 1e9},
    {"resnet152", 60192808, 11.514, 1e9},     {"resnet152-v1", 60192808, 11.282, 1e9},
    {"resnet8-fast", 1978026, 151.9, 1e6},
};

class ModelSize : public testing::TestWithParam<Size> {};

TEST_P(ModelSize, EqualsThePaper) {
  const Size& want = GetParam();
  const Cost cost = make_model(want.model).cost();
  EXPECT_EQ(cost.parameters, want.parameters);
  // Half a unit of the last printed digit, and the classifier that some counts leave out is far below it.
  const double last_digit = want.unit == 1e6 ? (want.multiply_adds > 1000 ? 1.0 : 0.1) : 0.001;
  EXPECT_NEAR(static_cast<double>(cost.multiply_adds) / want.unit, want.multiply_adds, last_digit * 0.51);
}

INSTANTIATE_TEST_SUITE_P(Paper, ModelSize, testing::ValuesIn(kSizes), [](const auto& info) {
  std::string name = info.param.model;
  for (char& c : name)
    if (c == '-') c = '_';
  return name;
});

TEST(Models, TheFourLayersOfKrizhevskyDifferInTheirUnitOnly) {
  const Cost relu = make_model("cifar-convnet").cost(), tanh = make_model("cifar-convnet-tanh").cost();
  EXPECT_EQ(relu.parameters, 32 * 75 + 32 + 32 * 800 + 32 + 64 * 800 + 64 + 10 * 1024 + 10);
  EXPECT_EQ(tanh.parameters, relu.parameters);
  EXPECT_EQ(tanh.multiply_adds, relu.multiply_adds);
}

TEST(Models, NodesAreNamedAsInTorchvision) {
  std::vector<std::string> keys;
  for (const ParamSpec& p : make_model("resnet50").params()) keys.push_back(p.suffix);
  for (const char* key :
       {"conv1.weight", "bn1.running_var", "layer1.0.downsample.0.weight", "layer1.0.downsample.1.bias",
        "layer4.2.conv3.weight", "layer4.2.bn3.weight", "fc.weight", "fc.bias"})
    EXPECT_NE(std::find(keys.begin(), keys.end(), key), keys.end()) << key;
  EXPECT_EQ(keys.size(), 267u);  // torchvision's 320 without 53 num_batches_tracked
}

TEST(Models, AnUnknownNameSuggestsTheNearest) {
  try {
    make_model("resnet5O");
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("'resnet50'"), std::string::npos) << e.what();
  }
}

TEST(Models, ImpossibleNamesSayWhy) {
  for (const char* name :
       {"cifar-resnet21", "cifar-resnet2", "cifar-resnet1208", "plain18-a", "resnet18-v1", "cifar-plain20-a"})
    EXPECT_THROW(make_model(name), Error) << name;
}

// Krizhevsky et al. 2012, section 3.5: 60 million parameters. Multiply-adds of the layers by hand.
TEST(Models, TheFirstAlexNetHasTwoGroups) {
  const Cost cost = make_model("alexnet-paper").cost();
  EXPECT_EQ(cost.parameters, 60965224);
  EXPECT_EQ(cost.multiply_adds,
            105415200 + 223948800 + 149520384 + 112140288 + 74760192 + 37748736 + 16777216 + 4096000);
  EXPECT_EQ(make_model("alexnet-paper-tanh").cost().parameters, cost.parameters);
  EXPECT_EQ(make_model("alexnet-paper-sigmoid").node(2).op->kind(), "sigmoid");
}

// Table 1 and figure 3: VGG-16 15.3 (its convolutions), VGG-19 19.6 (all), in 10^9.
TEST(Models, VggCostsWhatThePaperSays) {
  const int64_t linear = int64_t{25088} * 4096 + 4096 * 4096 + 4096 * 1000;
  EXPECT_NEAR(static_cast<double>(make_model("vgg16").cost().multiply_adds - linear) / 1e9, 15.3, 0.05);
  EXPECT_NEAR(static_cast<double>(make_model("vgg19").cost().multiply_adds) / 1e9, 19.6, 0.05);
}

TEST(Models, EveryDepthUpTo1202) {
  for (int n = 1; n <= 200; ++n) {
    // Two 3x3 convolutions a block, a stem, a linear layer; with shortcuts A the plain twin has the same parameters.
    if (n > 10 && n != 18 && n != 200) continue;
    const Cost residual = make_model(join("cifar-resnet", 6 * n + 2)).cost();
    const Cost plain = make_model(join("cifar-plain", 6 * n + 2)).cost();
    const int64_t blocks = 2 * 9 * (16 * 16 + 32 * 32 + 64 * 64) * n - 9 * (16 * 32 + 32 * 64);
    const int64_t norms = 2 * (16 + 2 * n * (16 + 32 + 64));
    EXPECT_EQ(residual.parameters, 27 * 16 + blocks + norms + 650) << n;
    EXPECT_EQ(plain.parameters, residual.parameters);
    EXPECT_EQ(plain.multiply_adds, residual.multiply_adds);
  }
}

TEST(Models, ASmallStemKeepsSmallPictures) {
  const Graph g = make_model("resnet18-small", {.classes = 10});
  EXPECT_EQ(g.input_shape(), Shape({1, 32, 32, 3}));
  EXPECT_EQ(g.cost().parameters, 11173962);  // the 18 layers with a 3x3 stem that are common on CIFAR-10
  EXPECT_EQ(make_model("resnet50-v1-c-small").input_shape(), Shape({1, 32, 32, 3}));
}

TEST(Models, TakeAnyPictureSize) {
  for (const char* name : {"resnet18", "resnext50_32x4d", "vgg11", "alexnet", "alexnet-paper", "plain18"})
    for (const int64_t size : {96, 161, 256}) {
      const Graph g = make_model(name, {.classes = 7, .image_size = size});
      EXPECT_EQ(g.shapes(2).back(), Shape({2, 1, 1, 7})) << name << " at " << size;
    }
}

TEST(Models, ClassesAndSizeCanBeChosen) {
  const Graph g = make_model("cifar-resnet8", {.classes = 100, .image_size = 40});
  EXPECT_EQ(g.input_shape(), Shape({1, 40, 40, 3}));
  EXPECT_EQ(g.shapes(4)[static_cast<size_t>(g.output())], Shape({4, 1, 1, 100}));
}

TEST(Init, HasHesVariance) {
  const Graph g = make_model("resnet18");
  const StateDict out = init_params(g, {.seed = 3}), in = init_params(g, {.seed = 3, .fan_out = false});
  const auto variance = [](const Tensor& t) {
    double square = 0;
    for (float v : t.as<float>()) square += static_cast<double>(v) * static_cast<double>(v);
    return square / static_cast<double>(t.elements());
  };
  // layer2.0.conv1: 64 -> 128 channels, 3x3
  EXPECT_NEAR(variance(out.at("layer2.0.conv1.weight")) * 128 * 9 / 2, 1.0, 0.02);
  EXPECT_NEAR(variance(in.at("layer2.0.conv1.weight")) * 64 * 9 / 2, 1.0, 0.02);
}

TEST(Init, TheFirstFiltersPassTheirInputOn) {
  const StateDict params = init_params(make_model("cifar-resnet8"), {.identity = true});
  const Tensor& w = params.at("layer2.0.conv1.weight");  // [32,16,3,3]
  for (int64_t o = 0; o < 16; ++o)
    for (int64_t k = 0; k < 16 * 9; ++k) ASSERT_EQ(w.f32()[o * 144 + k], k == o * 9 + 4 ? 1.0f : 0.0f) << o << " " << k;
  const StateDict he = init_params(make_model("cifar-resnet8"));
  for (int64_t k = 16 * 144; k < 32 * 144; ++k) ASSERT_EQ(w.f32()[k], he.at("layer2.0.conv1.weight").f32()[k]);
  EXPECT_EQ(params.at("fc.weight").f32()[5], he.at("fc.weight").f32()[5]);
}

TEST(Init, ZeroLastBatchNormMakesBlocksTheIdentity) {
  const StateDict params = init_params(make_model("cifar-resnet8"), {.zero_last_bn = true});
  EXPECT_EQ(params.at("layer1.0.bn2.weight").f32()[0], 0.0f);
  EXPECT_EQ(params.at("layer1.0.bn1.weight").f32()[0], 1.0f);
}

}  // namespace
}  // namespace resnet
