#include "io/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "io/temp_folder.h"

namespace resnet {
namespace {

using testing::HasSubstr;

/// No file can grow beyond `bytes` while this lives: what a full disk looks like to the writer.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_{};
  void (*old_handler_)(int) = nullptr;
};

TEST(AtomicFile, ReplacesAFileAndLeavesNothingElse) {
  const TempFolder folder;
  write_file_atomically(folder / "a", "old");
  write_file_atomically(folder / "a", "new");
  EXPECT_EQ(get_file(folder / "a"), "new");
  EXPECT_EQ(folder.files(), 1);
}

TEST(AtomicFile, FullDiskLeavesTheOldFileAndNoTemporaryOne) {
  const TempFolder folder;
  write_file_atomically(folder / "a", "old");
  {
    const FileSizeLimit limit(1000);
    const std::string error = error_of([&] { write_file_atomically(folder / "a", std::string(5000, 'x')); });
    EXPECT_THAT(error, HasSubstr(folder / "a"));
    EXPECT_THAT(error, HasSubstr("File too large"));
  }
  EXPECT_EQ(get_file(folder / "a"), "old");
  EXPECT_EQ(folder.files(), 1);
}

TEST(AtomicFile, ReadOnlyFolderIsAnError) {
  // /proc refuses new files to everybody, root too.
  const std::string error = error_of([] { write_file_atomically("/proc/resnet-test", "x"); });
  EXPECT_THAT(error, HasSubstr("cannot write '/proc/resnet-test'"));
}

TEST(AtomicFile, FolderWithoutWritePermission) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  const TempFolder folder;
  ::chmod(folder.path().c_str(), 0555);
  EXPECT_THAT(error_of([&] { write_file_atomically(folder / "a", "x"); }),
              HasSubstr("choose a folder that can be written"));
  EXPECT_EQ(folder.files(), 0);
}

TEST(AtomicFile, MissingFolderIsNamed) {
  const TempFolder folder;
  EXPECT_THAT(error_of([&] { write_file_atomically(folder / "no/a", "x"); }), HasSubstr("create its folder first"));
}

TEST(AtomicFile, TargetThatIsAFolderLeavesNoTemporaryFile) {
  const TempFolder folder;
  std::filesystem::create_directories(folder / "a/b");
  EXPECT_THAT(error_of([&] { write_file_atomically(folder / "a", "x"); }), HasSubstr("renaming"));
  EXPECT_EQ(folder.files(), 1);
}

TEST(AtomicFile, ReadingNamesWhatIsWrong) {
  const TempFolder folder;
  EXPECT_THAT(error_of([&] { read_text_file(folder / "none"); }), HasSubstr("No such file"));
  EXPECT_THAT(error_of([&] { read_text_file(folder.path()); }), HasSubstr("is a folder"));
}

TEST(AtomicFile, AnEndlessFileIsNotRead) {
  if (!std::filesystem::exists("/dev/zero")) GTEST_SKIP() << "no /dev/zero";
  EXPECT_THAT(error_of([] { read_text_file("/dev/zero"); }), HasSubstr("more than 64 MiB"));
}

}  // namespace
}  // namespace resnet
