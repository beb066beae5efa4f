// Folders of timm and of Hugging Face transformers: config.json says what model.safetensors is the weights of.
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/check.h"
#include "io/atomic_file.h"
#include "io/state_dict.h"
#include "io/weights_file.h"

namespace resnet {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json read_json(const std::string& path) {
  try {
    json value = json::parse(read_text_file(path));
    CHECK(value.is_object(), path, ": not a JSON object");
    return value;
  } catch (const json::exception&) {
    throw Error(join(path, ": not valid JSON; the file is damaged"));
  }
}

json member(const json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : json();
}

// What is there and makes no sense is said, and the default taken.
void ignore(const char* what, const json& value, SafetensorsFile& file) {
  if (!value.is_null())
    file.notes.push_back(
        join("the folder's configuration: ", what, " is ", value.dump().substr(0, 60), ", which is ignored"));
}

void put_size(const json& side, SafetensorsFile& file) {
  constexpr uint64_t kLargest = 4096;
  if (side.is_number_unsigned() && side.get<uint64_t>() > 0 && side.get<uint64_t>() <= kLargest)
    file.metadata["hint.image_size"] = side.dump();
  else
    ignore("the input's size", side, file);
}

/// The share of the shorter side that the input shows, and the filter (a name, or Pillow's number), beside put_size().
void put_resize(const json& share, const json& filter, SafetensorsFile& file) {
  if (share.is_number() && share.get<double>() >= 0.25 && share.get<double>() <= 1 &&
      file.metadata.contains("hint.image_size"))
    file.metadata["hint.resize"] =
        std::to_string(static_cast<int64_t>(std::stod(file.metadata["hint.image_size"]) / share.get<double>() + 1e-6));
  else
    ignore("crop_pct", share, file);
  if (filter == "bicubic" || filter == 3)
    file.metadata["hint.interpolation"] = "bicubic";
  else if (filter != "bilinear" && filter != 2)
    ignore("interpolation", filter, file);
}

bool three_numbers(const json& v) {
  return v.is_array() && v.size() == 3 && v[0].is_number() && v[1].is_number() && v[2].is_number();
}

void put_normalization(const json& mean, const json& std, SafetensorsFile& file) {
  three_numbers(mean) ? void(file.metadata["hint.mean"] = mean.dump()) : ignore("mean", mean, file);
  three_numbers(std) ? void(file.metadata["hint.std"] = std.dump()) : ignore("std", std, file);
}

void timm_hints(const json& config, SafetensorsFile& file) {
  const json architecture = member(config, "architecture");
  if (architecture.is_string()) {
    const std::string name = architecture.get<std::string>();
    file.metadata["hint.model"] = name.substr(0, name.find('.'));
  }
  json details = member(config, "pretrained_cfg");
  if (!details.is_object()) details = config;
  put_normalization(member(details, "mean"), member(details, "std"), file);
  const json size = member(details, "input_size");
  if (size.is_array() && size.size() == 3) put_size(size[2], file);
  put_resize(member(details, "crop_pct"), member(details, "interpolation"), file);
  json names = member(details, "label_names");
  if (!names.is_array()) names = member(config, "label_names");
  if (names.is_array()) file.metadata["hint.classes"] = names.dump();
}

/// {"0": "tench", "1": …} in order; nothing where a number is missing.
void put_classes(const json& id2label, SafetensorsFile& file) {
  json names = json::array();
  for (size_t i = 0; i < id2label.size(); ++i) {
    const json name = member(id2label, std::to_string(i).c_str());
    if (!name.is_string()) return;
    names.push_back(name);
  }
  if (!names.empty()) file.metadata["hint.classes"] = names.dump();
}

void transformers_hints(const json& config, const std::string& folder, SafetensorsFile& file) {
  const json type = member(config, "model_type");
  CHECK(type == "resnet", folder, "/config.json: model_type is ", type.dump().substr(0, 60),
        "; of transformers' models only 'resnet' is supported");
  if (member(config, "downsample_in_bottleneck") == true) file.metadata["hint.habit"] = "v1";
  put_classes(member(config, "id2label"), file);
  const std::string preprocessor = folder + "/preprocessor_config.json";
  if (!fs::exists(preprocessor)) return;
  const json details = read_json(preprocessor);
  put_normalization(member(details, "image_mean"), member(details, "image_std"), file);
  const json size = member(details, "size");
  const json side = size.is_object() ? member(size, "shortest_edge") : size;
  put_size(side, file);
  put_resize(member(details, "crop_pct"), member(details, "resample"), file);
}

std::string existing(const std::string& folder) {
  for (const char* name : {"model.safetensors", "pytorch_model.bin"})
    if (fs::exists(folder + "/" + name)) return folder + "/" + name;
  throw Error(join(folder, ": the folder holds neither model.safetensors nor pytorch_model.bin"));
}

json numbers(const Tensor& tensor) {
  json list = json::array();
  for (const float v : tensor.as<float>()) list.push_back(v);
  return list;
}

}  // namespace

SafetensorsFile read_weights_folder(const std::string& folder) {
  SafetensorsFile file = read_weights(existing(folder));
  file.metadata.clear();
  if (!fs::exists(folder + "/config.json")) return file;
  const json config = read_json(folder + "/config.json");
  if (member(config, "model_type").is_string())
    transformers_hints(config, folder, file);
  else
    timm_hints(config, file);
  return file;
}

void write_weights_folder(const std::string& folder, const SafetensorsFile& weights) {
  std::error_code failed;
  CHECK(!folder.empty(),
        "the new file's name is empty; give one that ends in .safetensors, .pth or .onnx, or a folder's");
  CHECK(!fs::exists(folder, failed) || fs::is_directory(folder, failed), folder,
        ": is there already and is no folder; give another name");
  check_no_training_state(weights, folder + ": a folder for timm");
  const auto text = [&](const char* key) {
    const auto found = weights.metadata.find(key);
    CHECK(found != weights.metadata.end(), folder, ": the file to convert does not say its '", key, "'");
    return found->second;
  };
  const Tensor mean = weights.tensors.at("preprocessing.mean"), std = weights.tensors.at("preprocessing.std");
  CHECK(mean.shape() == Shape({3}), folder, ": config.json cannot hold a mean a pixel (preprocessing.mean is ",
        mean.shape(), "); train with normalize = \"channel\", or convert to .pth, which holds it");
  const json classes = json::parse(text("classes"));
  const int64_t size = std::stoll(text("image_size"));
  const auto said = [&](const char* key, const std::string& otherwise) {
    const auto found = weights.metadata.find(key);
    return found == weights.metadata.end() ? otherwise : found->second;
  };
  const json config = {{"architecture", text("model")},
                       {"num_classes", classes.size()},
                       {"label_names", classes},
                       {"pretrained_cfg",
                        {{"input_size", {3, size, size}},
                         {"mean", numbers(mean)},
                         {"std", numbers(std)},
                         {"num_classes", classes.size()},
                         {"label_names", classes},
                         {"interpolation", said("interpolation", "bilinear")},
                         {"crop_pct", static_cast<double>(size) / std::stod(said("resize", text("image_size")))}}}};
  StateDict network;
  for (const auto& [name, tensor] : weights.tensors)
    if (is_network_tensor(name)) network[name] = tensor;
  CHECK(!fs::exists(folder, failed) || fs::is_empty(folder, failed) || fs::exists(folder + "/config.json", failed),
        folder, ": the folder holds other files; name a new one, an empty one, or one with a config.json to replace");
  const bool made = fs::create_directories(folder, failed);
  CHECK(!failed, folder, ": the folder cannot be made: ", failed.message());
  try {
    write_safetensors(folder + "/model.safetensors", network, {{"format", "pt"}});
    write_file_atomically(folder + "/config.json", config.dump(2) + "\n");
  } catch (const Error&) {
    std::error_code ignored;
    if (made) fs::remove_all(folder, ignored);
    throw;
  }
}

}  // namespace resnet
