// resnet explain as a user calls it, with good and bad input.
#include "cli/program.h"

namespace resnet::cli_test {
namespace {

// A tiny trained network and a picture, made once.
struct Trained {
  TempFolder folder;
  std::string weights = folder / "run/best.safetensors", picture = folder / "pictures/val/0/0.png";
  Trained() {
    resnet_program(
        "train --model cifar-resnet8 --data synthetic:train=64,val=16 --epochs 1 -b 16 --dtype f32 --quiet "
        "--output-dir " +
        folder / "run");
    resnet_program("data synthesize " + folder / "pictures" + " --count 4 --val 2 --classes 2 --quiet");
    for (const auto& entry : fs::recursive_directory_iterator(folder / "pictures"))
      if (entry.path().extension() == ".png") picture = entry.path().string();
  }
};

const Trained& trained() {
  static const Trained t;
  return t;
}

constexpr const char* kData = " --data synthetic:train=16,val=16 ";

void expect_refused(const std::string& args, int status, const std::string& mentioned) {
  const Outcome run = resnet_program(args);
  EXPECT_EQ(run.status, status) << args << "\n" << run.err;
  EXPECT_NE(run.err.find(mentioned), std::string::npos) << args << "\n" << run.err;
  EXPECT_EQ(run.out, "") << args;
}

TEST(ExplainResponses, WritesTableCsvAndPicture) {
  TempFolder folder;
  const std::string csv = folder / "r.csv", svg = folder / "r.svg";
  const Outcome run = resnet_program("explain responses --json --weights " + trained().weights + " " +
                                     trained().weights + kData + "--order sorted --csv " + csv + " --svg " + svg);
  ASSERT_EQ(run.status, 0) << run.err;
  const auto records = run.records();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].at("run"), "run");
  EXPECT_EQ(records[1].at("run"), "run-2");
  EXPECT_EQ(records[0].at("layers").size(), 7u);
  EXPECT_EQ(records[0].at("layers")[0].at("rank"), 1);
  const std::string text = read_file(csv);
  EXPECT_EQ(text.rfind("run,layer,index,std\nrun,", 0), 0u) << text;
  EXPECT_EQ(line_count(text), 15u);
  EXPECT_NE(read_file(svg).find("prefers-color-scheme: dark"), std::string::npos);
  EXPECT_NE(resnet_program("explain responses --weights " + trained().weights + kData).out.find("layer1.0.conv1"),
            std::string::npos);
}

TEST(ExplainResponses, RefusesBadInput) {
  TempFolder folder;
  write_file(folder / "text.safetensors", "these are no weights");
  expect_refused(std::string("explain responses") + kData, 2, "--weights");
  expect_refused("explain responses --weights " + trained().weights, 2, "--data");
  expect_refused("explain responses --weights " + folder / "none.safetensors" + kData, 1, "none.safetensors");
  expect_refused("explain responses --weights " + folder / "text.safetensors" + kData, 1, "text.safetensors");
  expect_refused("explain responses --weights " + trained().weights + " --data " + folder.path(), 1, folder.path());
  expect_refused("explain responses --weights " + trained().weights + kData + "--pictures 0", 2, "--pictures");
  expect_refused("explain responses --weights " + trained().weights + kData + "--order upward", 2,
                 "did you mean 'sorted'?");
  expect_refused("explain responses --weights " + trained().weights + kData + "--csv " + folder / "no/such/r.csv", 1,
                 "r.csv");
  expect_refused("explain respones", 2, "did you mean 'responses'?");
}

TEST(ExplainGradCam, WritesAPictureOfTheSameSize) {
  TempFolder folder;
  const std::string png = folder / "seen.png";
  const Outcome run =
      resnet_program("explain gradcam " + trained().picture + " --json --weights " + trained().weights + " -o " + png);
  ASSERT_EQ(run.status, 0) << run.err;
  const nlohmann::json record = run.record();
  EXPECT_EQ(record.at("map").size(), 8u);
  EXPECT_EQ(record.at("class"), record.at("predictions")[0].at("class"));
  const std::string before = read_file(trained().picture), after = read_file(png);
  ASSERT_GT(after.size(), 24u);
  EXPECT_EQ(after.substr(0, 8), before.substr(0, 8));
  EXPECT_EQ(after.substr(16, 8), before.substr(16, 8));  // width and height
}

TEST(ExplainGradCam, RefusesBadInput) {
  TempFolder folder;
  const std::string weights = " --weights " + trained().weights, png = folder / "seen.png";
  write_file(folder / "broken.png", read_file(trained().picture).substr(0, 60));
  write_file(folder / "text.jpg", "no picture");
  expect_refused("explain gradcam" + weights, 2, "IMAGE");
  expect_refused("explain gradcam " + folder / "none.png" + weights + " -o " + png, 1, "none.png");
  expect_refused("explain gradcam " + folder / "broken.png" + weights + " -o " + png, 1, "broken.png");
  expect_refused("explain gradcam " + folder / "text.jpg" + weights + " -o " + png, 1, "text.jpg");
  expect_refused("explain gradcam " + trained().picture + weights + " --class nobody -o " + png, 1, "--class nobody");
  expect_refused("explain gradcam " + trained().picture + weights + " --layer conv9 -o " + png, 1, "--layer conv9");
  expect_refused("explain gradcam " + trained().picture + weights + " -o " + folder / "seen.jpg", 1, ".png");
  expect_refused("explain gradcam " + trained().picture + weights + " -o " + trained().picture, 1,
                 "is the picture itself");
  expect_refused("explain gradcam " + trained().picture + weights + " -o " + folder / "no/seen.png", 1, "seen.png");
  EXPECT_FALSE(fs::exists(png));
}

TEST(ExplainLrFind, WritesCurveAndSuggestion) {
  TempFolder folder;
  const std::string csv = folder / "lr.csv", svg = folder / "lr.svg";
  const Outcome run =
      resnet_program(std::string("explain lr-find --model cifar-resnet8 --json -b 16 --steps 12 --dtype f32") + kData +
                     "--from 1e-4 --to 1 --csv " + csv + " --svg " + svg);
  ASSERT_EQ(run.status, 0) << run.err;
  const nlohmann::json record = run.record();
  EXPECT_EQ(record.at("points").size(), 12u);
  EXPECT_TRUE(record.contains("suggested_lr"));
  EXPECT_EQ(read_file(csv).rfind("step,lr,loss,smoothed\n1,0.0001,", 0), 0u) << read_file(csv);
  EXPECT_NE(read_file(svg).find("learning rate"), std::string::npos);
}

TEST(ExplainLrFind, RefusesBadInput) {
  const std::string model = std::string("explain lr-find --model cifar-resnet8") + kData;
  expect_refused("explain lr-find", 1, "--model");
  expect_refused("explain lr-find no/such/recipe", 1, "no/such/recipe");
  expect_refused(model + "--from 1 --to 0.1", 1, "from 1 to 0.1");
  expect_refused(model + "--from 0", 2, "--from");
  expect_refused(model + "--steps 2", 2, "--steps");
  expect_refused(model + "-b 100000", 1, "train.batch");
  expect_refused(model + "--set lr", 2, "key=value");
  expect_refused(std::string("explain lr-find --model cifar-resnet9") + kData, 1, "cifar-resnet9");
}

TEST(PlanPicture, ShowsWhereTheTimeGoes) {
  TempFolder folder;
  const std::string svg = folder / "plan.svg";
  const Outcome run =
      resnet_program("plan cifar-resnet8 --mode train --profile --seconds 0.05 --no-cache --quiet --svg " + svg);
  ASSERT_EQ(run.status, 0) << run.err;
  const std::string text = read_file(svg);
  for (const char* wanted : {"<svg", "layer1.0.conv1", "forward", "backward", "by kind of step", "of roof"})
    EXPECT_NE(text.find(wanted), std::string::npos) << wanted;
  expect_refused("plan cifar-resnet8 --svg " + svg, 2, "--profile");
  const nlohmann::json parts =
      resnet_program("plan cifar-resnet20 --mode train -b 16 --json --no-tune --checkpoint 3").record();
  EXPECT_EQ(parts.at("parts"), 3);
  expect_refused("plan cifar-resnet20 --mode train --checkpoint 3 --memory-limit 4", 2, "--memory-limit");
  expect_refused("plan cifar-resnet20 --mode train -b 128 --memory-limit 0.01", 1, "the limit is 10 MiB");
}

}  // namespace
}  // namespace resnet::cli_test
