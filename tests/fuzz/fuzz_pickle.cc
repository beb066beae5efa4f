// Fuzz target: pickles of tensors over two small storages, without the container that a mutation would mostly break.
#include "io/pickle.h"
#include "io/torch_state.h"
#include "touch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return resnet::fuzz([&] {
    static uint8_t first[96], second[16];
    resnet::TorchStorages storages;
    storages.by_key["0"] = first;
    storages.by_key["1"] = second;
    storages.file = "f";
    storages.swapped = size % 2 == 1;
    resnet::touch(torch_tensors(resnet::pickle::read_pickle({data, size}, "f"), storages).tensors);
  });
}
