// Fuzz target: archives of labelled pictures, opened as a data set whose pictures are all read.
#include "resnet/data.h"
#include "scratch.h"
#include "touch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const resnet::Scratch folder;
  folder.put("a.tar", data, size);
  return resnet::fuzz([&] {
    const resnet::DataSplits splits = resnet::open_data(folder.path(), {.skip_bad_images = true, .training = false});
    for (int64_t i = 0; i < splits.val->size(); ++i) {
      splits.val->label(i);
      resnet::fuzz([&] { resnet::touch(splits.val->image(i)); });
    }
  });
}
