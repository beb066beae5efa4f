// The life of a run from the command line: train, look, use, report, resume. One test, because every step needs the last.
#include "cli/program.h"

namespace resnet::cli_test {
namespace {

constexpr const char* kTrain =
    "train --json --model cifar-resnet8 --data synthetic:train=64,val=32,classes=4 -b 16 --dtype f32 --lr 0.05 --set "
    "seed=3 ";

void expect_trained(const TempFolder& folder, const std::string& run_folder) {
  const Outcome run = resnet_program(kTrain + ("--steps 2 --output-dir " + run_folder));
  ASSERT_EQ(run.status, 0) << run.err;
  const nlohmann::json result = run.records().back();
  EXPECT_EQ(result.at("event"), "result");
  EXPECT_EQ(result.at("step"), 2);
  EXPECT_FALSE(result.at("interrupted").get<bool>());
  EXPECT_TRUE(result.at("top1").is_number());
  EXPECT_NE(run.err.find("optimizer.lr"), std::string::npos) << "the settings are shown";
  EXPECT_NE(run.err.find("predict --weights"), std::string::npos) << "the next commands are proposed";
  for (const char* file : {"config.toml", "metrics.csv", "last.safetensors", "best.safetensors"})
    EXPECT_TRUE(fs::exists(run_folder + "/" + file)) << file;
  const Outcome again = resnet_program(kTrain + ("--steps 2 --output-dir " + run_folder));
  EXPECT_EQ(again.status, 1);
  EXPECT_NE(again.err.find("--resume"), std::string::npos) << again.err;
  EXPECT_EQ(resnet_program("train --resume --output-dir " + (folder / "nothing")).status, 1);
}

void expect_evaluates(const std::string& weights) {
  const std::string command = "eval --data synthetic:train=64,val=32,classes=4 --dtype f32 --weights " + weights;
  const nlohmann::json eval = resnet_program(command + " --json --quiet").record();
  EXPECT_EQ(eval.at("samples"), 32);
  EXPECT_EQ(eval.at("classes").size(), 4u);
  int64_t all = 0;
  for (const auto& row : eval.at("confusion"))
    for (int64_t n : row) all += n;
  EXPECT_EQ(all, 32);
  EXPECT_GE(eval.at("top5"), eval.at("top1"));
  const Outcome text = resnet_program(command);
  EXPECT_NE(text.out.find("true \\ predicted"), std::string::npos) << text.out;
}

void expect_predicts(const TempFolder& folder, const std::string& weights) {
  ASSERT_EQ(resnet_program("data synthesize " + (folder / "pictures") + " --count 4 --classes 4").status, 0);
  write_file(folder / "pictures/val/broken.png", "no picture");
  const std::string pictures = (folder / "pictures/train/horizontal_stripes") + " " +
                               (folder / "pictures/val/broken.png") + " " +
                               (folder / "pictures/train/vertical_stripes");
  const Outcome run = resnet_program("predict --json --top 2 --weights " + weights + " " + pictures);
  EXPECT_EQ(run.status, 1) << "one picture is broken";
  const auto records = run.records();
  ASSERT_EQ(records.size(), 3u) << run.out << run.err;
  EXPECT_EQ(records[0].at("predictions").size(), 2u);
  EXPECT_TRUE(records[1].contains("error"));
  EXPECT_EQ(records[2].at("predictions").size(), 2u);
  EXPECT_NE(run.err.find("broken.png"), std::string::npos);
  const Outcome good =
      resnet_program("predict --weights " + weights + " " + (folder / "pictures/train/vertical_stripes"));
  EXPECT_EQ(good.status, 0) << good.err;
  EXPECT_NE(good.out.find(" %  "), std::string::npos) << good.out;
}

void expect_explains(const std::string& run_folder) {
  const nlohmann::json info = resnet_program("info --json " + run_folder + "/last.safetensors").record();
  EXPECT_EQ(info.at("model"), "cifar-resnet8");
  EXPECT_EQ(info.at("classes").size(), 4u);
  EXPECT_TRUE(info.at("resumable").get<bool>());
}

void expect_reports(const TempFolder& folder, const std::string& run_folder) {
  const std::string page = folder / "report.html";
  EXPECT_EQ(resnet_program("report " + run_folder + " -o " + page).status, 0);
  const std::string html = read_file(page);
  EXPECT_NE(html.find("<svg"), std::string::npos);
  EXPECT_NE(html.find("cifar-resnet8"), std::string::npos);
}

TEST(Life, TrainEvaluatePredictReportResume) {
  const TempFolder folder;
  const std::string run_folder = folder / "first run";  // with a space
  const std::string quoted = "'" + run_folder + "'";
  expect_trained(folder, folder / "run");
  ASSERT_EQ(resnet_program(kTrain + ("--steps 4 --output-dir " + quoted)).status, 0);
  expect_evaluates(folder / "run/best.safetensors");
  expect_predicts(folder, folder / "run/best.safetensors");
  expect_explains(folder / "run");
  expect_reports(folder, folder / "run");
  const Outcome resumed = resnet_program("train --json --quiet --resume --steps 4 --output-dir " + (folder / "run"));
  EXPECT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_EQ(resumed.err, "");
  EXPECT_EQ(resumed.records().back().at("step"), 4);
}

TEST(Life, ASignalSavesAndSaysHowToGoOn) {
  const TempFolder folder;
  const std::string run_folder = folder / "run";
  const std::string command = "'" RESNET_PROGRAM "' " + std::string(kTrain) + "--steps 1000000 --output-dir " +
                              run_folder + " > " + (folder / "out") + " 2> " + (folder / "err") + " & pid=$!; " +
                              "for i in $(seq 200); do sleep 0.1; grep -q epoch " + (folder / "out") +
                              " && break; done; kill -TERM $pid; wait $pid";
  const int status = std::system(command.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGTERM) << read_file(folder / "err");
  EXPECT_NE(read_file(folder / "out").find("\"interrupted\":true"), std::string::npos);
  EXPECT_TRUE(fs::exists(run_folder + "/last.safetensors"));
}

}  // namespace
}  // namespace resnet::cli_test
