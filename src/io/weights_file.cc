#include "io/weights_file.h"

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "core/check.h"
#include "data/mapped_file.h"
#include "io/safetensors.h"
#include "io/torch_legacy.h"
#include "io/zip_archive.h"

namespace resnet {

namespace {

struct Known {
  std::string_view start;
  const char* what;
};
/// Formats that are recognised only to say so.
constexpr Known kForeign[] = {
    {"\x89HDF\r\n", "an HDF5 file (Keras); load it there and save the weights for PyTorch or as safetensors"},
    {"GGUF", "a GGUF file of a language model"},
    {"\x80\x02", "a pickle, but not of torch.save; load it in Python and save a dict of tensors with torch.save"},
    {"\x80\x04", "a pickle, but not of torch.save; load it in Python and save a dict of tensors with torch.save"},
    {"version https://git-lfs", "the pointer of Git LFS to a file; fetch the file itself with `git lfs pull`"},
    {"<", "text that begins like a page of the web, not weights; a download that failed?"},
    {"\xff\xd8\xff", "a JPEG picture, not weights"},
    {"\x89PNG", "a PNG picture, not weights"},
    {"\x93NUMPY", "a NumPy array; save a dict of tensors with torch.save or as safetensors"},
};

bool looks_like_safetensors(std::span<const uint8_t> bytes) { return bytes.size() > 8 && bytes[8] == '{'; }

std::string suffix_of(const std::string& path) {
  std::string suffix = std::filesystem::path(path).extension().string();
  std::transform(suffix.begin(), suffix.end(), suffix.begin(), [](unsigned char c) { return std::tolower(c); });
  return suffix;
}

}  // namespace

SafetensorsFile read_weights(const std::string& path) {
  if (std::filesystem::is_directory(path)) return read_weights_folder(path);
  const auto file = std::make_shared<MappedFile>(path, MappedFile::Access::copy_on_write);
  const std::span<const uint8_t> bytes = file->bytes();
  if (is_zip(bytes) || is_torch_legacy(bytes)) return parse_torch(bytes, file, path);
  if (looks_like_safetensors(bytes)) return parse_safetensors(bytes, file, path);
  const std::string_view start(reinterpret_cast<const char*>(bytes.data()), std::min<size_t>(bytes.size(), 32));
  CHECK(!bytes.empty(), path, " is empty");
  for (const Known& known : kForeign) CHECK(!start.starts_with(known.start), path, " is ", known.what);
  return parse_safetensors(bytes, file, path);  // says what is wrong
}

void write_weights(const std::string& path, const SafetensorsFile& weights) {
  const std::string suffix = suffix_of(path);
  if (suffix == ".safetensors") return write_safetensors(path, weights.tensors, weights.metadata);
  if (suffix == ".pth" || suffix == ".pt" || suffix == ".th") return write_torch(path, weights);
  CHECK(suffix.empty() && !std::filesystem::path(path).filename().string().starts_with('.'), path,
        ": the end of the name, '", suffix,
        "', is no format of weights; choose .safetensors, .pth, .onnx, or a name without a dot for a folder");
  write_weights_folder(path, weights);
}

void check_no_training_state(const SafetensorsFile& weights, const std::string& what) {
  for (const auto& [name, tensor] : weights.tensors)
    CHECK(!name.starts_with("optimizer."), what, " cannot hold the state of a training ('", name,
          "'); convert best.safetensors, or give --weights-only");
}

}  // namespace resnet
