// resnet reproduce: the table, going on after an interruption, and what it refuses.
#include "cli/program.h"

namespace resnet::cli_test {
namespace {

constexpr const char* kRecipe =
    "[model]\nname = \"cifar-resnet8\"\n[data]\npath = \"synthetic:train=32,val=16,classes=4\"\nworkers = 0\n"
    "[train]\nbatch = 16\nsteps = 2\ndtype = \"f32\"\n"
    "[expect]\nmetric = \"test_error\"\nvalue = 100\nsteps = 2\nsource = \"a test\"\n";

struct Fixture {
  TempFolder folder;
  std::string out = folder / "out";

  Fixture() {
    write_file(folder / "small/one.toml", kRecipe);
    write_file(folder / "small/two10.toml", kRecipe);
    write_file(folder / "list",
               "# both\n" + (folder / "small/two10.toml") + "\n" + (folder / "small/one.toml") + " # 1\n");
  }
  Outcome reproduce(const std::string& args) const {
    return resnet_program("reproduce --quiet --no-tune --output-dir " + out + " " + args);
  }
};

TEST(Reproduce, WritesOneTableAndDoesNothingTwice) {
  const Fixture f;
  const Outcome first = f.reproduce("--json --seeds 1,2 " + (f.folder / "list"));
  ASSERT_EQ(first.status, 0) << first.err;
  const nlohmann::json result = first.records().back();
  EXPECT_EQ(result.at("finished"), 4);
  EXPECT_EQ(result.at("runs").size(), 4u);
  EXPECT_EQ(result.at("runs")[0].at("met"), "yes");
  const std::string csv = read_file(f.out + "/reproduce.csv"), table = read_file(f.out + "/reproduce.md");
  EXPECT_EQ(line_count(csv), 5u);
  EXPECT_NE(csv.find("\n\"small-one\",2,test_error,at_most,100,0.5,"), std::string::npos) << csv;
  EXPECT_LT(csv.find("small-one"), csv.find("small-two10")) << "sorted by name";
  EXPECT_NE(table.find("| small-two10 | 1 | 100.00 | "), std::string::npos) << table;
  EXPECT_NE(table.find(", met: yes | yes |"), std::string::npos) << table;
  for (const char* file : {"config.toml", "metrics.csv", "result.json"})
    EXPECT_TRUE(fs::exists(f.out + "/small-one-seed2/" + file)) << file;
  const auto written = fs::last_write_time(f.out + "/small-one-seed1/metrics.csv");
  const auto table_written = fs::last_write_time(f.out + "/reproduce.md");
  const Outcome second = f.reproduce("--json --seeds 1,2 " + (f.folder / "list"));
  EXPECT_EQ(second.records().back().at("finished_before"), 4);
  EXPECT_EQ(fs::last_write_time(f.out + "/small-one-seed1/metrics.csv"), written);
  EXPECT_EQ(fs::last_write_time(f.out + "/reproduce.md"), table_written);
}

TEST(Reproduce, GoesOnWithAnUnfinishedRun) {
  const Fixture f;
  const std::string recipe = f.folder / "small/one.toml";
  const Outcome half =
      resnet_program("train -q --no-tune " + recipe + " --steps 1 --seed 1 --output-dir " + f.out + "/small-one-seed1");
  ASSERT_EQ(half.status, 0) << half.err;
  const Outcome all = f.reproduce("--json --seeds 1 " + recipe);
  ASSERT_EQ(all.status, 0) << all.err;
  EXPECT_EQ(all.records().back().at("runs")[0].at("steps"), 2);
  EXPECT_EQ(line_count(read_file(f.out + "/small-one-seed1/metrics.csv")), 3u) << "the half and the whole epoch";
  const Outcome shorter = f.reproduce("--json --seeds 2 --set train.steps=1 " + recipe);
  EXPECT_EQ(shorter.records().back().at("runs")[1].at("met"), "not judged: shortened");
}

TEST(Reproduce, ARunThatFailsLeavesTheOthersAlone) {
  const Fixture f;
  write_file(f.out + "/small-two10-seed1/notes.txt", "not a run");
  const Outcome run = f.reproduce("--seeds 1 " + (f.folder / "list"));
  EXPECT_EQ(run.status, 1);
  EXPECT_NE(run.err.find("small-two10, seed 1: "), std::string::npos) << run.err;
  EXPECT_NE(read_file(f.out + "/reproduce.md").find("small-one"), std::string::npos);
  const Outcome other = f.reproduce("--seeds 1 --set lr=0.2 " + (f.folder / "small/one.toml"));
  EXPECT_EQ(other.status, 1);
  EXPECT_NE(other.err.find("optimizer.lr was 0.1 and is now 0.2"), std::string::npos) << other.err;
}

TEST(Reproduce, BadInputIsFoundBeforeAnythingRuns) {
  const Fixture f;
  const std::string recipe = f.folder / "small/one.toml";
  EXPECT_EQ(f.reproduce("").status, 2);
  for (const char* seeds : {"1,1", "one", "1,,2", "-1", "''"})
    EXPECT_EQ(f.reproduce(recipe + " --seeds " + seeds).status, 2) << seeds;
  const Outcome missing = f.reproduce(recipe + " nosuch");
  EXPECT_EQ(missing.status, 1);
  EXPECT_NE(missing.err.find("'nosuch'"), std::string::npos) << missing.err;
  EXPECT_EQ(f.reproduce(recipe + " " + recipe).status, 1);
  EXPECT_EQ(f.reproduce(recipe + " --data no-such-folder").status, 1);
  EXPECT_FALSE(fs::exists(f.out));
}

TEST(Report, WritesSvgFilesAndTakesResponses) {
  const TempFolder folder;
  write_file(folder / "r.csv", "run,layer,index,std\nplain-20,conv1,1,0.5\nplain-20,conv2,2,0.25\n");
  EXPECT_EQ(resnet_program("report -o " + (folder / "no.html")).status, 1);
  const Outcome run = resnet_program("report --json --responses " + (folder / "r.csv") + " -o " + (folder / "r.html") +
                                     " --svg-dir " + (folder / "figures"));
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run.record().at("svg").size(), 2u);
  EXPECT_NE(read_file(folder / "figures/figure7.svg").find("plain-20"), std::string::npos);
  EXPECT_NE(read_file(folder / "r.html").find("Figure 7"), std::string::npos);
}

}  // namespace
}  // namespace resnet::cli_test
