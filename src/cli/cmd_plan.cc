// resnet plan: how a network will be computed: every step with its kernel, shapes, bytes and work, and, where a better
// kernel was not taken, why. With --profile the steps are timed and compared with this machine's roofline.
#include <algorithm>
#include <chrono>

#include "cli/command.h"
#include "cli/common.h"
#include "cli/plan_picture.h"
#include "cli/roofline_cache.h"
#include "cli/text.h"
#include "cli/workload.h"
#include "core/check.h"
#include "core/counted.h"
#include "core/parallel.h"

namespace resnet::cli {

namespace {

using Clock = std::chrono::steady_clock;

struct PlanArgs {
  WorkloadOptions work;
  std::string mode = "infer", dtype = "auto", svg;
  bool profile = false, no_fuse = false, no_cache = false;
  double seconds = 3;
};

// Runs the plan for about `seconds`, at least twice. Returns the number of runs.
int64_t profile(Workload& work, double seconds) {
  work.step();  // warm-up
  work.plan().profile(true);
  const Clock::time_point end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  int64_t runs = 0;
  for (; runs < 2 || Clock::now() < end; ++runs) work.step();
  return runs;
}

struct Totals {
  double flops = 0, bytes = 0, seconds = 0;
};

// What was measured with --profile.
struct Profiled {
  int64_t runs = 0;
  Roofline roof;
};

double seconds_of(const StepInfo& s) { return s.forward_seconds + s.backward_seconds; }
double bytes_of(const StepInfo& s) { return static_cast<double>(s.forward_bytes + s.backward_bytes); }

Totals totals_of(const std::vector<StepInfo>& steps) {
  Totals t;
  for (const StepInfo& s : steps) {
    t.flops += flops_of(s);
    t.bytes += bytes_of(s);
    t.seconds += seconds_of(s);
  }
  return t;
}

double share(double part, double whole) { return whole > 0 ? part / whole : 0; }

double images_per_second(const PlanArgs& args, const Totals& totals) {
  return share(static_cast<double>(args.work.compile.batch), totals.seconds);
}

Json shape_json(const Shape& shape) {
  Json list = Json::array();
  for (int axis = 0; axis < shape.rank(); ++axis) list.push_back(shape[axis]);
  return list;
}

Json step_json(const StepInfo& s, bool train, const Totals& totals, const Profiled* profiled) {
  Json inputs = Json::array();
  for (const Shape& x : s.x) inputs.push_back(shape_json(x));
  Json step = {{"name", s.name},
               {"op", s.op},
               {"attributes", s.attributes},
               {"kernel", s.kernel},
               {"why", s.why},
               {"input_shapes", inputs},
               {"output_shape", shape_json(s.y)},
               {"repeated", s.repeated},
               {"multiply_adds", s.multiply_adds},
               {"flops", flops_of(s)},
               {"forward_bytes", s.forward_bytes},
               {"backward_bytes", s.backward_bytes}};
  if (profiled != nullptr) {
    step["forward_ms"] = s.forward_seconds * 1e3;
    if (train) step["backward_ms"] = s.backward_seconds * 1e3;
    step["time_share"] = share(seconds_of(s), totals.seconds);
    step["roof_ms"] = least_seconds(profiled->roof, s) * 1e3;
    step["roof_share"] = share(least_seconds(profiled->roof, s), seconds_of(s));
  }
  return step;
}

void record(const Plan& plan, const PlanArgs& args, const Profiled* profiled, const Output& out) {
  const bool train = args.work.compile.mode == Mode::train;
  const std::vector<StepInfo> steps = plan.steps();
  const Totals totals = totals_of(steps);
  const PlanMemory memory = plan.memory();
  Json list = Json::array();
  for (const StepInfo& s : steps) list.push_back(step_json(s, train, totals, profiled));
  Json result = {{"model", args.work.model},
                 {"mode", args.mode},
                 {"batch", args.work.compile.batch},
                 {"dtype", dtype_word(args.work.compile.dtype)},
                 {"threads", threads()},
                 {"flops", totals.flops},
                 {"traffic_bytes", totals.bytes},
                 {"arena_bytes", memory.arena_bytes},
                 {"arena_bytes_no_reuse", memory.arena_bytes_no_reuse},
                 {"parameter_bytes", memory.parameter_bytes},
                 {"gradient_bytes", memory.gradient_bytes}};
  if (train) {
    result["training_bytes"] = memory.training_bytes();
    result["parts"] = memory.parts;
  }
  if (profiled != nullptr) {
    const double least = least_seconds(profiled->roof, steps);
    result["runs"] = profiled->runs;
    result["latency_ms_mean"] = totals.seconds * 1e3;
    result["images_per_second"] = images_per_second(args, totals);
    result["roof_ms"] = least * 1e3;
    result["roof_share"] = share(least, totals.seconds);
    result["machine"] = to_json(profiled->roof);
  }
  result["steps"] = list;
  out.record(result);
}

std::vector<Table::Column> columns_of(const PlanArgs& args, bool train) {
  std::vector<Table::Column> columns = {{"step", Table::Align::left},
                                        {"op", Table::Align::left},
                                        {"attributes", Table::Align::left},
                                        {"output", Table::Align::left},
                                        {"kernel", Table::Align::left},
                                        {"FLOP"},
                                        {"bytes"}};
  if (!args.profile) return columns;
  columns.push_back({"forward"});
  if (train) columns.push_back({"backward"});
  for (const char* title : {"share", "GFLOP/s", "GB/s", "of roof"}) columns.push_back({title});
  return columns;
}

std::string milliseconds(double seconds) { return fmt::format("{:.3f} ms", seconds * 1e3); }

std::vector<std::string> row_of(const StepInfo& s, bool train, const Totals& totals, const Profiled* profiled) {
  const double flops = flops_of(s), bytes = bytes_of(s);
  std::vector<std::string> row = {
      s.name, s.op, s.attributes, s.y.str(), s.kernel, flops == 0 ? "" : human_count(flops), human_bytes(bytes)};
  if (profiled == nullptr) return row;
  const double seconds = seconds_of(s);
  const auto rate = [&](double amount) {
    return seconds > 0 && amount > 0 ? fmt::format("{:.1f}", amount / seconds / 1e9) : "";
  };
  row.push_back(milliseconds(s.forward_seconds));
  if (train) row.push_back(milliseconds(s.backward_seconds));
  row.push_back(percent(100 * share(seconds, totals.seconds), 1));
  row.push_back(rate(flops));
  row.push_back(rate(bytes));
  row.push_back(percent(100 * share(least_seconds(profiled->roof, s), seconds), 0));
  return row;
}

void show_memory(const Plan& plan, const Output& out) {
  const PlanMemory memory = plan.memory();
  const bool train = plan.options().mode == Mode::train;
  const auto bytes = [](int64_t n) { return human_bytes(static_cast<double>(n)); };
  out.print("memory: arena {} with buffers reused, {} without; weights {}{}\n", bytes(memory.arena_bytes),
            bytes(memory.arena_bytes_no_reuse), bytes(memory.parameter_bytes),
            train ? join(", gradients (in the arena) ", bytes(memory.gradient_bytes), "; with momentum ",
                         bytes(memory.training_bytes()), " in all")
                  : "");
  if (memory.parts == 1) return;
  const std::vector<StepInfo> steps = plan.steps();
  const auto repeated = std::count_if(steps.begin(), steps.end(), [](const StepInfo& s) { return s.repeated; });
  out.print("checkpointing: {} parts; {} steps are computed again in backward, which counts as time, not as work\n",
            memory.parts, repeated);
}

void show(const Plan& plan, const PlanArgs& args, const Profiled* profiled, const Output& out) {
  const bool train = args.work.compile.mode == Mode::train;
  const std::vector<StepInfo> steps = plan.steps();
  const Totals totals = totals_of(steps);
  Table table(columns_of(args, train));
  for (const StepInfo& s : steps) {
    table.row(row_of(s, train, totals, profiled));
    if (!s.why.empty()) table.note("why: " + s.why);
  }
  out.print("{}\n", table.str());
  out.print("{} steps, {} FLOP, {} read and written\n", steps.size(), human_count(totals.flops),
            human_bytes(totals.bytes));
  show_memory(plan, out);
  if (profiled == nullptr) return;
  out.print("time: {} a run (mean of {}), {:.1f} img/s, {:.1f} GFLOP/s, {:.1f} GB/s, {}\n",
            milliseconds(totals.seconds), profiled->runs, images_per_second(args, totals),
            totals.flops / totals.seconds / 1e9, totals.bytes / totals.seconds / 1e9, counted(threads(), "thread"));
  const double least = least_seconds(profiled->roof, steps);
  out.print("machine: {}\nroof of these steps: {} a run, {} of it reached\n", describe(profiled->roof),
            milliseconds(least), percent(100 * share(least, totals.seconds), 1));
}

int run(PlanArgs& args, const Output& out) {
  CompileOptions& compile = args.work.compile;
  compile.mode = args.mode == "train" ? Mode::train : Mode::infer;
  compile.dtype = resolve_dtype(args.dtype);
  compile.fuse = !args.no_fuse;
  CHECK(args.work.freeze.empty() || compile.mode == Mode::train, "--freeze is about training: give --mode train");
  Workload work(args.work);
  out.log("{}, batch {}, {}, {}, backend {}\n\n", args.work.model, compile.batch, args.mode, dtype_word(compile.dtype),
          compile.backend);
  Profiled measured;
  if (args.profile) measured = {profile(work, args.seconds), roofline(compile.dtype, !args.no_cache, out)};
  const Profiled* profiled = args.profile ? &measured : nullptr;
  if (!args.svg.empty()) {
    const std::string title = join(args.work.model, ", batch ", compile.batch, ", ", args.mode, ", ",
                                   dtype_word(compile.dtype), ", ", counted(threads(), "thread"));
    write_output(args.svg, plan_picture(title, work.plan().steps(), measured.roof));
    out.log("the picture is in {}\n", args.svg);
  }
  record(work.plan(), args, profiled, out);
  show(work.plan(), args, profiled, out);
  return 0;
}

const RegisterCommand registered{{
    .name = "plan",
    .order = 50,
    .summary = "Show how a network is computed, step by step, and time the steps",
    .example = "  resnet plan cifar-resnet20 --batch 128 --mode train --profile --svg time.svg\n",
    .setup = [](CLI::App& app, const Output& out) -> std::function<int()> {
      auto args = std::make_shared<PlanArgs>();
      app.add_option("MODEL", args->work.model, "A model's name")->required()->type_name("");
      choose_from(app.add_option("--mode", args->mode, "infer or train"), {"train", "infer"})->capture_default_str();
      add_batch_flag(app, args->work.compile.batch, "Pictures at a time")->capture_default_str();
      app.add_option("--image-size", args->work.image_size, "Side of the input in pixels (default: the model's)")
          ->check(whole_number(1, 1 << 14))
          ->type_name("N");
      CLI::Option* profile = app.add_flag("--profile", args->profile, "Run the plan and time every step");
      app.add_option("--svg", args->svg, "With --profile: a picture of where the time goes")
          ->type_name("FILE")
          ->needs(profile);
      app.add_option("--seconds", args->seconds, "How long to profile")
          ->check(number_from(1e-3))
          ->type_name("S")
          ->capture_default_str();
      app.add_flag("--no-cache", args->no_cache,
                   "With --profile: measure the machine's roofline even if it is known, and keep nothing");
      app.add_flag("--no-fuse", args->no_fuse, "Without the fusion passes, one step a node");
      choose_from(app.add_option("--backend", args->work.compile.backend, "cpu, or ref for the slow oracle"),
                  {"cpu", "ref"})
          ->capture_default_str();
      add_memory_flags(app, args->work.compile);
      app.add_option("--freeze", args->work.freeze, "With --mode train: the stages up to this one are not trained")
          ->type_name("STAGE");
      add_dtype_flag(app, args->dtype, /*inference=*/true);
      add_no_tune_flag(app, args->work.compile.tune);
      add_conv_flag(app, args->work.compile.conv);
      add_device_flag(app);
      add_threads_flag(app);
      return [args, &out] { return run(*args, out); };
    },
}};

}  // namespace

}  // namespace resnet::cli
