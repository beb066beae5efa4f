// resnet reproduce: recipes, each with several seeds, become runs and one table beside the paper's figures.
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <set>
#include <sstream>

#include "cli/assets.h"
#include "cli/command.h"
#include "cli/commit.h"
#include "cli/common.h"
#include "cli/reproduction.h"
#include "cli/train_output.h"
#include "cli/train_start.h"
#include "core/check.h"
#include "core/counted.h"
#include "core/cpu.h"
#include "core/parallel.h"
#include "io/atomic_file.h"
#include "train/recipe.h"

namespace resnet::cli {

namespace {

namespace fs = std::filesystem;

struct ReproduceArgs {
  std::vector<std::string> list, set;
  std::string seeds = "1,2,3", output_dir = "results";
  std::optional<std::string> data;
  std::optional<int> workers;
  bool no_tune = false;
};

struct Job {
  Reproduction run;
  TrainConfig config;
};

/// Words of a file, a line each; what follows a # is left out.
std::vector<std::string> lines_of(const std::string& path) {
  std::istringstream in(read_text_file(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    line.erase(std::min(line.find('#'), line.size()));
    line.erase(0, line.find_first_not_of(" \t"));
    line.erase(line.find_last_not_of(" \t\r") + 1);
    if (!line.empty()) lines.push_back(line);
  }
  CHECK(!lines.empty(), path, " names no recipe; a list has one a line");
  return lines;
}

std::vector<std::string> recipes_of(const ReproduceArgs& args) {
  std::vector<std::string> recipes;
  for (const std::string& word : args.list) {
    const bool is_list = fs::is_regular_file(word) && !word.ends_with(".toml");
    for (const std::string& name : is_list ? lines_of(word) : std::vector{word}) recipes.push_back(find_recipe(name));
  }
  return recipes;
}

std::vector<uint64_t> parse_seeds(const std::string& text) {
  std::vector<uint64_t> seeds;
  std::istringstream in(text + ",");
  for (std::string word; std::getline(in, word, ',');) {
    uint64_t seed = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), seed);
    const bool whole = error == std::errc() && end == word.data() + word.size() && seed < (uint64_t{1} << 62);
    if (!whole || std::find(seeds.begin(), seeds.end(), seed) != seeds.end()) return {};
    seeds.push_back(seed);
  }
  return seeds;
}

std::string check_seeds(const std::string& text) {
  return parse_seeds(text).empty() ? join("must be different whole numbers with commas between, not '", text, "'") : "";
}

// "recipes/cifar10/resnet20.toml" -> "cifar10-resnet20"
std::string name_of_recipe(const fs::path& path) {
  const std::string folder = path.parent_path().filename().string(), stem = path.stem().string();
  return folder.empty() || folder == "." || folder == ".." ? stem : folder + "-" + stem;
}

TrainConfig config_of(const ReproduceArgs& args, const std::string& recipe) {
  TrainConfig config = load_recipe(recipe);
  if (args.data) config.data = *args.data;
  if (args.workers) config.workers = *args.workers;
  config.tune = !args.no_tune;
  for (const std::string& item : args.set) set_from(config, item);
  validate(config);
  check_names(config);
  return config;
}

// Everything that can be wrong with a recipe is found before the first one runs.
std::vector<Job> plan(const ReproduceArgs& args) {
  std::vector<Job> jobs;
  std::set<std::string> folders;
  for (const std::string& recipe : recipes_of(args)) {
    const TrainConfig config = config_of(args, recipe);
    for (const uint64_t seed : parse_seeds(args.seeds)) {
      Job job;
      job.run.recipe = name_of_recipe(recipe);
      job.run.seed = seed;
      job.run.expect = config;
      job.config = config;
      CHECK(folders.insert(job.run.folder()).second, recipe, ": '", job.run.recipe,
            "' is in the list already; recipes are told apart by their folder and name");
      job.config.seed = seed;
      job.config.output_dir = args.output_dir + "/" + job.run.folder();
      jobs.push_back(std::move(job));
    }
  }
  return jobs;
}

std::string result_path(const Job& job) { return job.config.output_dir + "/result.json"; }

/// True where the run has been done to its end. Throws Error where it has been done with other settings.
bool is_finished(const Job& job) {
  const std::string stored = job.config.output_dir + "/config.toml";
  if (!fs::exists(result_path(job)) || !fs::exists(stored)) return false;
  const TrainConfig then = load_recipe(stored);
  const std::string changed = changed_settings(job.config, then);
  CHECK(changed.empty(), job.config.output_dir, " holds a finished run of other settings: ", changed,
        "; give another --output-dir, or remove that folder");
  return then.steps == job.config.steps && then.epochs == job.config.epochs;
}

bool run_job(Job& job, const Output& out) {
  job.config.resume = fs::exists(job.config.output_dir + "/last.safetensors");
  const std::string& folder = job.config.output_dir;
  CHECK(!fs::exists(folder) || fs::exists(folder + "/config.toml") || fs::is_empty(folder), folder,
        " holds files that are no run's; give another --output-dir");
  out.log("\n{}, seed {}: {}\n", job.run.recipe, job.run.seed, job.config.resume ? "goes on" : "begins");
  TrainLog log(job.config, out);
  const TrainResult result = train(job.config, [&](const Progress& p) { log.update(p); });
  log.finish(result);
  if (result.interrupted) return false;
  Reproduction& run = job.run;
  run.steps = result.step;
  run.target_step = result.target_step;
  run.ours = 100 - result.eval.top1;
  run.seconds = std::stod(result.checkpoint.state.at("seconds"));
  run.machine = fmt::format("{}, {}, {}, {}", cpu_model(), name_of(isa()), name_of(resolve_dtype(job.config.dtype)),
                            counted(threads(), "thread"));
  run.commit = build_commit();
  write_file_atomically(result_path(job), to_json(run).dump(2) + "\n");
  return true;
}

void write_where_new(const std::string& path, const std::string& text) {
  if (!fs::exists(path) || read_text_file(path) != text) write_file_atomically(path, text);
}

void write_tables(const std::string& folder) {
  const std::vector<Reproduction> runs = finished_runs(folder);
  if (runs.empty()) return;
  write_where_new(folder + "/reproduce.md", markdown_table(runs));
  write_where_new(folder + "/reproduce.csv", csv_table(runs));
}

struct Count {
  int finished = 0, before = 0, failed = 0;
};

// Goes through the jobs until a signal comes. A run that fails leaves the others alone.
Count run_all(std::vector<Job>& jobs, const std::string& folder, const Output& out) {
  Count count;
  for (Job& job : jobs) {
    if (caught_signal() != 0) break;
    try {
      if (is_finished(job)) {
        ++count.before;
        continue;
      }
      count.finished += run_job(job, out);
    } catch (const Error& error) {
      ++count.failed;
      out.error(join(job.run.recipe, ", seed ", job.run.seed, ": ", error.what()));
    }
    write_tables(folder);
  }
  write_tables(folder);
  return count;
}

int run(const ReproduceArgs& args, const Output& out) {
  std::vector<Job> jobs = plan(args);
  std::error_code ignored;
  fs::create_directories(args.output_dir, ignored);
  CHECK(fs::is_directory(args.output_dir), "--output-dir ", args.output_dir, " is no folder and cannot be made one");
  catch_signals(out.quiet);
  const Count count = run_all(jobs, args.output_dir, out);
  const int left = static_cast<int>(jobs.size()) - count.finished - count.before - count.failed;
  Json rows = Json::array();
  for (const Reproduction& r : finished_runs(args.output_dir)) rows.push_back(to_json(r));
  out.record({{"event", "reproduced"},
              {"finished", count.finished},
              {"finished_before", count.before},
              {"failed", count.failed},
              {"left", left},
              {"runs", rows}});
  out.print("\n{} runs: {} finished now, {} before, {} failed, {} left to do\n", jobs.size(), count.finished,
            count.before, count.failed, left);
  if (!rows.empty()) out.print("{0}/reproduce.md and {0}/reproduce.csv have the table\n", args.output_dir);
  if (left > 0) out.print("the same command goes on where it stopped\n");
  if (caught_signal() != 0) return 128 + caught_signal();
  return count.failed > 0 ? 1 : 0;
}

void add_flags(CLI::App& app, ReproduceArgs& args) {
  app.add_option("LIST", args.list, "Recipes (files or short names), or text files that name one a line")
      ->required()
      ->type_name("");
  app.add_option("--seeds", args.seeds, "Every recipe runs once with each")
      ->check(CLI::Validator(check_seeds, ""))
      ->type_name("N,N,…")
      ->capture_default_str();
  app.add_option("--output-dir", args.output_dir, "Where the runs and the table go")
      ->type_name("DIR")
      ->capture_default_str();
  app.add_option("--data", args.data, "A folder of data, or synthetic:, instead of the recipes' own")
      ->type_name("DATA");
  app.add_option("-j,--workers", args.workers,
                 "Threads that prepare pictures (default: 1 or 2 on idle processors; 0: those that compute)")
      ->check(whole_number(0, 1024))
      ->type_name("N");
  app.add_flag("--no-tune", args.no_tune, kNoTuneHelp);
  add_set_flag(app, args.set);
}

const RegisterCommand registered{{
    .name = "reproduce",
    .order = 75,
    .summary = "Run recipes with several seeds and compare with the paper",
    .example = "  resnet reproduce cifar10/resnet20 cifar10/resnet56 --data cifar-10-batches-bin\n"
               "  resnet reproduce table6.txt --seeds 1,2,3,4,5 --output-dir results\n",
    .setup = [](CLI::App& app, const Output& out) -> std::function<int()> {
      auto args = std::make_shared<ReproduceArgs>();
      add_flags(app, *args);
      add_threads_flag(app);
      return [args, &out] { return run(*args, out); };
    },
}};

}  // namespace

}  // namespace resnet::cli
