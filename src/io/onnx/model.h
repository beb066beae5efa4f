// An ONNX file as it is: nodes with attributes, initializers as tensors. What
// they mean is the importer's matter.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/mapped_file.h"
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

/// The files in which tensors may lie outside of the ONNX file: those in its folder, mapped once each.
class SideFiles {
 public:
  explicit SideFiles(const std::string& file) : file_(file) {}
  /// Throws Error for a name with a path in it, a file that cannot be read, and a range outside of it.
  Bytes range(const std::string& name, uint64_t offset, uint64_t length, std::shared_ptr<void>& owner);

 private:
  std::string file_;
  std::map<std::string, std::shared_ptr<MappedFile>> mapped_;
};

/// `bytes` must outlive the result, whose tensors are views of it where they
/// can be; `owner` keeps it alive. Throws Error naming `file` for malformed
/// files and several inputs or outputs.
Model parse_model(Bytes bytes, const std::shared_ptr<void>& owner, const std::string& file);

/// A TensorProto and its name. Without `side_files` it must hold its elements itself.
std::pair<std::string, Tensor> parse_tensor(Bytes bytes, std::shared_ptr<void> owner, const std::string& file,
                                            SideFiles* side_files);

}  // namespace resnet::onnx
