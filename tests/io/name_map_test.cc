#include "io/name_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temp_folder.h"

namespace resnet {
namespace {

using testing::HasSubstr;

std::vector<std::string> renamed(const std::vector<std::string>& names) {
  StateDict tensors;
  for (const std::string& name : names) tensors[name] = Tensor({1});
  std::vector<std::string> result;
  for (const auto& [name, tensor] : to_torchvision_names(tensors, "f").tensors) result.push_back(name);
  return result;
}
using Names = std::vector<std::string>;

TEST(NameMap, TorchvisionsOwnStay) {
  const Names own{"bn1.weight", "conv1.weight", "fc.bias", "layer1.0.downsample.0.weight"};
  EXPECT_EQ(renamed(own), own);
}

TEST(NameMap, PrefixesOfWrappers) {
  EXPECT_EQ(renamed({"module.conv1.weight", "module.fc.bias"}), Names({"conv1.weight", "fc.bias"}));
  EXPECT_EQ(renamed({"_orig_mod.module.bn1.bias", "_orig_mod.module.fc.bias"}), Names({"bn1.bias", "fc.bias"}));
  EXPECT_EQ(renamed({"model.conv1.weight", "other.x"}), Names({"model.conv1.weight", "other.x"}));
}

TEST(NameMap, Transformers) {
  EXPECT_EQ(renamed({"resnet.embedder.embedder.convolution.weight", "resnet.embedder.embedder.normalization.bias",
                     "resnet.encoder.stages.0.layers.1.layer.2.convolution.weight",
                     "resnet.encoder.stages.3.layers.0.layer.0.normalization.running_var",
                     "resnet.encoder.stages.1.layers.0.shortcut.convolution.weight",
                     "resnet.encoder.stages.1.layers.0.shortcut.normalization.weight", "classifier.1.weight"}),
            Names({"bn1.bias", "conv1.weight", "fc.weight", "layer1.1.conv3.weight", "layer2.0.downsample.0.weight",
                   "layer2.0.downsample.1.weight", "layer4.0.bn1.running_var"}));
}

TEST(NameMap, Detectron2) {
  EXPECT_EQ(renamed({"backbone.bottom_up.stem.conv1.weight", "backbone.bottom_up.stem.conv1.norm.weight",
                     "backbone.bottom_up.res2.0.conv3.norm.running_mean", "backbone.bottom_up.res5.2.conv1.weight",
                     "backbone.bottom_up.res3.0.shortcut.weight", "backbone.bottom_up.res3.0.shortcut.norm.bias"}),
            Names({"bn1.weight", "conv1.weight", "layer1.0.bn3.running_mean", "layer2.0.downsample.0.weight",
                   "layer2.0.downsample.1.bias", "layer4.2.conv1.weight"}));
}

TEST(NameMap, CaffeAndItsLettersOfBlocks) {
  EXPECT_EQ(renamed({"conv1.weight", "bn_conv1.running_mean", "scale_conv1.weight", "res2a_branch1.weight",
                     "res2a_branch2a.weight", "bn2a_branch1.running_var", "scale2c_branch2b.bias",
                     "res4b22_branch2c.weight", "fc1000.weight"}),
            Names({"bn1.running_mean", "bn1.weight", "conv1.weight", "fc.weight", "layer1.0.conv1.weight",
                   "layer1.0.downsample.0.weight", "layer1.0.downsample.1.running_var", "layer1.2.bn2.bias",
                   "layer3.22.conv3.weight"}));
  EXPECT_EQ(to_torchvision_names({{"res2a_branch2a.weight", Tensor({1})}}, "f").habit, "v1");
  EXPECT_EQ(renamed({"conv1_w", "res_conv1_bn_riv", "res3_1_branch2a_w", "res3_1_branch2a_bn_s", "pred_b"}),
            Names({"bn1.running_var", "conv1.weight", "fc.bias", "layer2.1.bn1.weight", "layer2.1.conv1.weight"}));
}

TEST(NameMap, CifarNetworks) {
  EXPECT_EQ(renamed({"module.linear.weight", "module.layer2.0.shortcut.0.weight", "module.layer1.2.conv1.weight"}),
            Names({"fc.weight", "layer1.2.conv1.weight", "layer2.0.downsample.0.weight"}));
}

TEST(NameMap, AClassifierThatIsAConvolution) {
  const RenamedTensors t = to_torchvision_names({{"pre_logits.fc1.weight", Tensor({8, 2, 7, 7})}}, "f");
  EXPECT_EQ(t.tensors.at("classifier.0.weight").shape(), Shape({8, 98}));
  EXPECT_EQ(t.program, "timm (VGG)");
}

TEST(NameMap, TwoTensorsOfOneName) {
  const StateDict twice{{"linear.weight", Tensor({1})}, {"fc.weight", Tensor({1})}};
  EXPECT_THAT(error_of([&] { to_torchvision_names(twice, "f"); }), HasSubstr("f: two tensors"));
}

}  // namespace
}  // namespace resnet
