// A checkpoint is a safetensors file: the weights under torchvision's names, preprocessing and momentum under prefixes of
// their own, and everything that is text in the metadata.
#include "resnet/checkpoint.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/check.h"
#include "io/checkpoint_file.h"
#include "io/state_dict.h"
#include "io/to_f32.h"
#include "io/weights_file.h"

namespace resnet {

namespace {

constexpr std::string_view kFormat = "resnet.cpp";
constexpr int kFormatVersion = 3;  // what this program reads; 3 may say how pictures are resized
constexpr int kInt8Version = 2;    // may hold int8 weights
constexpr int kPlainVersion = 1;
constexpr std::string_view kMean = "preprocessing.mean";
constexpr std::string_view kStd = "preprocessing.std";
constexpr std::string_view kMomentum = "optimizer.momentum.";
constexpr std::string_view kEma = "optimizer.ema.";
constexpr std::string_view kState = "state.";
constexpr std::string_view kQuantization = "quantization";
constexpr std::string_view kResize = "resize";
constexpr std::string_view kInterpolation = "interpolation";

using Metadata = std::map<std::string, std::string>;

const std::string& entry(const Metadata& metadata, const std::string& key, const std::string& path) {
  const auto found = metadata.find(key);
  CHECK(found != metadata.end(), path, ": the metadata entry '", key, "' is missing; ",
        key == "format" ? "the file holds tensors but was not written by this program" : "the file is damaged");
  return found->second;
}

int64_t whole_number(const Metadata& metadata, const std::string& key, const std::string& path) {
  const std::string& text = entry(metadata, key, path);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  CHECK(error == std::errc() && end == text.data() + text.size() && value > 0, path, ": the metadata entry '", key,
        "' is '", text, "', not a positive whole number");
  return value;
}

void check_format(const Metadata& metadata, const std::string& path) {
  const std::string& format = entry(metadata, "format", path);
  CHECK(format == kFormat, path, ": the metadata entry 'format' is '", format, "', not '", kFormat,
        "'; the file was written by another program and does not say which model its tensors belong to");
  const int64_t version = whole_number(metadata, "format_version", path);
  CHECK(version <= kFormatVersion, path, ": checkpoint format ", version,
        " is newer than this program, which reads up to ", kFormatVersion, "; update the program");
}

std::vector<std::string> parse_classes(const Metadata& metadata, const std::string& path) {
  const std::string& text = entry(metadata, "classes", path);
  try {
    auto names = nlohmann::json::parse(text).get<std::vector<std::string>>();
    CHECK(!names.empty(), path, ": the metadata entry 'classes' names no classes; the file is damaged");
    return names;
  } catch (const nlohmann::json::exception&) {
    throw Error(join(path, ": the metadata entry 'classes' is not a JSON list of names: ", text.substr(0, 60)));
  }
}

/// Whether the weights are quantised. Throws Error for a way of quantising that is unknown.
bool parse_quantization(const Metadata& metadata, const std::string& path) {
  const auto found = metadata.find(std::string(kQuantization));
  if (found == metadata.end()) return false;
  CHECK(found->second == "int8", path, ": the metadata entry '", kQuantization, "' is '", found->second,
        "'; this program knows int8");
  return true;
}

/// A parameter: f32, or i8 where the network is quantised. Scales are positive.
Tensor parse_weight(const Tensor& tensor, const std::string& name, bool int8, const std::string& path) {
  if (tensor.dtype() == DType::i8) {
    CHECK(int8, path, ": tensor '", name, "' holds i8, but the metadata entry '", kQuantization,
          "' does not say that the network is quantised");
    return tensor;
  }
  Tensor weight = to_f32(tensor);
  if (int8 && name.ends_with("_scale"))
    for (const float v : weight.as<float>())
      CHECK(std::isfinite(v) && v > 0, path, ": tensor '", name, "' holds ", v, "; scales are positive");
  return weight;
}

/// How pictures are resized; files that say nothing scale the shorter side to image_size.
void parse_fit(const Metadata& metadata, const std::string& path, Preprocessing& p) {
  if (metadata.contains(std::string(kResize))) p.resize = whole_number(metadata, std::string(kResize), path);
  CHECK(p.resize == 0 || p.resize >= p.size, path, ": the metadata entry 'resize' is ", p.resize,
        ", less than image_size, which is ", p.size);
  const auto filter = metadata.find(std::string(kInterpolation));
  if (filter == metadata.end()) return;
  CHECK(filter->second == "bilinear" || filter->second == "bicubic", path, ": the metadata entry 'interpolation' is '",
        filter->second, "'; bilinear and bicubic are known");
  if (filter->second == "bicubic") p.interpolation = Interpolation::bicubic;
}

Preprocessing parse_preprocessing(const SafetensorsFile& file, const std::string& path) {
  const auto tensor = [&](std::string_view name) {
    const auto found = file.tensors.find(std::string(name));
    CHECK(found != file.tensors.end(), path, ": tensor '", name, "' is missing; the file is damaged");
    return to_f32(found->second);
  };
  Preprocessing p{.size = whole_number(file.metadata, "image_size", path), .mean = tensor(kMean), .std = tensor(kStd)};
  parse_fit(file.metadata, path, p);
  CHECK(p.mean.shape() == Shape({3}) || p.mean.shape() == Shape({p.size, p.size, 3}), path, ": ", kMean, " is ",
        p.mean.shape(), ", not [3] or [", p.size, ",", p.size, ",3]");
  CHECK(p.std.shape() == Shape({3}), path, ": ", kStd, " is ", p.std.shape(), ", not [3]");
  for (const float v : p.std.as<float>())
    CHECK(std::isfinite(v) && v > 0, path, ": ", kStd, " holds ", v, "; standard deviations are positive");
  for (const float v : p.mean.as<float>()) CHECK(std::isfinite(v), path, ": ", kMean, " holds ", v);
  return p;
}

}  // namespace

bool is_checkpoint(const SafetensorsFile& file) { return file.metadata.contains("format_version"); }

Checkpoint parse_checkpoint(const SafetensorsFile& file, const std::string& path) {
  check_format(file.metadata, path);
  Checkpoint checkpoint;
  checkpoint.model = entry(file.metadata, "model", path);
  checkpoint.classes = parse_classes(file.metadata, path);
  checkpoint.preprocessing = parse_preprocessing(file, path);
  checkpoint.int8 = parse_quantization(file.metadata, path);
  for (const auto& [name, tensor] : file.tensors) {
    if (name == kMean || name == kStd || is_batch_counter(name)) continue;
    if (name.starts_with(kMomentum))
      checkpoint.momentum[name.substr(kMomentum.size())] = to_f32(tensor);
    else if (name.starts_with(kEma))
      checkpoint.ema[name.substr(kEma.size())] = to_f32(tensor);
    else
      checkpoint.weights[name] = parse_weight(tensor, name, checkpoint.int8, path);
  }
  for (const auto& [key, value] : file.metadata)
    if (key.starts_with(kState)) checkpoint.state[key.substr(kState.size())] = value;
  CHECK(!checkpoint.weights.empty(), path, ": the checkpoint holds no weights; the file is damaged");
  return checkpoint;
}

Checkpoint load_checkpoint(const std::string& path) { return parse_checkpoint(read_weights(path), path); }

SafetensorsFile format_checkpoint(const Checkpoint& checkpoint) {
  StateDict tensors = checkpoint.weights;
  tensors[std::string(kMean)] = checkpoint.preprocessing.mean;
  tensors[std::string(kStd)] = checkpoint.preprocessing.std;
  for (const auto& [key, tensor] : checkpoint.momentum) tensors[std::string(kMomentum) + key] = tensor;
  for (const auto& [key, tensor] : checkpoint.ema) tensors[std::string(kEma) + key] = tensor;
  const Fit fit = checkpoint.preprocessing.fit();
  const bool fitted = fit.resize != fit.size || fit.interpolation != Interpolation::bilinear;
  Metadata metadata{
      {"format", std::string(kFormat)},
      {"format_version", std::to_string(fitted            ? kFormatVersion
                                        : checkpoint.int8 ? kInt8Version
                                                          : kPlainVersion)},
      {"model", checkpoint.model},
      {"classes", nlohmann::json(checkpoint.classes).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)},
      {"image_size", std::to_string(checkpoint.preprocessing.size)}};
  if (checkpoint.int8) metadata[std::string(kQuantization)] = "int8";
  if (fitted) metadata[std::string(kResize)] = std::to_string(fit.resize);
  if (fit.interpolation == Interpolation::bicubic) metadata[std::string(kInterpolation)] = "bicubic";
  for (const auto& [key, value] : checkpoint.state) metadata[std::string(kState) + key] = value;
  SafetensorsFile file;
  file.tensors = std::move(tensors);
  file.metadata = std::move(metadata);
  return file;
}

void save_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  const SafetensorsFile file = format_checkpoint(checkpoint);
  write_safetensors(path, file.tensors, file.metadata);
}

}  // namespace resnet
