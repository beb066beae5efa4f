#include "eval/onnx_weights.h"

#include <nlohmann/json.hpp>

#include "core/check.h"
#include "data/mapped_file.h"
#include "engine/passes/pass.h"
#include "eval/model.h"
#include "eval/recognize.h"
#include "eval/same_network.h"
#include "io/atomic_file.h"
#include "io/checkpoint_file.h"
#include "io/onnx/export.h"
#include "io/onnx/import.h"
#include "io/weights_file.h"

namespace resnet {

namespace {

using nlohmann::json;

constexpr const char* kPreprocessing[] = {"preprocessing.mean", "preprocessing.std"};

/// As text for the file's metadata: {"shape": […], "values": […]}.
std::string text_of(const Tensor& tensor) {
  json shape = json::array(), values = json::array();
  for (int i = 0; i < tensor.shape().rank(); ++i) shape.push_back(tensor.shape()[i]);
  for (const float v : tensor.as<float>()) values.push_back(v);
  return json{{"shape", shape}, {"values", values}}.dump();
}

Tensor tensor_of(const std::string& text, const std::string& where) {
  try {
    const json parsed = json::parse(text);
    const auto shape = parsed.at("shape").get<std::vector<int64_t>>();
    const auto values = parsed.at("values").get<std::vector<float>>();
    int64_t elements = 1;
    for (const int64_t extent : shape)
      CHECK(extent > 0 && extent <= int64_t{1} << 20 && (elements *= extent) <= int64_t{1} << 30, where,
            ": impossible shape");
    CHECK(shape.size() <= 3 && elements == static_cast<int64_t>(values.size()), where, ": shape and values do not fit");
    Tensor tensor{Shape(std::span(shape))};
    std::copy(values.begin(), values.end(), tensor.f32());
    return tensor;
  } catch (const json::exception&) {
    throw Error(join(where, ": not the JSON that it should be; the file is damaged"));
  }
}

}  // namespace

bool is_onnx(const std::string& path) { return path.ends_with(".onnx"); }

SafetensorsFile read_onnx(const std::string& path, const std::string& model) {
  const auto file = std::make_shared<MappedFile>(path, MappedFile::Access::copy_on_write);
  CHECK(!file->bytes().empty(), path, " is empty");
  onnx::Network network = onnx::import_network(onnx::parse_model(file->bytes(), file, path), path);
  const auto named = network.metadata.find("model");
  auto same = same_network(network.graph, network.weights,
                           model.empty() && named != network.metadata.end() ? named->second : model);
  CHECK(same, path, ": the network (", network.graph.nodes().size(), " nodes, input ", network.graph.input_shape(),
        ") is none of those here; `resnet info` lists them");
  SafetensorsFile result;
  result.tensors = std::move(same->weights);
  result.notes = std::move(network.notes);
  result.metadata = std::move(network.metadata);
  if (is_checkpoint(result)) {
    for (const char* key : kPreprocessing) {
      const auto text = result.metadata.find(key);
      CHECK(text != result.metadata.end(), path, ": the metadata entry '", key, "' is missing; the file is damaged");
      result.tensors[key] = tensor_of(text->second, join(path, ": ", key));
      result.metadata.erase(text);
    }
    return completed(std::move(result), path, model);
  }
  result.notes.push_back(join("the network is ", same->model));
  result.metadata = {{"hint.image_size", std::to_string(network.graph.input_shape()[1])}};
  return completed(std::move(result), path, model.empty() ? same->model : model);
}

void write_onnx(const std::string& path, const SafetensorsFile& weights, bool fold) {
  check_no_training_state(weights, path + ": ONNX");
  const Checkpoint checkpoint = parse_checkpoint(weights, path);
  CHECK(!checkpoint.int8, path,
        ": ONNX files are written of f32 weights, and these are int8; convert what they were made of");
  std::map<std::string, std::string> metadata = weights.metadata;
  metadata[kPreprocessing[0]] = text_of(checkpoint.preprocessing.mean);
  metadata[kPreprocessing[1]] = text_of(checkpoint.preprocessing.std);
  const Graph graph = graph_of(checkpoint);
  write_file_atomically(path,
                        onnx::export_network(fold ? fold_batch_norm(graph) : graph, checkpoint.weights, metadata));
}

}  // namespace resnet
