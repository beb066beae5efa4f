// The settings of fine-tuning.
#include "resnet/classifier.h"
#include "resnet/train.h"

namespace resnet {

TrainConfig finetune_config(const std::string& pretrained, const std::string& model) {
  const Checkpoint from = load_weights(pretrained, model).checkpoint;
  TrainConfig c;
  c.model = from.model;
  c.image_size = from.preprocessing.size;
  c.pretrained = pretrained;
  c.epochs = 20;
  c.batch = 32;
  c.lr = 0.05f;
  c.lr_batch = 256;
  c.schedule = "cosine";
  c.unit = "epochs";
  c.warmup = 1;
  return c;
}

}  // namespace resnet
