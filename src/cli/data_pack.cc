#include "cli/data_pack.h"

#include <chrono>

#include "cli/progress.h"
#include "cli/text.h"
#include "core/check.h"

namespace resnet::cli {

int pack_data(PackArgs args, const Output& out) {
  args.options.jpeg = args.format == "jpeg";
  args.options.interpolation = args.interpolation == "bicubic" ? Interpolation::bicubic : Interpolation::bilinear;
  args.options.skip_bad = args.bad_images == "skip";
  const auto start = std::chrono::steady_clock::now();
  const DataSplits data = open_data(args.data, {.skip_bad_images = args.options.skip_bad, .training = false});
  out.log("{}\n", data.description);
  for (const std::string& note : data.notes) out.log("note: {}\n", note);
  ProgressBar bar(out);
  const PackResult result =
      pack(data, args.folder, args.options, [&](int64_t done, int64_t all) { bar.update(done, all, "pictures"); });
  bar.clear();
  for (const std::string& message : result.left_out) out.error("left out: " + message);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  out.record({{"data", args.data},
              {"folder", args.folder},
              {"samples", result.pictures},
              {"copied", result.copied},
              {"left_out", result.left_out},
              {"archives", result.archives},
              {"bytes", result.bytes},
              {"seconds", seconds}});
  out.print(
      "{}: {} pictures in {} archives, {}{}\n", args.folder, grouped(result.pictures), result.archives,
      human_bytes(static_cast<double>(result.bytes)),
      result.copied == 0 ? "" : join("; ", grouped(result.copied), " of them were small enough and keep their bytes"));
  return 0;
}

}  // namespace resnet::cli
