// Fuzz target: ONNX files, up to the graph that is made of them.
#include "io/onnx/import.h"
#include "touch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return resnet::fuzz([&] {
    const std::string file = "f";
    const auto model = resnet::onnx::parse_model({data, size}, nullptr, file);
    resnet::touch(resnet::onnx::import_network(model, file).weights);
  });
}
