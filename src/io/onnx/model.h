// An ONNX file as it is: nodes with attributes, initializers as tensors. What
// they mean is the importer's matter.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/onnx/wire.h"
#include "resnet/tensor.h"

namespace resnet::onnx {

struct Attribute {
  int64_t i = 0;
  float f = 0;
  std::string_view s;
  std::vector<int64_t> ints;
  Bytes tensor;  ///< a TensorProto
};

struct OnnxNode {
  std::string_view type, name, domain;
  std::vector<std::string> inputs, outputs;
  std::map<std::string, Attribute, std::less<>> attributes;

  /// The attribute's value, or `otherwise`.
  int64_t integer(std::string_view key, int64_t otherwise) const;
  float real(std::string_view key, float otherwise) const;
  std::vector<int64_t> integers(std::string_view key) const;
};

struct Model {
  int64_t opset = 0;
  std::vector<OnnxNode> nodes;
  StateDict initializers;
  std::string input;                 ///< the one that is no initializer
  std::vector<int64_t> input_shape;  ///< 0 where it is not fixed
  std::string output;
  std::map<std::string, std::string> metadata;
};

/// `bytes` must outlive the result, whose tensors are views of it where they
/// can be; `owner` keeps it alive. Throws Error naming `file` for malformed
/// files, several inputs or outputs, and tensors in files of their own.
Model parse_model(Bytes bytes, const std::shared_ptr<void>& owner, const std::string& file);

/// A TensorProto and its name.
std::pair<std::string, Tensor> parse_tensor(Bytes bytes, const std::shared_ptr<void>& owner, const std::string& file);

}  // namespace resnet::onnx
