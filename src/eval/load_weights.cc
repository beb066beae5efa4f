// Any file of weights, as a checkpoint and as another file.
#include <algorithm>
#include <filesystem>

#include "core/bf16.h"
#include "core/check.h"
#include "eval/onnx_weights.h"
#include "eval/recognize.h"
#include "io/checkpoint_file.h"
#include "io/state_dict.h"
#include "io/to_f32.h"
#include "io/weights_file.h"
#include "resnet/classifier.h"

namespace resnet {

namespace {

SafetensorsFile read_any(const std::string& path, const std::string& model) {
  return is_onnx(path) ? read_onnx(path, model) : completed(read_weights(path), path, model);
}

// Weights of more than one axis; what belongs to a batch norm stays as it is.
void round_weights(StateDict& tensors) {
  for (auto& [name, tensor] : tensors) {
    if (!is_network_tensor(name) || tensor.shape().rank() < 2) continue;
    Tensor rounded(tensor.shape(), DType::bf16);
    std::ranges::transform(to_f32(tensor).as<float>(), rounded.as<uint16_t>().begin(), f32_to_bf16);
    tensor = rounded;
  }
}

}  // namespace

LoadedWeights load_weights(const std::string& path, const std::string& model) {
  SafetensorsFile file = read_any(path, model);
  return {parse_checkpoint(file, path), std::move(file.notes)};
}

Converted convert_weights(const std::string& in, const std::string& out, const ConvertOptions& options) {
  CHECK(!options.fold || is_onnx(out), out,
        ": batch norms are folded in ONNX files only; leave --fold out, or write an .onnx");
  CHECK(!options.bf16 || !is_onnx(out), out,
        ": an ONNX file's weights are f32; leave --bf16 out, or write a .safetensors, a .pth or a folder");
  std::error_code unknown;
  for (const char* file : {"", "/model.safetensors", "/pytorch_model.bin"})
    CHECK(!std::filesystem::equivalent(in, out + file, unknown), out, file,
          " is what is to be converted; give the result another name");
  SafetensorsFile file = read_any(in, options.model);
  const Checkpoint checkpoint = parse_checkpoint(file, in);  // refuses what could not be read back
  CHECK(!options.bf16 || !checkpoint.int8, in, ": the weights are int8, which is smaller than bf16; leave --bf16 out");
  if (options.weights_only || options.bf16) {
    std::erase_if(file.tensors, [](const auto& t) { return t.first.starts_with("optimizer."); });
    std::erase_if(file.metadata, [](const auto& m) { return m.first.starts_with("state."); });
  }
  if (options.bf16) round_weights(file.tensors);
  if (is_onnx(out))
    write_onnx(out, file, options.fold);
  else
    write_weights(out, file);
  Converted done;
  done.model = checkpoint.model;
  done.notes = std::move(file.notes);
  for (const auto& [name, tensor] : file.tensors) {
    done.tensors += is_network_tensor(name);
    const bool counted = is_network_tensor(name) && !is_batch_counter(name) && !name.ends_with(".running_mean") &&
                         !name.ends_with(".running_var");
    done.parameters += counted ? tensor.elements() : 0;
  }
  return done;
}

}  // namespace resnet
