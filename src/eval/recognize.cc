#include "eval/recognize.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/check.h"
#include "eval/model.h"
#include "io/checkpoint_file.h"
#include "io/name_map.h"
#include "io/state_dict.h"
#include "resnet/models.h"

namespace resnet {

namespace {

using nlohmann::json;

constexpr int64_t kPhotograph = 128;  // inputs from this size on are cut out of larger pictures

/// How many classes the tensors have, by the network's last linear layer; nothing where they lack that.
std::optional<int64_t> classes_in(const StateDict& tensors, const Graph& graph) {
  for (auto node = graph.nodes().rbegin(); node != graph.nodes().rend(); ++node) {
    if (!node->op || node->op->kind() != "linear") continue;
    const auto found = tensors.find(node->params.at(0));
    if (found == tensors.end() || found->second.shape().rank() != 2 || found->second.shape()[0] < 1)
      return std::nullopt;
    return found->second.shape()[0];
  }
  return std::nullopt;
}

size_t counted(const StateDict& tensors) {
  return static_cast<size_t>(std::count_if(tensors.begin(), tensors.end(), [](const auto& t) {
    return !is_batch_counter(t.first) && is_network_tensor(t.first);
  }));
}

bool fits(const StateDict& tensors, const std::string& model) {
  const Graph plain = make_model(model);
  if (plain.params().size() != counted(tensors)) return false;
  const auto classes = classes_in(tensors, plain);
  if (!classes) return false;
  const Graph graph = make_model(model, {.classes = *classes});
  for (const auto& [key, shape] : wanted_params(graph))
    if (const auto found = tensors.find(key); found == tensors.end() || !(found->second.shape() == shape)) return false;
  return true;
}

/// The same for a name that may be none of ours.
bool fits_name(const StateDict& tensors, const std::string& model) {
  try {
    return fits(tensors, model);
  } catch (const Error&) {
    return false;
  }
}

/// Names of CIFAR networks of as many layers as the first stage has blocks for.
std::vector<std::string> cifar_names(const StateDict& tensors) {
  int blocks = 0;
  while (blocks < 200 && tensors.contains(join("layer1.", blocks, ".conv1.weight"))) ++blocks;
  if (blocks == 0 || tensors.contains("layer4.0.conv1.weight")) return {};
  const int depth = 6 * blocks + 2;
  return {join("cifar-resnet", depth), join("cifar-resnet", depth, "-b"), join("cifar-plain", depth)};
}

bool is_plain(const std::string& model) { return model.find("plain") != std::string::npos; }

bool has_v1(const std::string& model) {
  try {
    make_model(model + "-v1");
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::string recognized(const StateDict& tensors, const std::string& habit, const std::string& path) {
  std::vector<std::string> models = fitting_models(tensors);
  if (habit == "residual") std::erase_if(models, is_plain);
  std::string listed;
  for (const std::string& model : models) listed += (listed.empty() ? "" : " and ") + model;
  CHECK(models.size() <= 1, path, ": the file does not say of which network it is, and its tensors fit ", listed,
        " alike; say which one with --model");
  CHECK(models.size() == 1, path, ": its ", counted(tensors),
        " tensors are those of none of the networks here; give the nearest one with --model to see what differs "
        "(`resnet info` lists the networks)");
  return models[0];
}

const std::string* find(const std::map<std::string, std::string>& metadata, const std::string& key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? nullptr : &found->second;
}

/// Changes `tensor` to what the file says.
void hinted(const SafetensorsFile& file, const std::string& hint, Tensor& tensor) {
  const std::string* text = find(file.metadata, hint);
  if (text == nullptr) return;
  const json values = json::parse(*text);
  for (size_t i = 0; i < 3; ++i) tensor.f32()[i] = values.at(i).get<float>();
}

std::vector<std::string> class_names(const SafetensorsFile& file, int64_t classes) {
  std::vector<std::string> names;
  if (const std::string* text = find(file.metadata, "hint.classes"))
    for (const json& name : json::parse(*text))
      names.push_back(name.is_string() ? name.get<std::string>() : name.dump());
  if (static_cast<int64_t>(names.size()) == classes) return names;
  names.clear();
  for (int64_t i = 0; i < classes; ++i) names.push_back(join("class ", i));
  return names;
}

}  // namespace

bool are_numbers(const std::vector<std::string>& classes) {
  for (size_t i = 0; i < classes.size(); ++i)
    if (classes[i] != join("class ", i)) return false;
  return true;
}

std::vector<std::string> fitting_models(const StateDict& tensors) {
  std::vector<std::string> names = cifar_names(tensors), result;
  for (const std::string& name : model_names())
    if (!name.starts_with("cifar-") && !name.ends_with("-v1")) names.push_back(name);
  for (const std::string& name : names)
    if (fits(tensors, name)) result.push_back(name);
  return result;
}

SafetensorsFile completed(SafetensorsFile file, const std::string& path, const std::string& model) {
  if (is_checkpoint(file)) {
    const std::string& own = file.metadata["model"];
    CHECK(model.empty() || model == own, path, ": the file says that its network is ", own, ", not ", model);
    return file;
  }
  RenamedTensors renamed = to_torchvision_names(file.tensors, path);
  SafetensorsFile result;
  result.notes = file.notes;
  if (!renamed.removed.empty())
    result.notes.push_back(join("the prefix '", renamed.removed, "' is taken off all names"));
  if (!renamed.program.empty()) result.notes.push_back(join("names of ", renamed.program, " become torchvision's"));
  const std::string* habit = find(file.metadata, "hint.habit");
  const std::string& form = habit ? *habit : renamed.habit;
  Checkpoint c;
  c.model = model;
  if (const std::string* named = find(file.metadata, "hint.model"); model.empty() && named) {
    if (fits_name(renamed.tensors, *named))
      c.model = *named;
    else
      result.notes.push_back(join("it says that its network is '", *named, "', which these tensors are not"));
  }
  if (c.model.empty()) {
    c.model = recognized(renamed.tensors, form, path);
    const bool twin = has_v1(c.model);
    if (twin && form == "v1") c.model += "-v1";
    result.notes.push_back(join("the tensors are those of ", c.model,
                                twin && form != "v1" ? ", with strides as in torchvision (--model " + c.model +
                                                           "-v1 is the paper's form, which has the same tensors)"
                                                     : ""));
  }
  const auto classes = classes_in(renamed.tensors, make_model(c.model));
  CHECK(classes, path, ": the last layer of ", c.model, " is not among the file's tensors");
  c.classes = class_names(file, *classes);
  if (find(file.metadata, "hint.classes") != nullptr && are_numbers(c.classes))
    result.notes.push_back(join("the names of classes that it gives are not ", *classes,
                                ", as many as the network has outputs, and ignored"));
  const std::string* size = find(file.metadata, "hint.image_size");
  c.preprocessing = imagenet_preprocessing(size ? std::stoll(*size) : make_model(c.model).input_shape()[1]);
  if (c.preprocessing.size < kPhotograph) c.preprocessing.resize = 0;
  if (const std::string* side = find(file.metadata, "hint.resize")) c.preprocessing.resize = std::stoll(*side);
  if (const std::string* filter = find(file.metadata, "hint.interpolation"); filter && *filter == "bicubic")
    c.preprocessing.interpolation = Interpolation::bicubic;
  hinted(file, "hint.mean", c.preprocessing.mean);
  hinted(file, "hint.std", c.preprocessing.std);
  if (find(file.metadata, "hint.mean") == nullptr)
    result.notes.push_back(
        "the file does not say how pixels are normalised: ImageNet's mean and deviation are assumed");
  check_state_dict(renamed.tensors, wanted_params(make_model(c.model, {.classes = *classes})), path);
  SafetensorsFile texts = format_checkpoint(c);
  result.metadata = std::move(texts.metadata);
  result.tensors = std::move(renamed.tensors);
  result.tensors.merge(texts.tensors);
  return result;
}

}  // namespace resnet
