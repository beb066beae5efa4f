#include "cli/data_speed.h"

#include <chrono>

#include "cli/common.h"
#include "cli/text.h"
#include "core/counted.h"
#include "resnet/data.h"

namespace resnet::cli {

namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

int64_t run_epoch(Loader& loader, int64_t epoch) {
  int64_t pictures = 0;
  loader.seek(epoch);
  for (Batch batch; loader.next(batch);) pictures += batch.count;
  return pictures;
}

}  // namespace

int data_speed(const SpeedArgs& args, const Output& out) {
  const DataSplits data = open_data(args.data, {.image_size = args.size, .training = false});
  const auto set = data.train->size() > 0 ? data.train : data.val;
  out.log("{}\n", data.description);
  LoaderOptions options;
  options.batch = args.batch;
  options.workers = args.workers;
  if (args.crop == "resized") {
    options.shuffle = true;
    options.augmentation.flip = true;
    options.augmentation.crop = Augmentation::Crop::resized;
  }
  Preprocessing preprocessing = imagenet_preprocessing(args.size);
  if (!data.photographs) preprocessing.resize = 0;
  Loader loader(set, preprocessing, options);
  run_epoch(loader, 0);  // files come into the caches
  const auto start = Clock::now();
  int64_t pictures = 0;
  for (int64_t epoch = 1; pictures == 0 || since(start) < args.seconds; ++epoch) pictures += run_epoch(loader, epoch);
  const double speed = static_cast<double>(pictures) / since(start);
  out.record({{"data", args.data},
              {"crop", args.crop},
              {"image_size", args.size},
              {"batch", args.batch},
              {"workers", args.workers},
              {"samples", pictures},
              {"images_per_second", speed},
              {"peak_memory_bytes", peak_memory_bytes()}});
  out.print("{:.1f} pictures a second with {}, {} x {}, crop {}\n", speed, counted(args.workers, "worker"), args.size,
            args.size, args.crop);
  return 0;
}

}  // namespace resnet::cli
