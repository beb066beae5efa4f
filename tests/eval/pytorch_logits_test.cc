// The weights that come with the program give the logits that PyTorch computes with them. They stand in
// tests/golden/cifar_resnet{20,56}_logits.txt, made (again, when the weights change) by
// python3 examples/pytorch_logits.py weights/cifar-resnet56.safetensors tests/data/golden/resize_{square,landscape,portrait}_32.ppm
#include <gtest/gtest.h>

#include "data/fixtures.h"
#include "eval/model.h"
#include "resnet/classifier.h"
#include "resnet/plan.h"

namespace resnet {
namespace {

void expect_logits(const std::string& layers) {
  LoadedWeights loaded = load_weights(SOURCE_DIR "/weights/cifar-resnet" + layers + ".safetensors");
  std::ifstream expected(SOURCE_DIR "/tests/golden/cifar_resnet" + layers + "_logits.txt");
  for (const char* backend : {"cpu", "ref"}) {
    Plan plan(graph_of(loaded.checkpoint), {.backend = backend});
    plan.bind(loaded.checkpoint.weights);
    expected.clear();
    expected.seekg(0);
    for (const char* picture : {"square", "landscape", "portrait"}) {
      normalize(read_ppm(golden(std::string("resize_") + picture + "_32.ppm")), loaded.checkpoint.preprocessing,
                plan.input().f32());
      plan.forward();
      for (const float logit : plan.output().as<float>()) {
        float wanted = 0;
        ASSERT_TRUE(expected >> wanted);
        EXPECT_NEAR(logit, wanted, 1e-3) << picture;
      }
    }
  }
}

TEST(PytorchLogits, OfResNet20) { expect_logits("20"); }
TEST(PytorchLogits, OfResNet56) { expect_logits("56"); }

}  // namespace
}  // namespace resnet
