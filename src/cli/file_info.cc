// resnet info FILE: what is in a file of weights.
#include <algorithm>
#include <filesystem>

#include "cli/common.h"
#include "cli/info.h"
#include "cli/text.h"
#include "core/check.h"
#include "eval/recognize.h"
#include "io/checkpoint_file.h"
#include "io/weights_file.h"

namespace resnet::cli {

namespace {

constexpr size_t kLongText = 120;  // longer values of the training state are shortened for people

Json shape_json(const Shape& shape) {
  Json list = Json::array();
  for (int axis = 0; axis < shape.rank(); ++axis) list.push_back(shape[axis]);
  return list;
}

Json tensors_json(const StateDict& tensors) {
  Json list = Json::array();
  for (const auto& [name, tensor] : tensors)
    list.push_back({{"name", name}, {"dtype", name_of(tensor.dtype())}, {"shape", shape_json(tensor.shape())}});
  return list;
}

std::string tensor_table(const StateDict& tensors) {
  Table table(
      {{"tensor", Table::Align::left}, {"dtype", Table::Align::left}, {"shape", Table::Align::left}, {"elements"}});
  for (const auto& [name, tensor] : tensors)
    table.row({one_line(name), std::string(name_of(tensor.dtype())), tensor.shape().str(), grouped(tensor.elements())});
  return table.str();
}

std::string short_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return shortened(one_line(text), kLongText);
}

std::string mean_text(const Preprocessing& p) {
  if (p.mean.shape().rank() == 3) return "a mean for every pixel";
  return fmt::format("mean {:.4f} {:.4f} {:.4f}", p.mean.f32()[0], p.mean.f32()[1], p.mean.f32()[2]);
}

// Of convolutions and linear layers.
std::string weight_dtype(const StateDict& tensors, bool int8) {
  if (int8) return "int8";
  for (const auto& [name, tensor] : tensors)
    if (tensor.shape().rank() > 1) return std::string(name_of(tensor.dtype()));
  return "f32";
}

void checkpoint_info(const std::string& path, const SafetensorsFile& file, const Output& out) {
  const Checkpoint c = parse_checkpoint(file, path);
  StateDict tensors;  // the network's, in the types that the file holds
  for (const auto& [name, converted] : c.weights) tensors[name] = file.tensors.at(name);
  Json record = {{"file", path},
                 {"file_bytes", std::filesystem::file_size(path)},
                 {"model", c.model},
                 {"parameters", trainable_elements(c.weights)},
                 {"dtype", weight_dtype(tensors, c.int8)},
                 {"classes", c.classes},
                 {"image_size", c.preprocessing.size},
                 {"resize", c.preprocessing.fit().resize},
                 {"interpolation", c.preprocessing.interpolation == Interpolation::bicubic ? "bicubic" : "bilinear"},
                 {"mean", c.preprocessing.mean.shape().rank() == 3 ? "pixel" : "channel"}};
  record["training_state"] = c.state;
  record["resumable"] = !c.momentum.empty();
  record["tensors"] = tensors_json(tensors);
  out.record(record);
  std::string classes;
  for (const std::string& name : c.classes) classes += (classes.empty() ? "" : ", ") + name;
  const Preprocessing& p = c.preprocessing;
  out.print("{}\n", tensor_table(tensors));
  out.print("model            {}, {} parameters\n", c.model, grouped(trainable_elements(c.weights)));
  out.print("classes          {}: {}\n", c.classes.size(), shortened(classes, kLongText));
  const Fit fit = p.fit();
  const std::string filter = fit.interpolation == Interpolation::bicubic ? "bicubic" : "bilinear";
  out.print("preprocessing    {0}x{0} pixels of {1}, {2}, {3}, std {4:.4f} {5:.4f} {6:.4f}\n", p.size, fit.resize,
            filter, mean_text(p), p.std.f32()[0], p.std.f32()[1], p.std.f32()[2]);
  for (const auto& [key, value] : c.state) out.print("{:<16} {}\n", key, short_line(value));
  out.print("resumable        {}\n",
            c.momentum.empty() ? "no (weights alone)" : "yes (momentum and counters are there)");
}

// What a file of another program is recognised as, or why it is not.
std::string recognized(const SafetensorsFile& file, const std::string& path, Json& record) {
  try {
    const SafetensorsFile made = completed(file, path, "");
    record["model"] = made.metadata.at("model");
    record["notes"] = made.notes;
    std::string text = "model            " + made.metadata.at("model") + "\n";
    for (const std::string& note : made.notes) text += "                 " + note + "\n";
    return text;
  } catch (const Error& error) {
    record["notes"] = {error.what()};
    return std::string(error.what()) + "\n";
  }
}

}  // namespace

void file_info(const std::string& path, const Output& out) {
  const SafetensorsFile raw = read_weights(path);
  if (is_checkpoint(raw)) return checkpoint_info(path, raw, out);
  Json record = {{"file", path}, {"parameters", trainable_elements(raw.tensors)}, {"metadata", raw.metadata}};
  if (!std::filesystem::is_directory(path)) record["file_bytes"] = std::filesystem::file_size(path);
  const std::string model = recognized(raw, path, record);
  record["tensors"] = tensors_json(raw.tensors);
  out.record(record);
  out.print("{}\n", tensor_table(raw.tensors));
  for (const auto& [key, value] : raw.metadata) out.print("{:<16} {}\n", key, short_line(value));
  out.print("{}weights of another program: {} tensors, {} parameters\n", model, raw.tensors.size(),
            grouped(trainable_elements(raw.tensors)));
}

}  // namespace resnet::cli
