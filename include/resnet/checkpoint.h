// Weights on disk: safetensors files with torchvision's names, and what is needed to use or to go on training them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "resnet/data.h"
#include "resnet/tensor.h"

namespace resnet {

struct SafetensorsFile {
  StateDict tensors;
  std::map<std::string, std::string> metadata;  ///< the "__metadata__" strings
  std::vector<std::string> notes;               ///< what a reader of another format has to say; not written
};

/// Reads a whole .safetensors file by mapping it: nothing is copied, a tensor is read from the disk when it is touched.
/// Tensors keep the mapping alive; they may be written, which changes this process's memory and never the file.
/// Throws Error naming the file and the place for anything malformed: header length, JSON, dtype, shape, offsets, holes.
SafetensorsFile read_safetensors(const std::string& path);
/// Writes atomically: to a temporary file beside `path`, fsync, rename. On failure (full disk, read-only folder) throws
/// Error and leaves what was at `path` untouched and no temporary file.
void write_safetensors(const std::string& path, const StateDict& tensors,
                       const std::map<std::string, std::string>& metadata);

/// A model with all that is needed to use it.
struct Checkpoint {
  std::string model;                 ///< as make_model takes it
  std::vector<std::string> classes;  ///< names; the index is the logit
  Preprocessing preprocessing;
  StateDict weights;  ///< parameters and running statistics, f32, writable (see read_safetensors)
  bool int8 = false;  ///< weights are those of the quantised network: i8, with scales (`resnet quantize`)
  /// Training state (last.safetensors only; else empty): momentum by parameter key, and counters and settings as text.
  StateDict momentum;
  StateDict ema = {};  ///< moving averages of the weights and running statistics, by key; empty: none
  std::map<std::string, std::string> state;  ///< "step", "epoch", "best_top1", "recipe" (TOML), "seed", …
};

/// Throws Error for a file of another kind, of a newer format version, or with missing entries.
Checkpoint load_checkpoint(const std::string& path);
void save_checkpoint(const std::string& path, const Checkpoint& checkpoint);

/// Throws Error listing (up to ten) tensors of `weights` that `wanted` lacks, lacks itself, or has in another shape.
void check_state_dict(const StateDict& weights, const std::vector<std::pair<std::string, Shape>>& wanted,
                      const std::string& what);

}  // namespace resnet
