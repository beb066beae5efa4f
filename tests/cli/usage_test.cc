// The command line as a contract: exit statuses, help, suggestions, and what stands on which stream.
#include "cli/program.h"

namespace resnet::cli_test {
namespace {

const std::vector<std::string> kCommands = {"train", "eval", "predict", "info",  "plan",
                                            "bench", "data", "explain", "report"};

// A failure is one line that names the program, and nothing on standard output.
void expect_failure(const Outcome& run, int status, const std::string& mentioned) {
  EXPECT_EQ(run.status, status) << run.err;
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(line_count(run.err), 1u) << run.err;
  EXPECT_EQ(run.err.rfind("resnet", 0), 0u) << run.err;
  EXPECT_NE(run.err.find(mentioned), std::string::npos) << run.err;
}

TEST(Usage, EveryCommandExplainsItselfWithAnExample) {
  const Outcome help = resnet_program("--help");
  EXPECT_EQ(help.status, 0);
  for (const std::string& command : kCommands) {
    EXPECT_NE(help.out.find("\n  " + command), std::string::npos) << command;
    const Outcome run = resnet_program(command + " --help");
    EXPECT_EQ(run.status, 0) << command;
    EXPECT_NE(run.out.find("Example:\n  resnet " + command), std::string::npos) << run.out;
    EXPECT_NE(run.out.find("--json"), std::string::npos) << command;
    EXPECT_NE(run.out.find("--quiet"), std::string::npos) << command;
  }
}

TEST(Usage, VersionIsPrinted) {
  const Outcome run = resnet_program("--version");
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.out.rfind("resnet ", 0), 0u) << run.out;
}

TEST(Usage, WithoutACommandThereIsHelpAndStatusTwo) {
  const Outcome run = resnet_program("");
  EXPECT_EQ(run.status, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_NE(run.err.find("train"), std::string::npos);
}

TEST(Usage, WrongUsageIsStatusTwoWithASuggestion) {
  expect_failure(resnet_program("trian"), 2, "did you mean 'train'?");
  expect_failure(resnet_program("train --epoch 3"), 2, "did you mean --epochs?");
  expect_failure(resnet_program("train --epochs"), 2, "--epochs");
  expect_failure(resnet_program("train --epochs ten"), 2, "ten");
  expect_failure(resnet_program("train --epochs 0"), 2, "--epochs");
  expect_failure(resnet_program("train --epochs 1 --steps 2"), 2, "--steps");
  expect_failure(resnet_program("train --dtype f64"), 2, "f64");
  expect_failure(resnet_program("train --resume"), 2, "--output-dir");
  expect_failure(resnet_program("train --set lr"), 2, "key=value");
  expect_failure(resnet_program("train a.toml b.toml"), 2, "b.toml");
  expect_failure(resnet_program("predict"), 2, "IMAGE");
  expect_failure(resnet_program("eval"), 2, "--data");
  expect_failure(resnet_program("data"), 2, "subcommand");
  expect_failure(resnet_program("data chekc x"), 2, "did you mean 'check'?");
  expect_failure(resnet_program("data synthesize x --count 0"), 2, "resnet data synthesize: --count: must be");
  expect_failure(resnet_program("data synthesize x --cuont 5"), 2, "did you mean --count?");
  expect_failure(resnet_program("train --seed -1"), 2, "--seed: must be");
  expect_failure(resnet_program("--nonsense"), 2, "nonsense");
}

TEST(Usage, FailuresAreStatusOneWithOneLine) {
  expect_failure(resnet_program("info resnet5"), 1, "resnet50");
  expect_failure(resnet_program("plan cifar-resnet21"), 1, "cifar-resnet2");
  expect_failure(resnet_program("info no/such.safetensors"), 1, "no such file");
  expect_failure(resnet_program("eval -q --weights none.safetensors --data synthetic:"), 1, "none.safetensors");
  expect_failure(resnet_program("predict -q --weights none.safetensors a.png"), 1, "none.safetensors");
  expect_failure(resnet_program("train nosuch.toml"), 1, "nosuch.toml");
  expect_failure(resnet_program("train --device cuda"), 1, "CUDA");
  expect_failure(resnet_program("train --set optimizer.lrr=1"), 1, "optimizer.lr");
  expect_failure(resnet_program("train -q --model cifar-resnet2 --steps 1"), 1, "cifar-resnet");
  expect_failure(resnet_program("report no-such-run"), 1, "no-such-run");
  expect_failure(resnet_program("info", "RESNET_ISA=mmx"), 1, "RESNET_ISA");
  expect_failure(resnet_program("train --model cifar-resnet21 --steps 1"), 1, "6n+2");
  expect_failure(resnet_program("train --data sinthetic: --steps 1"), 1, "synthetic:");
  expect_failure(resnet_program("predict -q \"$(printf 'no\\nsuch\\033[1m')\" --weights \"$(printf 'a\\nb')\""), 1,
                 "a\\nb");
}

TEST(Usage, ARunThatCannotBeginLeavesNoFolder) {
  const TempFolder folder;
  const std::string run = folder / "run";
  const std::string args =
      "train -q --data synthetic:train=64,val=16 -b 48 --epochs 1 --model cifar-resnet8 --output-dir '" + run + "' ";
  expect_failure(resnet_program(args + "--set data.pad=100"), 1, "padding");
  expect_failure(resnet_program(args + "--set train.drop_last=false --set model.bn_group=12"), 1, "model.bn_group");
  EXPECT_FALSE(fs::exists(run));
  const std::string failing =
      "train -q --data synthetic:train=64,val=16 -b 8 --steps 8 --model cifar-resnet8 --output-dir '" + run + "' ";
  expect_failure(resnet_program(failing + "--lr 1e30"), 1, "diverged");
  const Outcome again = resnet_program(failing + "--lr 0.1");
  EXPECT_EQ(again.status, 0) << "after a run that saved nothing: " << again.err;
  fs::remove_all(run);
  write_file(run + "/notes.txt", "");
  expect_failure(resnet_program(args), 1, "no run that could be resumed");
}

TEST(Usage, AFullDiskIsNoticed) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  for (const char* arguments : {"info", "--help", "train --help", "--version"}) {
    const std::string command = std::string("'" RESNET_PROGRAM "' ") + arguments + " > /dev/full 2> /dev/null";
    EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 1) << arguments;
  }
}

TEST(Usage, DefaultWeightsThatAreMissingAreExplained) {
  const TempFolder folder;
  const Outcome run = resnet_program("predict x.png", "RESNET_WEIGHTS_DIR='" + folder.path() + "'");
  expect_failure(run, 1, "--weights FILE");
}

}  // namespace
}  // namespace resnet::cli_test
