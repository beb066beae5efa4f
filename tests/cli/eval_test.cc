// `resnet eval` and `predict` with the test protocols of the paper.
#include "cli/program.h"

namespace resnet::cli_test {
namespace {

// A network of four classes, trained for a few steps.
std::string trained(const TempFolder& folder, const std::string& name, const std::string& model = "cifar-resnet8") {
  const Outcome run = resnet_program("train -q --data synthetic:train=64,val=16,classes=4 -b 32 --steps 4 --model " +
                                     model + " --output-dir '" + (folder / name) + "'");
  EXPECT_EQ(run.status, 0) << run.err;
  return folder / name + "/last.safetensors";
}

TEST(Eval, WritesPredictionsAndConfusions) {
  const TempFolder folder;
  const std::string weights = trained(folder, "a");
  const Outcome run = resnet_program("eval --json -q --weights '" + weights +
                                     "' --data synthetic:val=20,classes=4 --flip --shift 1 --csv '" +
                                     (folder / "p.csv") + "' --confusion '" + (folder / "c.csv") + "'");
  ASSERT_EQ(run.status, 0) << run.err;
  const nlohmann::json record = run.record();
  EXPECT_EQ(record["samples"], 20);
  EXPECT_EQ(record["flip"], true);
  EXPECT_EQ(record["shift"], 1);
  const std::string predictions = read_file(folder / "p.csv"), confusion = read_file(folder / "c.csv");
  EXPECT_EQ(predictions.rfind("picture,label,predicted,probability,top5\n", 0), 0u) << predictions;
  EXPECT_EQ(line_count(predictions), 21u);
  EXPECT_EQ(line_count(confusion), 5u) << confusion;
}

TEST(Eval, EnsemblesOfDifferentNetworks) {
  const TempFolder folder;
  const std::string both = trained(folder, "a") + "," + trained(folder, "b", "cifar-plain8");
  const Outcome run =
      resnet_program("eval --json -q --weights '" + both + "' --data synthetic:val=20,classes=4 --crops 10");
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run.record()["model"], nlohmann::json({"cifar-resnet8", "cifar-plain8"}));
  EXPECT_EQ(run.record()["samples"], 20);
}

TEST(Eval, RefusesFlagsThatMakeNoSense) {
  const std::string eval = "eval -q --data synthetic:val=8 ";
  EXPECT_EQ(resnet_program(eval + "--crops 5").status, 2);
  EXPECT_EQ(resnet_program(eval + "--crops 10 --flip").status, 2);
  EXPECT_EQ(resnet_program(eval + "--scales 32 --crops 10").status, 2);
  EXPECT_EQ(resnet_program(eval + "--scales 32 --shift 1").status, 2);
  EXPECT_EQ(resnet_program(eval + "--scales 32,x").status, 2);
  EXPECT_EQ(resnet_program(eval + "--csv no/such/folder.csv").status, 1);
  EXPECT_NE(resnet_program(eval + "--csv a.csv --confusion ./a.csv").err.find("the same file"), std::string::npos);
  const Outcome empty = resnet_program(eval + "--weights a.safetensors,,b.safetensors");
  EXPECT_EQ(empty.status, 1);
  EXPECT_NE(empty.err.find("between commas"), std::string::npos) << empty.err;
}

TEST(Eval, AMeanOfEveryPixelRefusesOtherScales) {
  const Outcome run = resnet_program("eval -q --data synthetic:val=8 --scales 32,64 --weights '" SOURCE_DIR
                                     "/weights/cifar-resnet20.safetensors'");
  EXPECT_EQ(run.status, 1);
}

TEST(Predict, TakesTheProtocols) {
  const TempFolder folder;
  ASSERT_EQ(resnet_program("data synthesize '" + (folder / "d") + "' --count 1 --val 1 -q").status, 0);
  const std::string weights = trained(folder, "a");
  const Outcome run = resnet_program("predict --json -q --crops 10 --weights '" + weights + "' '" + (folder / "d") +
                                     "/val/horizontal_stripes'");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run.record()["predictions"].size(), 4u);
}

TEST(Predict, NamesThePictureThatWouldBecomeTooLarge) {
  const std::string picture = SOURCE_DIR "/tests/data/golden/rgb.png";
  const Outcome run = resnet_program("predict -q --scales 8000 '" + picture + "'");
  EXPECT_EQ(run.status, 1);
  EXPECT_NE(run.err.find(picture + ": a picture of"), std::string::npos) << run.err;
}

TEST(Predict, SaysWhichWeightsItTakesByDefaultAndWhatTheyKnow) {
  const std::string picture = "'" SOURCE_DIR "/tests/data/golden/rgb.png'";
  const Outcome run = resnet_program("predict " + picture);
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_NE(run.err.find("weights/cifar-resnet"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("know 10 classes"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("airplane, automobile"), std::string::npos) << run.err;
  const Outcome own =
      resnet_program("predict --weights '" SOURCE_DIR "/weights/cifar-resnet20.safetensors' " + picture);
  EXPECT_EQ(own.err.find("know 10 classes"), std::string::npos) << own.err;
}

TEST(Predict, TheBetterOfTheDefaultWeightsIsTaken) {
  const TempFolder folder;
  const std::string from = SOURCE_DIR "/weights/cifar-resnet20.safetensors";
  fs::copy_file(from, folder / "cifar-resnet20.safetensors");
  const std::string picture = "'" SOURCE_DIR "/tests/data/golden/rgb.png'",
                    environment = "RESNET_WEIGHTS_DIR='" + folder.path() + "'";
  EXPECT_NE(resnet_program("predict " + picture, environment).err.find("/cifar-resnet20.s"), std::string::npos);
  fs::copy_file(from, folder / "cifar-resnet56.safetensors");
  EXPECT_NE(resnet_program("predict " + picture, environment).err.find("/cifar-resnet56.s"), std::string::npos);
}

}  // namespace
}  // namespace resnet::cli_test
