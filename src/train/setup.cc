#include "train/setup.h"

#include "core/check.h"
#include "core/parallel.h"
#include "eval/model.h"
#include "io/state_dict.h"
#include "resnet/classifier.h"
#include "train/augmentation.h"
#include "train/class_weights.h"
#include "train/recipe.h"
#include "train/whiten.h"

namespace resnet {

namespace {

void build_network(TrainSetup& s) {
  const TrainConfig& c = s.config;
  ModelOptions options;
  options.image_size = c.image_size;
  s.data = open_data(
      c.data, {.train_split = c.train_split, .image_size = c.image_size, .skip_bad_images = c.bad_images == "skip"});
  s.notes = s.data.notes;
  if (c.crop == "auto") s.config.crop = s.data.photographs ? "resized" : "pad";
  if (c.normalize == "auto") s.config.normalize = s.data.photographs ? "imagenet" : "pixel";
  CHECK(s.data.train->size() > 0 && s.data.val->size() > 0, c.data, ": there is nothing to ",
        s.data.train->size() > 0 ? "validate on" : "train on");
  CHECK(!c.drop_last || s.data.train->size() >= c.batch, "train.batch = ", c.batch, " is more than the ",
        s.data.train->size(), " pictures there are to train on");
  options.classes = static_cast<int64_t>(s.data.train->classes().size());
  options.bn_momentum = c.bn_momentum;
  s.eval_graph = make_model(c.model, options);
  options.bn_group = c.bn_group;
  s.graph = make_model(c.model, options);
  if (!c.freeze.empty()) s.graph = freeze(s.graph, c.freeze);
  s.class_weights = class_weights(c.class_weights, *s.data.train);
}

/// The parameters of the last linear layer: what depends on the classes.
std::vector<std::string> head_keys(const Graph& graph) {
  for (auto node = graph.nodes().rbegin(); node != graph.nodes().rend(); ++node)
    if (node->op && node->op->kind() == "linear") return node->params;
  return {};
}

/// Memory of their own, aligned as the loops of training want it: those of a checkpoint lie as the file has them.
StateDict copy_of(const StateDict& tensors) {
  StateDict copies;
  for (const auto& [key, tensor] : tensors) copies[key] = tensor.clone();
  return copies;
}

/// Why the file's head does not fit the data's classes; empty when it does. Names that a file lacks say nothing.
std::string head_difference(const TrainSetup& s, const Checkpoint& from, const std::vector<std::string>& head) {
  const auto& classes = s.data.train->classes();
  for (const std::string& key : head) {
    const auto found = from.weights.find(key);
    if (found != from.weights.end() && !(found->second.shape() == s.weights.at(key).shape()))
      return join("it has ", from.classes.size(), " classes, the data have ", classes.size());
  }
  return from.classes == classes ? "" : "its classes are not those of the data";
}

/// [size,size,3] -> [3]: the mean of a mean a pixel.
Tensor channel_mean(const Tensor& mean) {
  if (mean.shape().rank() == 1) return mean;
  Tensor y({3});
  for (size_t c = 0; c < 3; ++c) {
    double sum = 0;
    for (size_t k = c; k < mean.as<float>().size(); k += 3) sum += mean.as<float>()[k];
    y.f32()[c] = static_cast<float>(3 * sum / static_cast<double>(mean.elements()));
  }
  return y;
}

/// The network goes on seeing pixels as it knows them, of pictures of this run's size.
void take_preprocessing(TrainSetup& s, const Preprocessing& from, const std::string& path) {
  const bool same_size = from.size == s.preprocessing.size;
  s.preprocessing.mean = same_size ? from.mean : channel_mean(from.mean);
  s.preprocessing.std = from.std;
  if (same_size && s.config.resize == 0) {
    s.preprocessing.resize = from.resize;
    s.preprocessing.interpolation = from.interpolation;
  }
  std::string note = join("pixels are normalised as in ", path);
  if (!same_size)
    note += join(", which was trained on pictures of ", from.size, " pixels; this run uses ", s.preprocessing.size);
  s.notes.push_back(std::move(note));
}

void start_from(TrainSetup& s, const std::string& path) {
  LoadedWeights loaded = load_weights(path, s.config.model);
  CHECK(!loaded.checkpoint.int8, path, ": int8 weights cannot be trained; start from the f32 ones they were made from");
  Checkpoint& from = loaded.checkpoint;
  for (const std::string& note : loaded.notes) s.notes.push_back(join(path, ": ", note));
  const std::vector<std::string> head = head_keys(s.graph);
  if (const std::string why = head_difference(s, from, head); !why.empty()) {
    for (const std::string& key : head) from.weights[key] = s.weights.at(key);
    s.notes.push_back(join(path, ": ", why, ": the last layer starts anew"));
  }
  check_state_dict(from.weights, wanted_params(s.graph), path);
  s.weights = copy_of(from.weights);
  std::erase_if(s.weights, [](const auto& w) { return is_batch_counter(w.first); });
  take_preprocessing(s, from.preprocessing, path);
}

/// Where no size is given, photographs are resized to 256/224 of what the network sees, and others not.
Fit fit_of(const TrainSetup& s) {
  const TrainConfig& c = s.config;
  const int64_t resize = c.resize > 0         ? c.resize
                         : s.data.photographs ? imagenet_preprocessing(c.image_size).resize
                                              : c.image_size;
  CHECK(resize >= c.image_size, "data.resize = ", resize, " is less than the network's input, ", c.image_size);
  return {c.image_size, resize, c.interpolation == "bicubic" ? Interpolation::bicubic : Interpolation::bilinear};
}

void start_new(TrainSetup& s) {
  s.preprocessing = measure_preprocessing(*s.data.train, s.config.normalize, fit_of(s));
  s.weights = init_params(s.graph, {.seed = s.config.seed,
                                    .fan_out = s.config.init != "fan_in",
                                    .identity = s.config.init == "identity",
                                    .zero_last_bn = s.config.zero_last_bn});
  if (s.config.whiten) whiten_first_conv(s.graph, *s.data.train, s.preprocessing, s.weights);
  s.state.warmup.below = s.config.warmup_until_error == 0;
  s.state.target.below = s.config.target_error == 0;
  if (!s.config.pretrained.empty())
    start_from(s, s.config.pretrained);
  else if (!s.config.freeze.empty() && !s.config.whiten)
    s.notes.push_back(
        join("train.freeze = '", s.config.freeze, "' without pretrained weights: its weights stay random"));
}

void continue_run(TrainSetup& s, const std::string& path) {
  Checkpoint from = load_checkpoint(path);
  CHECK(from.state.contains("recipe") && !from.momentum.empty(), path,
        ": the file holds no training state; only a last.safetensors can be resumed");
  check_resumable(s.config, parse_recipe(from.state.at("recipe"), path), path);
  CHECK(from.classes == s.data.train->classes() && from.state["train_pictures"] == std::to_string(s.data.train->size()),
        "cannot resume from ", path, ": data.path = '", s.config.data, "' holds other data than the run began with (",
        from.state["train_pictures"], " training pictures of ", from.classes.size(), " classes)");
  check_state_dict(from.weights, wanted_params(s.graph), path);
  s.state = parse_state(from.state, path);
  const std::string threads_then = from.state["threads"], threads_now = std::to_string(threads());
  if (!threads_then.empty() && threads_then != threads_now)
    s.notes.push_back(join("number of threads: ", threads_then, " so far, ", threads_now,
                           " from now on; sums are rounded in another order, so the result can differ slightly"));
  s.preprocessing = from.preprocessing;
  s.weights = copy_of(from.weights);
  s.momentum = copy_of(from.momentum);
  s.ema = copy_of(from.ema);
}

}  // namespace

TrainSetup prepare(const TrainConfig& config, const std::string& resume_from) {
  TrainSetup s;
  s.config = resolve(config);
  validate(s.config);
  build_network(s);
  if (resume_from.empty())
    start_new(s);
  else
    continue_run(s, resume_from);
  return s;
}

namespace {

// Whether a picture has more than one label, or a label more or less than weight 1.
bool soft_labels(const TrainSetup& s) { return s.config.mixup > 0 || s.config.cutmix > 0 || !s.class_weights.empty(); }

}  // namespace

CompileOptions compile_options(const TrainSetup& s, int64_t batch) {
  const TrainConfig& c = s.config;
  return {.batch = batch,
          .mode = Mode::train,
          .dtype = parse_dtype(c.dtype),
          .conv = c.conv,
          .label_smoothing = soft_labels(s) ? 0 : c.label_smoothing,
          .soft_labels = soft_labels(s),
          .checkpoint = c.checkpoint,
          .memory_limit = static_cast<int64_t>(c.memory_limit * (1 << 30)),
          .tune = c.tune,
          .choices = s.state.choices};
}

LoaderOptions loader_options(const TrainConfig& c) {
  return {.batch = c.batch,
          .shuffle = true,
          .drop_last = c.drop_last,
          .seed = c.seed,
          .workers = c.workers,
          .augmentation = augmentation_of(c)};
}

}  // namespace resnet
