// The two longer answers of `resnet info`.
#pragma once

#include <cstdint>
#include <string>

#include "cli/output.h"
#include "resnet/models.h"
#include "resnet/plan.h"

namespace resnet::cli {

struct ModelQuestion {
  std::string model;
  ModelOptions options;
  /// For the memory of training; a batch of 0: 128 for pictures up to 64 pixels, else 32.
  CompileOptions compile;
  bool layers = false;  ///< print every layer, not only the table of stages
};

/// Stages as in the paper's Table 1, layers, shapes, parameters, multiply-adds, memory.
void model_info(const ModelQuestion& question, const Output& out);
/// A checkpoint's model, classes, preprocessing, tensors and training state; of other safetensors files the tensors.
void file_info(const std::string& path, const Output& out);

}  // namespace resnet::cli
