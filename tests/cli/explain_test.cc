// info, plan and bench: what they say about machines, models and plans.
#include "cli/program.h"

namespace resnet::cli_test {
namespace {

TEST(Info, DescribesTheMachine) {
  const nlohmann::json info = resnet_program("info --json").record();
  EXPECT_TRUE(info.at("processor").is_string());
  EXPECT_GE(info.at("threads").get<int>(), 1);
  EXPECT_FALSE(info.at("backends").at("cuda").get<bool>());
  EXPECT_EQ(resnet_program("info --json", "RESNET_ISA=generic").record().at("isa_used"), "generic");
  EXPECT_EQ(resnet_program("info --json", "RESNET_ISA=generic").record().at("default_dtype"), "f32");
}

// Table 6 and section 4.2 of the paper: 0.27 M parameters; its 20 layers with weights.
TEST(Info, CountsAModel) {
  const nlohmann::json info = resnet_program("info cifar-resnet20 --json").record();
  EXPECT_EQ(info.at("parameters"), 269722);
  EXPECT_EQ(info.at("depth"), 20);
  EXPECT_EQ(info.at("train_batch"), 128);
  EXPECT_GT(info.at("train_memory_bytes"), info.at("train_arena_bytes"));
  EXPECT_LT(info.at("train_arena_bytes"), info.at("train_arena_bytes_no_reuse"));
  int64_t parameters = 0, multiply_adds = 0;
  for (const auto& layer : info.at("layers")) {
    parameters += layer.at("parameters").get<int64_t>();
    multiply_adds += layer.at("multiply_adds").get<int64_t>();
  }
  EXPECT_EQ(parameters, info.at("parameters"));
  EXPECT_EQ(multiply_adds, info.at("multiply_adds"));
  const Outcome text = resnet_program("info cifar-resnet20");
  EXPECT_NE(text.out.find("269,722"), std::string::npos) << text.out;
  EXPECT_EQ(resnet_program("info resnet50 --json").record().at("depth"), 50);
}

// A row of the paper's Table 1.
TEST(Info, FoldsBlocksIntoStages) {
  const nlohmann::json stages = resnet_program("info resnet50-v1 --json").record().at("stages");
  ASSERT_EQ(stages.size(), 8u);  // conv1, maxpool, layer1 to layer4, avgpool, fc
  EXPECT_EQ(stages[3].at("name"), "layer2");
  EXPECT_EQ(stages[3].at("layers"), "[1x1, 128; 3x3, 128; 1x1, 512] x4");
  EXPECT_EQ(stages[3].at("output_shape"), "28x28x512");
  const nlohmann::json vgg = resnet_program("info vgg11 --json").record().at("stages");
  EXPECT_EQ(vgg[0].at("layers"), "3x3, 64; 2x2/2 max pool");
  EXPECT_EQ(vgg.back().at("layers"), "4096-d fc; 4096-d fc; 1000-d fc");
}

TEST(Plan, ListsStepsAndTimesThem) {
  const std::string model = "plan cifar-resnet8 --json ";
  const nlohmann::json plain = resnet_program(model + "--mode train --batch 4 --dtype f32").record();
  EXPECT_EQ(plain.at("dtype"), "f32");
  EXPECT_GT(plain.at("arena_bytes_no_reuse"), plain.at("arena_bytes"));
  for (const auto& step : plain.at("steps")) {
    EXPECT_FALSE(step.at("kernel").get<std::string>().empty());
    EXPECT_FALSE(step.contains("forward_ms"));
  }
  const nlohmann::json timed = resnet_program(model + "--profile --seconds 0.05 --no-cache").record();
  EXPECT_GT(timed.at("roof_share"), 0);
  double share = 0;
  for (const auto& step : timed.at("steps")) share += step.at("time_share").get<double>();
  EXPECT_NEAR(share, 1, 1e-6);
  EXPECT_LT(timed.at("steps").size(), resnet_program(model + "--no-fuse").record().at("steps").size());
}

TEST(Bench, MeasuresSteps) {
  const TempFolder cache;
  const std::string flags = "bench --json --model cifar-resnet8 -b 8 --steps 3 --mode ",
                    home = "XDG_CACHE_HOME=" + cache.path();
  for (const std::string mode : {"train", "infer"}) {
    const nlohmann::json bench = resnet_program(flags + mode, home).record();
    EXPECT_EQ(bench.at("steps"), 3);
    EXPECT_GT(bench.at("images_per_second"), 0);
    EXPECT_GT(bench.at("compile_ms"), 0);
    EXPECT_GT(bench.at("first_step_ms"), 0);
    EXPECT_GE(bench.at("latency_ms_p99"), bench.at("latency_ms_p50"));
    EXPECT_GT(bench.at("peak_memory_bytes"), 1 << 20);
  }
  const nlohmann::json fed = resnet_program(flags + "train --data synthetic:train=100,val=10", home).record();
  EXPECT_GE(fed.at("data_wait_share"), 0);
}

TEST(Bench, RunsStreamsSideBySide) {
  const TempFolder cache;
  const std::string flags = "bench --json --model cifar-resnet8 -b 1 --steps 20 --threads 2 ",
                    home = "XDG_CACHE_HOME=" + cache.path();
  for (const std::string dtype : {"f32", "int8"}) {
    const nlohmann::json bench = resnet_program(flags + "--mode infer --streams 2 --dtype " + dtype, home).record();
    EXPECT_EQ(bench.at("streams"), 2);
    EXPECT_EQ(bench.at("threads"), 2);
    EXPECT_EQ(bench.at("steps"), 40);  // those of both
  }
  for (const auto& [wrong, why] :
       {std::pair("--mode train --streams 2", "--mode infer"), {"--mode infer --streams 3", "2 threads"}}) {
    const Outcome run = resnet_program(flags + wrong, home);
    EXPECT_EQ(run.status, 1);
    EXPECT_NE(run.err.find(why), std::string::npos) << run.err;
  }
}

TEST(Bench, StatesItsShareOfTheRooflineAndKeepsTheRoofline) {
  const TempFolder cache;
  const std::string flags = "bench --json --model cifar-resnet8 --mode infer -b 8 --steps 3 --dtype f32",
                    home = "XDG_CACHE_HOME=" + cache.path(), file = cache / "resnet/roofline.json";
  const nlohmann::json first = resnet_program(flags + " --no-cache", home).record();
  EXPECT_FALSE(fs::exists(file));
  const double rate = first.at("images_per_second"), roof = first.at("roof_images_per_second");
  EXPECT_GT(roof, 0);
  EXPECT_NEAR(first.at("roof_share").get<double>(), rate / roof, 1e-6 * rate / roof);
  const nlohmann::json kept = resnet_program(flags, home).record();
  ASSERT_TRUE(fs::exists(file));
  EXPECT_EQ(resnet_program(flags, home).record().at("machine"), kept.at("machine"));
  write_file(file, "not a cache");
  EXPECT_GT(resnet_program(flags, home).record().at("machine").at("gflop_per_second"), 0);
}

}  // namespace
}  // namespace resnet::cli_test
