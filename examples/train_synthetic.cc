// Trains a 20-layer residual network from C++ on pictures that the library draws itself, tells how it goes, and saves the
// weights. Put a folder with CIFAR-10's binary files into config.data to train on real pictures.
// usage: train_synthetic OUT.safetensors [STEPS]
#include <cstdio>
#include <cstdlib>

#include "resnet/error.h"
#include "resnet/train.h"

int main(int argc, char** argv) try {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s OUT.safetensors [STEPS]\n", argv[0]);
    return 2;
  }
  resnet::TrainConfig config;
  config.model = "cifar-resnet20";
  config.data = "synthetic:train=2000,val=500";
  config.steps = argc > 2 ? std::atoi(argv[2]) : 100;
  config.batch = 64;
  config.schedule = "cosine";

  const resnet::TrainResult result = resnet::train(config, [](const resnet::Progress& p) {
    if (p.step > 0 && p.step % 10 == 0 && !p.epoch_end)
      std::printf("step %lld of %lld: loss %.3f, training error %.1f %%, %.0f pictures/s\n",
                  static_cast<long long>(p.step), static_cast<long long>(p.steps), p.loss, p.train_error,
                  p.images_per_second);
  });
  resnet::save_checkpoint(argv[1], result.checkpoint);
  std::printf("top-1 accuracy on %lld other pictures: %.1f %%; weights in %s\n",
              static_cast<long long>(result.eval.samples), result.eval.top1, argv[1]);
  return 0;
} catch (const resnet::Error& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
