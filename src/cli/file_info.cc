// resnet info FILE: what is in a file of weights.
#include <algorithm>
#include <filesystem>

#include "cli/common.h"
#include "cli/info.h"
#include "cli/text.h"
#include "resnet/checkpoint.h"

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
    table.row({name, std::string(name_of(tensor.dtype())), tensor.shape().str(), grouped(tensor.elements())});
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

void checkpoint_info(const std::string& path, const Checkpoint& c, const Output& out) {
  Json record = {{"file", path},
                 {"file_bytes", std::filesystem::file_size(path)},
                 {"model", c.model},
                 {"parameters", trainable_elements(c.weights)},
                 {"classes", c.classes},
                 {"image_size", c.preprocessing.size},
                 {"mean", c.preprocessing.mean.shape().rank() == 3 ? "pixel" : "channel"}};
  record["training_state"] = c.state;
  record["resumable"] = !c.momentum.empty();
  record["tensors"] = tensors_json(c.weights);
  out.record(record);
  std::string classes;
  for (const std::string& name : c.classes) classes += (classes.empty() ? "" : ", ") + name;
  const Preprocessing& p = c.preprocessing;
  out.print("{}\n", tensor_table(c.weights));
  out.print("model            {}, {} parameters\n", c.model, grouped(trainable_elements(c.weights)));
  out.print("classes          {}: {}\n", c.classes.size(), shortened(classes, kLongText));
  out.print("preprocessing    {0}x{0} pixels, {1}, std {2:.4f} {3:.4f} {4:.4f}\n", p.size, mean_text(p), p.std.f32()[0],
            p.std.f32()[1], p.std.f32()[2]);
  for (const auto& [key, value] : c.state) out.print("{:<16} {}\n", key, short_line(value));
  out.print("resumable        {}\n",
            c.momentum.empty() ? "no (weights alone)" : "yes (momentum and counters are there)");
}

}  // namespace

void file_info(const std::string& path, const Output& out) {
  const SafetensorsFile raw = read_safetensors(path);
  if (raw.metadata.count("format_version") != 0) return checkpoint_info(path, load_checkpoint(path), out);
  Json record = {{"file", path},
                 {"file_bytes", std::filesystem::file_size(path)},
                 {"parameters", trainable_elements(raw.tensors)},
                 {"metadata", raw.metadata}};
  record["tensors"] = tensors_json(raw.tensors);
  out.record(record);
  out.print("{}\n", tensor_table(raw.tensors));
  for (const auto& [key, value] : raw.metadata) out.print("{:<16} {}\n", key, short_line(value));
  out.print("a plain safetensors file (no model, classes or preprocessing): {} tensors, {} parameters\n",
            raw.tensors.size(), grouped(trainable_elements(raw.tensors)));
}

}  // namespace resnet::cli
