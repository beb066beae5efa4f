// Names what is in a picture: open a weights file, read a PNG or JPEG file, print the likeliest classes.
// usage: classify WEIGHTS.safetensors PICTURE…
#include <cstdio>

#include "resnet/classifier.h"
#include "resnet/error.h"

int main(int argc, char** argv) try {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s WEIGHTS.safetensors PICTURE...\n", argv[0]);
    return 2;
  }
  resnet::Classifier classifier(argv[1]);
  for (int i = 2; i < argc; ++i) {
    std::printf("%s\n", argv[i]);
    for (const resnet::Prediction& p : classifier.classify(resnet::read_image(argv[i]), 3))
      std::printf("  %5.1f %%  %s\n", 100 * p.probability, p.name.c_str());
  }
  return 0;
} catch (const resnet::Error& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
