// Our networks hold the parameters of torchvision's, by name and shape, and do the same arithmetic.
// The table is printed by make_torchvision_table.py.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/check.h"
#include "resnet/models.h"

namespace resnet {
namespace {

struct Row {
  const char* model;
  int64_t parameters, multiply_adds;
  uint64_t digest;
};

constexpr Row kRows[] = {
    {"alexnet", 61100840, 714188480, 0x04b1001a5281ebb6u},
    {"vgg11", 132863336, 7609090048, 0x0914691f6cb559f3u},
    {"vgg11_bn", 132868840, 7609090048, 0xdec23a16288d69c3u},
    {"vgg13", 133047848, 11308466176, 0x2c4a99f811fb6d64u},
    {"vgg13_bn", 133053736, 11308466176, 0x9b1c22cc1183af5cu},
    {"vgg16", 138357544, 15470264320, 0x23bd6d2c2b3cc50au},
    {"vgg16_bn", 138365992, 15470264320, 0x959e429e751aae13u},
    {"vgg19", 143667240, 19632062464, 0xbb42992c17d33f8eu},
    {"vgg19_bn", 143678248, 19632062464, 0x793551612879cb9cu},
    {"resnet18", 11689512, 1814073344, 0xeff72a609153c9cau},
    {"resnet34", 21797672, 3663761408, 0x5dca93d487aa8c72u},
    {"resnet50", 25557032, 4089184256, 0x7ed64358f1dc6581u},
    {"resnet101", 44549160, 7801405440, 0x0f2a1401f5684022u},
    {"resnet152", 60192808, 11513626624, 0x1b66a3a1c12d2296u},
    {"wide_resnet50_2", 68883240, 11398021120, 0x16623000887baa6du},
    {"wide_resnet101_2", 126886696, 22753050624, 0x6d6b7385b4c1a5deu},
    {"resnext50_32x4d", 25028904, 4230479872, 0x4e1a58d309f1efdeu},
    {"resnext101_32x8d", 88791336, 16414015488, 0x5b4680a0d199ed9du},
    {"resnext101_64x4d", 83455272, 15460270080, 0x72b77ade8fd6d752u},
};

// FNV-1a over sorted lines "key extent extent ...".
uint64_t digest(const Graph& graph) {
  std::vector<std::string> lines;
  for (const ParamSpec& p : graph.params()) {
    std::string line = p.suffix;
    for (int axis = 0; axis < p.shape.rank(); ++axis) line += join(" ", p.shape[axis]);
    lines.push_back(line + "\n");
  }
  std::sort(lines.begin(), lines.end());
  uint64_t h = 0xcbf29ce484222325u;
  for (const std::string& line : lines)
    for (const char c : line) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return h;
}

class Torchvision : public testing::TestWithParam<Row> {};

TEST_P(Torchvision, HasTheSameParametersAndArithmetic) {
  const Row& want = GetParam();
  const Graph graph = make_model(want.model);
  EXPECT_EQ(graph.cost().parameters, want.parameters);
  EXPECT_EQ(graph.cost().multiply_adds, want.multiply_adds);
  EXPECT_EQ(digest(graph), want.digest) << "names or shapes of parameters differ";
}

INSTANTIATE_TEST_SUITE_P(Models, Torchvision, testing::ValuesIn(kRows),
                         [](const auto& info) { return std::string(info.param.model); });

}  // namespace
}  // namespace resnet
