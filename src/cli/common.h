// Flags and small services that several commands share.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "resnet/checkpoint.h"
#include "resnet/plan.h"
#include "resnet/tensor.h"

namespace resnet::cli {

/// Accepts whole numbers in [low, high].
CLI::Validator whole_number(int64_t low, int64_t high = int64_t{1} << 40);
/// Accepts numbers in [low, high].
CLI::Validator number_from(double low, double high = 1e30);
/// Restricts an option to these words, and shows them in the help.
CLI::Option* choose_from(CLI::Option* option, const std::vector<std::string>& words);

/// `--threads N`: of the pool that computes; acts at once, before the command runs.
void add_threads_flag(CLI::App& app);
/// `--model`: the network of weights that do not say it themselves.
void add_model_flag(CLI::App& app, std::string& model);
/// `--dtype`: f32, bf16 or auto; for inference int8 too.
void add_dtype_flag(CLI::App& app, std::string& dtype, bool inference = false);
/// `--no-tune` clears `tune`, which it sets first.
void add_no_tune_flag(CLI::App& app, bool& tune);
inline constexpr const char* kNoTuneHelp =
    "Convolutions by a fixed order, instead of measuring (once) which is the fastest";
/// `--conv`: auto or direct.
void add_conv_flag(CLI::App& app, std::string& conv);
/// `--checkpoint` and `--memory-limit`: of training, as in CompileOptions.
void add_memory_flags(CLI::App& app, CompileOptions& compile);
/// `-b`, `--batch-size`, `--batch`.
CLI::Option* add_batch_flag(CLI::App& app, int64_t& batch, const std::string& help);
/// `--bad-images`: fail or skip.
void add_bad_images_flag(CLI::App& app, std::string& bad_images);
/// `--device cpu|cuda`: anything but cpu is refused, saying that this build has none.
void add_device_flag(CLI::App& app);

/// "auto" is bf16 where the processor computes it natively, else f32.
DType resolve_dtype(const std::string& text);
/// For these weights: int8 where they are quantised ("auto" or ""), else as above ("" is f32). Throws Error for what the
/// weights cannot be computed in.
DType resolve_dtype(const std::string& text, const Checkpoint& checkpoint);
/// "int8" for u8, else its name.
std::string_view dtype_word(DType dtype);
/// Before the work, not after it: throws Error unless `file`, which `flag` names, can become a file in a folder that exists.
/// Empty: nothing.
void check_folder_of(const std::string& file, const char* flag);
/// The most memory that this process has held so far.
int64_t peak_memory_bytes();
/// Memory that was given back by now counts no more in peak_memory_bytes(), where the kernel allows that.
void forget_peak_memory();
/// Parameters that are trained: all but the running statistics and scales of int8 weights.
int64_t trainable_elements(const StateDict& weights);
/// A file that a command was asked for: whole or not at all, but straight to what is no ordinary file (/dev/stdout).
void write_output(const std::string& path, const std::string& text);
/// The value at `share` (0…1) of the sorted values (nearest rank).
double percentile(const std::vector<double>& sorted, double share);

}  // namespace resnet::cli
