// The shortest way to use a trained network: open a file, classify pictures.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "resnet/checkpoint.h"
#include "resnet/eval.h"

namespace resnet {

struct LoadedWeights {
  Checkpoint checkpoint;
  std::vector<std::string> notes;  ///< what was recognised and assumed of a file of another program
};

/// The network in any file of weights: .safetensors, a file of torch.save, .onnx, a folder of timm's or transformers'. `model` is
/// needed where the file does not say which network it is and its tensors do not tell. Throws Error naming what differs.
LoadedWeights load_weights(const std::string& path, const std::string& model = "");

struct ConvertOptions {
  std::string model;          ///< as for load_weights
  bool weights_only = false;  ///< leave the state of a training out
  bool bf16 = false;          ///< that, and weights of convolutions and linear layers rounded to bf16; not for ONNX
  bool fold = false;          ///< ONNX: batch norms become part of the convolutions
};

struct Converted {
  std::string model;
  int64_t tensors = 0, parameters = 0;  ///< of the network; parameters without running statistics
  std::vector<std::string> notes;
};

/// Writes the weights in `in` to `out`, in the format that the name's end says; elements keep their bits and their type,
/// names become torchvision's. Throws Error for what `out` cannot hold.
Converted convert_weights(const std::string& in, const std::string& out, const ConvertOptions& options = {});

struct Prediction {
  int index = 0;
  std::string name;
  float probability = 0;  ///< softmax, the mean over all views of the picture
};

/// `dtype`: f32 or bf16; quantised weights are always computed in int8. `protocol`: what the network is shown of a picture.
class Classifier {
 public:
  explicit Classifier(const std::string& weights_path, DType dtype = DType::f32, const TestProtocol& protocol = {});
  explicit Classifier(Checkpoint checkpoint, DType dtype = DType::f32, const TestProtocol& protocol = {});
  ~Classifier();
  Classifier(Classifier&&) noexcept;

  /// The `top` likeliest classes, best first. `image` is u8 [H,W,3] RGB of any size.
  std::vector<Prediction> classify(const Tensor& image, int top = 5);
  const Checkpoint& checkpoint() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace resnet
