// The names of other programs' residual networks.
#include "io/name_map.h"

namespace resnet {

namespace {

constexpr NameRule kTransformers[] = {
    {"embedder.embedder.convolution.*", "conv1.{0}"},
    {"embedder.embedder.normalization.*", "bn1.{0}"},
    {"encoder.stages.#.layers.#.layer.#.convolution.*", "layer{0+1}.{1}.conv{2+1}.{3}"},
    {"encoder.stages.#.layers.#.layer.#.normalization.*", "layer{0+1}.{1}.bn{2+1}.{3}"},
    {"encoder.stages.#.layers.#.shortcut.convolution.*", "layer{0+1}.{1}.downsample.0.{2}"},
    {"encoder.stages.#.layers.#.shortcut.normalization.*", "layer{0+1}.{1}.downsample.1.{2}"},
    {"classifier.1.*", "fc.{0}"},
};

constexpr NameRule kDetectron2[] = {
    {"stem.conv1.norm.*", "bn1.{0}"},
    {"stem.conv1.*", "conv1.{0}"},
    {"res#.#.conv#.norm.*", "layer{0-1}.{1}.bn{2}.{3}"},
    {"res#.#.conv#.*", "layer{0-1}.{1}.conv{2}.{3}"},
    {"res#.#.shortcut.norm.*", "layer{0-1}.{1}.downsample.1.{2}"},
    {"res#.#.shortcut.*", "layer{0-1}.{1}.downsample.0.{2}"},
    {"linear.*", "fc.{0}"},
};

constexpr NameRule kCaffe[] = {
    {"res#@_branch2a.*", "layer{0-1}.{1}.conv1.{2}"},
    {"res#@_branch2b.*", "layer{0-1}.{1}.conv2.{2}"},
    {"res#@_branch2c.*", "layer{0-1}.{1}.conv3.{2}"},
    {"res#@_branch1.*", "layer{0-1}.{1}.downsample.0.{2}"},
    {"bn#@_branch2a.*", "layer{0-1}.{1}.bn1.{2}"},
    {"bn#@_branch2b.*", "layer{0-1}.{1}.bn2.{2}"},
    {"bn#@_branch2c.*", "layer{0-1}.{1}.bn3.{2}"},
    {"bn#@_branch1.*", "layer{0-1}.{1}.downsample.1.{2}"},
    {"scale#@_branch2a.*", "layer{0-1}.{1}.bn1.{2}"},
    {"scale#@_branch2b.*", "layer{0-1}.{1}.bn2.{2}"},
    {"scale#@_branch2c.*", "layer{0-1}.{1}.bn3.{2}"},
    {"scale#@_branch1.*", "layer{0-1}.{1}.downsample.1.{2}"},
    {"bn_conv1.*", "bn1.{0}"},
    {"scale_conv1.*", "bn1.{0}"},
    {"fc1000.*", "fc.{0}"},
};

constexpr NameRule kCaffe2[] = {
    {"conv1_w", "conv1.weight"},
    {"res_conv1_bn_s", "bn1.weight"},
    {"res_conv1_bn_b", "bn1.bias"},
    {"res_conv1_bn_rm", "bn1.running_mean"},
    {"res_conv1_bn_riv", "bn1.running_var"},
    {"res#_#_branch2a_w", "layer{0-1}.{1}.conv1.weight"},
    {"res#_#_branch2b_w", "layer{0-1}.{1}.conv2.weight"},
    {"res#_#_branch2c_w", "layer{0-1}.{1}.conv3.weight"},
    {"res#_#_branch1_w", "layer{0-1}.{1}.downsample.0.weight"},
    {"res#_#_branch2a_bn_s", "layer{0-1}.{1}.bn1.weight"},
    {"res#_#_branch2b_bn_s", "layer{0-1}.{1}.bn2.weight"},
    {"res#_#_branch2c_bn_s", "layer{0-1}.{1}.bn3.weight"},
    {"res#_#_branch1_bn_s", "layer{0-1}.{1}.downsample.1.weight"},
    {"res#_#_branch2a_bn_b", "layer{0-1}.{1}.bn1.bias"},
    {"res#_#_branch2b_bn_b", "layer{0-1}.{1}.bn2.bias"},
    {"res#_#_branch2c_bn_b", "layer{0-1}.{1}.bn3.bias"},
    {"res#_#_branch1_bn_b", "layer{0-1}.{1}.downsample.1.bias"},
    {"res#_#_branch2a_bn_rm", "layer{0-1}.{1}.bn1.running_mean"},
    {"res#_#_branch2b_bn_rm", "layer{0-1}.{1}.bn2.running_mean"},
    {"res#_#_branch2c_bn_rm", "layer{0-1}.{1}.bn3.running_mean"},
    {"res#_#_branch1_bn_rm", "layer{0-1}.{1}.downsample.1.running_mean"},
    {"res#_#_branch2a_bn_riv", "layer{0-1}.{1}.bn1.running_var"},
    {"res#_#_branch2b_bn_riv", "layer{0-1}.{1}.bn2.running_var"},
    {"res#_#_branch2c_bn_riv", "layer{0-1}.{1}.bn3.running_var"},
    {"res#_#_branch1_bn_riv", "layer{0-1}.{1}.downsample.1.running_var"},
    {"pred_w", "fc.weight"},
    {"pred_b", "fc.bias"},
};

constexpr NameRule kCifar[] = {
    {"linear.*", "fc.{0}"},
    {"layer#.#.shortcut.#.*", "layer{0}.{1}.downsample.{2}.{3}"},
};

constexpr NameRule kTimmVgg[] = {
    {"pre_logits.fc1.*", "classifier.0.{0}"},
    {"pre_logits.fc2.*", "classifier.3.{0}"},
    {"head.fc.*", "classifier.6.{0}"},
};

constexpr NameRule kMmpretrain[] = {
    {"backbone.*", "{0}"},
    {"head.fc.*", "fc.{0}"},
};

constexpr NameMap kMaps[] = {
    {"Hugging Face transformers", "embedder.embedder.convolution.weight", "", kTransformers},
    {"detectron2", "stem.conv1.norm.weight", "", kDetectron2},
    {"Caffe", "res#@_branch2a.*", "v1", kCaffe},
    {"Caffe2", "res#_#_branch2a_w", "v1", kCaffe2},
    {"timm (VGG)", "pre_logits.fc1.weight", "", kTimmVgg},
    {"mmpretrain", "backbone.layer#.#.conv#.weight", "", kMmpretrain},
    {"akamaster's and others' CIFAR networks", "linear.weight", "residual", kCifar},
};

}  // namespace

std::span<const NameMap> name_maps() { return kMaps; }

}  // namespace resnet
