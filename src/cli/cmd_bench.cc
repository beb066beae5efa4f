// resnet bench: how fast is it here? Images per second and the spread of the time of a step, after a warm-up, and what share
// of this machine's roofline that is.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cli/command.h"
#include "cli/common.h"
#include "cli/progress.h"
#include "cli/roofline_cache.h"
#include "cli/text.h"
#include "cli/workload.h"
#include "core/check.h"
#include "core/counted.h"
#include "core/cpu.h"
#include "core/parallel.h"

namespace resnet::cli {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kWarmUpSteps = 3;
constexpr double kWarmUpSeconds = 1;  // and, without --steps, at least so long, up to kMostWarmUpSteps
constexpr int kMostWarmUpSteps = 50;

struct BenchArgs {
  WorkloadOptions work;
  std::string mode = "train", dtype = "auto";
  double seconds = 10;
  int64_t steps = 0, streams = 1;
  bool no_cache = false;
};

struct Measured {
  std::vector<double> sorted_ms;  // of a step
  double seconds = 0, wait_share = 0, first_step_seconds = 0;
  int64_t images = 0, page_faults = 0;
};

int64_t page_faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt + usage.ru_majflt;
}

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void warm_up(Workload& work, bool briefly) {
  const Clock::time_point start = Clock::now();
  const double seconds = briefly ? 0 : kWarmUpSeconds;
  for (int i = 0; i < kWarmUpSteps || (since(start) < seconds && i < kMostWarmUpSteps); ++i) work.step();
}

using Streams = std::vector<std::unique_ptr<Workload>>;

int threads_of_stream(const BenchArgs& args) { return threads() / static_cast<int>(args.streams); }

Streams make_streams(const BenchArgs& args) {
  const ThreadShare share(threads_of_stream(args));
  Streams streams;
  while (std::ssize(streams) < args.streams)
    streams.push_back(std::make_unique<Workload>(args.work, streams.empty() ? nullptr : streams[0].get()));
  return streams;
}

double step_ms(Workload& work) {
  const Clock::time_point start = Clock::now();
  work.step();
  return since(start) * 1e3;
}

// All streams but the first, which run for so many steps (0: as long as what is returned lives); their times in `ms`.
std::vector<std::jthread> run_others(const Streams& streams, int64_t steps, std::vector<std::vector<double>>& ms) {
  ms.resize(streams.size());
  std::vector<std::jthread> others;
  for (size_t i = 1; i < streams.size(); ++i)
    others.emplace_back([share = threads(), steps, &work = *streams[i], &ms = ms[i]](const std::stop_token& stop) {
      const ThreadShare own(share);
      while (steps > 0 ? std::ssize(ms) < steps : !stop.stop_requested()) ms.push_back(step_ms(work));
    });
  return others;
}

Measured measure(const Streams& streams, const BenchArgs& args, const Output& out) {
  const ThreadShare share(threads_of_stream(args));
  Workload& work = *streams[0];
  Measured m;
  m.first_step_seconds = step_ms(work) / 1e3;
  for (const std::unique_ptr<Workload>& stream : streams) warm_up(*stream, /*briefly=*/args.steps > 0);
  ProgressBar bar(out);
  const double waited = work.wait_seconds();
  const int64_t faults = page_faults();
  const Clock::time_point start = Clock::now();
  std::vector<std::vector<double>> times;
  std::vector<std::jthread> others = run_others(streams, args.steps, times);
  const auto done = [&] {
    return args.steps > 0 ? static_cast<int64_t>(m.sorted_ms.size()) >= args.steps : since(start) >= args.seconds;
  };
  while (m.sorted_ms.empty() || !done()) {
    m.sorted_ms.push_back(step_ms(work));
    if (args.steps > 0)
      bar.update(static_cast<int64_t>(m.sorted_ms.size()), args.steps, "");
    else
      bar.update(static_cast<int64_t>(since(start) * 1e3), static_cast<int64_t>(args.seconds * 1e3), "");
  }
  others.clear();  // stops and waits for them
  for (const std::vector<double>& ms : times) m.sorted_ms.insert(m.sorted_ms.end(), ms.begin(), ms.end());
  m.seconds = since(start);
  m.page_faults = page_faults() - faults;
  m.wait_share = (work.wait_seconds() - waited) / m.seconds;
  m.images = static_cast<int64_t>(m.sorted_ms.size()) * args.work.compile.batch;
  std::sort(m.sorted_ms.begin(), m.sorted_ms.end());
  return m;
}

// What the plan has to do in a step, and how fast this machine could do it at best.
struct Bound {
  Roofline roof;
  double flops = 0, bytes = 0, seconds = 0;  // of a step
};

Bound bound_of(const Plan& plan, bool use_cache, const Output& out) {
  Bound b{.roof = roofline(plan.options().dtype, use_cache, out)};
  const std::vector<StepInfo> steps = plan.steps();
  for (const StepInfo& s : steps) {
    b.flops += flops_of(s);
    b.bytes += static_cast<double>(s.forward_bytes + s.backward_bytes);
  }
  b.seconds = least_seconds(b.roof, steps);
  return b;
}

void report_roof(const Bound& b, double batch, double rate, Json& record, const Output& out) {
  const double roof = batch / b.seconds, arithmetic = batch * b.roof.flops_per_second / b.flops;
  record["flops_a_step"] = b.flops;
  record["traffic_bytes_a_step"] = b.bytes;
  record["roof_images_per_second"] = roof;
  record["roof_share"] = rate / roof;
  record["arithmetic_roof_images_per_second"] = arithmetic;
  record["machine"] = to_json(b.roof);
  out.print("machine: {}\n", describe(b.roof));
  out.print(
      "roof of this plan, {} and {} a step: {:.1f} img/s, {} of it reached (arithmetic alone: {:.1f} img/s, {})\n",
      human_count(b.flops) + "FLOP", human_bytes(b.bytes), roof, percent(100 * rate / roof, 1), arithmetic,
      percent(100 * rate / arithmetic, 1));
}

void report(const BenchArgs& args, const Streams& streams, const Measured& m, const Bound& bound, int64_t peak_bytes,
            const Output& out) {
  const Workload& work = *streams[0];
  const int64_t arena_bytes = args.streams * work.plan().memory().arena_bytes;
  const double compile_seconds = work.compile_seconds();
  const auto batch = static_cast<double>(args.work.compile.batch);
  const double rate = static_cast<double>(m.images) / m.seconds, flops = bound.flops / batch * rate;
  const double p50 = percentile(m.sorted_ms, 0.5), p90 = percentile(m.sorted_ms, 0.9),
               p99 = percentile(m.sorted_ms, 0.99);
  Json record = {{"model", args.work.model},
                 {"mode", args.mode},
                 {"batch", args.work.compile.batch},
                 {"dtype", dtype_word(args.work.compile.dtype)},
                 {"data", args.work.data.empty() ? "memory" : args.work.data},
                 {"isa", name_of(isa())},
                 {"processor", cpu_model()},
                 {"threads", threads()},
                 {"streams", args.streams},
                 {"steps", m.sorted_ms.size()},
                 {"seconds", m.seconds},
                 {"images_per_second", rate},
                 {"latency_ms_p50", p50},
                 {"latency_ms_p90", p90},
                 {"latency_ms_p99", p99},
                 {"latency_ms_min", m.sorted_ms.front()}};
  record["compile_ms"] = compile_seconds * 1e3;
  record["first_step_ms"] = m.first_step_seconds * 1e3;
  record["gflop_per_second"] = flops / 1e9;
  if (!args.work.data.empty()) record["data_wait_share"] = m.wait_share;
  record["arena_bytes"] = arena_bytes;
  record["peak_memory_bytes"] = peak_bytes;
  const double faults = static_cast<double>(m.page_faults) / static_cast<double>(m.sorted_ms.size());
  record["page_faults_per_step"] = faults;
  out.print("{:.1f} img/s ({} steps of {} in {:.1f} s, {:.1f} GFLOP/s)\n", rate, m.sorted_ms.size(),
            args.work.compile.batch, m.seconds, flops / 1e9);
  out.print("a step: median {:.2f} ms, 90 % {:.2f} ms, 99 % {:.2f} ms, fastest {:.2f} ms\n", p50, p90, p99,
            m.sorted_ms.front());
  out.print("the plan was compiled in {:.0f} ms, its first step took {:.0f} ms\n", compile_seconds * 1e3,
            m.first_step_seconds * 1e3);
  if (!args.work.data.empty()) out.print("waited for data {:.1f} % of the time\n", m.wait_share * 100);
  out.print("memory: {} at most, {} of it the arena; {:.1f} page faults a step\n",
            human_bytes(static_cast<double>(peak_bytes)), human_bytes(static_cast<double>(arena_bytes)), faults);
  report_roof(bound, batch, rate, record, out);
  out.record(record);
}

int run(BenchArgs& args, const Output& out) {
  CompileOptions& compile = args.work.compile;
  compile.mode = args.mode == "train" ? Mode::train : Mode::infer;
  compile.dtype = resolve_dtype(args.dtype);
  CHECK(args.streams == 1 || compile.mode == Mode::infer, "--streams ", args.streams, " is for --mode infer");
  CHECK(threads() % args.streams == 0, "--streams ", args.streams, ": ", threads(),
        " threads cannot be shared evenly among them; give --threads");
  const Streams streams = make_streams(args);
  const std::string in_streams = args.streams == 1 ? "" : " in " + std::to_string(args.streams) + " streams";
  out.log("{}, {}, batch {}, {}, {}{}, {}, input from {}\n", args.work.model, args.mode, compile.batch,
          dtype_word(compile.dtype), counted(threads(), "thread"), in_streams, name_of(isa()),
          args.work.data.empty() ? "memory" : args.work.data);
  const Measured measured = measure(streams, args, out);
  const int64_t peak_bytes = peak_memory_bytes();  // before the roofline is measured, which takes memory of its own
  report(args, streams, measured, bound_of(streams[0]->plan(), !args.no_cache, out), peak_bytes, out);
  return 0;
}

const RegisterCommand registered{{
    .name = "bench",
    .order = 60,
    .summary = "Measure images per second and the time of a step",
    .example =
        "  resnet bench --model cifar-resnet20 --mode train -b 128\n"
        "  resnet bench --model cifar-resnet20 --mode train -b 128 --data cifar-10-batches-bin --seconds 30 --json\n",
    .setup = [](CLI::App& app, const Output& out) -> std::function<int()> {
      auto args = std::make_shared<BenchArgs>();
      args->work.compile.batch = 128;
      app.add_option("--model", args->work.model, "A model's name")->type_name("NAME")->capture_default_str();
      choose_from(app.add_option("--mode", args->mode, "train (forward, backward, SGD) or infer"), {"train", "infer"})
          ->capture_default_str();
      add_batch_flag(app, args->work.compile.batch, "Pictures a step")->capture_default_str();
      app.add_option("--image-size", args->work.image_size, "Side of the input in pixels (default: the model's)")
          ->check(whole_number(1, 1 << 14))
          ->type_name("N");
      CLI::Option* seconds = app.add_option("--seconds", args->seconds, "How long to measure");
      seconds->check(number_from(1e-3))->type_name("S")->capture_default_str();
      app.add_option("--steps", args->steps, "Or how many steps to measure, of every stream")
          ->check(whole_number(1, 1 << 30))
          ->type_name("N")
          ->excludes(seconds);
      CLI::Option* data = app.add_option("--data", args->work.data,
                                         "Read pictures from here, so that loading them counts (default: memory)");
      data->type_name("DATA");
      app.add_option(
             "--streams", args->streams,
             "So many networks side by side, each on pictures of its own and with its share of the threads: the "
             "throughput of infer where a batch is too small for all threads")
          ->check(whole_number(1, 1024))
          ->type_name("N")
          ->capture_default_str()
          ->excludes(data);
      app.add_option("-j,--workers", args->work.workers,
                     "Threads that prepare pictures (default: 1 or 2 on idle processors, else those that compute)")
          ->check(whole_number(0, 1024))
          ->type_name("N");
      add_dtype_flag(app, args->dtype, /*inference=*/true);
      add_no_tune_flag(app, args->work.compile.tune);
      add_conv_flag(app, args->work.compile.conv);
      app.add_flag("--no-cache", args->no_cache,
                   "Measure the machine's roofline even if it is known, and keep nothing");
      add_device_flag(app);
      add_threads_flag(app);
      return [args, &out] { return run(*args, out); };
    },
}};

}  // namespace

}  // namespace resnet::cli
