#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temp_folder.h"
#include "resnet/models.h"

namespace resnet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> frozen_layers(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes())
    if (node.frozen && !node.params.empty() && node.op->kind() == "conv") names.push_back(node.name);
  return names;
}

TEST(Freeze, StagesOfTheFamilies) {
  EXPECT_THAT(stages(make_model("resnet50")), ElementsAre("stem", "layer1", "layer2", "layer3", "layer4"));
  EXPECT_THAT(stages(make_model("cifar-resnet20")), ElementsAre("stem", "layer1", "layer2", "layer3"));
  EXPECT_THAT(stages(make_model("vgg11")), ElementsAre("features"));
  EXPECT_TRUE(stages(make_model("alexnet-paper")).empty());
}

TEST(Freeze, EverythingUpToTheEndOfTheStage) {
  const Graph graph = make_model("cifar-resnet8");
  EXPECT_THAT(frozen_layers(freeze(graph, "stem")), ElementsAre("conv1"));
  EXPECT_THAT(frozen_layers(freeze(graph, "layer1")), ElementsAre("conv1", "layer1.0.conv1", "layer1.0.conv2"));
  int64_t trained = 0;
  for (const ParamSpec& p : freeze(graph, "layer3").params())
    if (p.trainable()) trained += p.shape.elements();
  EXPECT_EQ(trained, 64 * 10 + 10);
}

TEST(Freeze, UnknownStagesAreNamedWithThoseThereAre) {
  EXPECT_THAT(error_of([] { freeze(make_model("cifar-resnet8"), "layer4"); }),
              HasSubstr("no stage 'layer4' to freeze; this network has stem, layer1, layer2, layer3"));
  EXPECT_THAT(error_of([] { freeze(make_model("alexnet-paper"), "stem"); }), HasSubstr("not divided into stages"));
}

}  // namespace
}  // namespace resnet
