// Fuzz target: CIFAR's binary files; the first byte says which of the two and how much of the rest are names of classes.
#include "data/cifar.h"
#include "scratch.h"
#include "touch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const resnet::Scratch folders[] = {{}, {}};
  if (size == 0) return 0;
  const size_t kind = data[0] % 2, names = std::min<size_t>(data[0] / 2 * 16, size - 1);
  const resnet::Scratch& folder = folders[kind];
  const resnet::CifarLayout& layout = resnet::cifar_layouts()[kind];
  std::filesystem::remove(folder.path() + "/" + layout.class_file);
  if (names > 0) folder.put(layout.class_file, data + 1, names);
  for (const std::string& name : layout.train_files) folder.put(name, data + 1 + names, size - 1 - names);
  folder.put(layout.test_file, data + 1 + names, size - 1 - names);
  return resnet::fuzz([&] {
    const resnet::DataSplits splits = open_cifar(folder.path(), layout);
    for (int64_t i = 0; i < splits.val->size(); ++i) {
      if (static_cast<size_t>(splits.val->label(i)) >= splits.val->classes().size()) std::abort();
      resnet::touch(splits.val->image(i));
    }
  });
}
