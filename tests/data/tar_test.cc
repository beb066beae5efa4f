// Tar archives: what is listed of those of several programs, and that damage is said and never read past.
#include "data/tar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "data/fixtures.h"

namespace resnet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TarListing list(const std::string& archive) {
  return list_tar(archive.size(), [&](uint64_t at, std::span<uint8_t> out) {
    ASSERT_LE(at + out.size(), archive.size());
    std::memcpy(out.data(), archive.data() + at, out.size());
  });
}

// "NAME:BYTES" of each member.
std::vector<std::string> members(const std::string& archive) {
  std::vector<std::string> found;
  for (const TarMember& m : list(archive).members) found.push_back(m.name + ":" + archive.substr(m.offset, m.size));
  return found;
}

TEST(Tar, ReadsWhatItWrites) {
  const std::string archive = tar_entry("a/1.jpg", "xyz") + tar_entry("a/1.cls", "") + tar_entry("b", "12");
  EXPECT_THAT(members(archive + tar_end()), ElementsAre("a/1.jpg:xyz", "a/1.cls:", "b:12"));
  EXPECT_THAT(members(archive), ElementsAre("a/1.jpg:xyz", "a/1.cls:", "b:12"));  // without the end's blocks
  EXPECT_EQ(list(archive + tar_end()).damage, "");
  EXPECT_THAT(error_of([] { tar_entry(std::string(101, 'x'), ""); }), HasSubstr("too long for a tar archive"));
}

// By Python's tarfile: long names, folders and links (tests/data/make_archives.py).
TEST(Tar, ReadsEveryFormat) {
  const std::string name = std::string(120, 'n') + "/" + std::string(95, 'm') + ".jpg";
  for (const char* format : {"ustar", "gnu", "pax"}) {
    const std::string archive = get_file(golden(std::string(format) + ".tar"));
    EXPECT_EQ(list(archive).damage, "") << format;
    EXPECT_THAT(members(archive), ElementsAre("1.jpg:one", name + ":two", "3.cls:7\n")) << format;
  }
}

TEST(Tar, SaysWhatIsDamaged) {
  const std::string whole = tar_entry("1.jpg", std::string(700, 'x')) + tar_entry("2.jpg", "y") + tar_end();
  EXPECT_THAT(list("").damage, HasSubstr("it is empty"));
  EXPECT_THAT(list(std::string(600, 'x')).damage, HasSubstr("it is no tar archive"));
  EXPECT_THAT(list(whole.substr(0, 100)).damage, HasSubstr("inside a header"));
  EXPECT_THAT(list(whole.substr(0, 1000)).damage, HasSubstr("it ends inside 1.jpg (at byte 0 of 1000)"));
  std::string changed = whole;
  changed[1536 + 3] = '!';
  EXPECT_THAT(list(changed).damage, HasSubstr("a header is damaged (at byte 1536"));
  EXPECT_EQ(list(changed).members.size(), 1u);
}

// Every length and many changed bytes, with the checksums mended so that the fields behind them are looked at.
TEST(Tar, SurvivesDamage) {
  const std::string whole = get_file(golden("pax.tar"));
  Rng rng(1);
  for (size_t round = 0; round < 2000; ++round) {
    std::string bytes = whole;
    if (round % 4 == 0) bytes.resize(rng.below(uint32_t(whole.size())));
    for (int k = 0; k < 3 && !bytes.empty(); ++k) bytes[rng.below(uint32_t(bytes.size()))] = char(rng.next());
    for (size_t block = 0; block + 512 <= bytes.size(); block += 512) {
      if (bytes.compare(block + 257, 5, "ustar") != 0) continue;
      unsigned sum = 0;
      for (size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? ' ' : uint8_t(bytes[block + i]);
      char text[8];
      std::snprintf(text, sizeof text, "%06o", sum);
      bytes.replace(block + 148, 7, text, 7);
    }
    for (const TarMember& m : list(bytes).members) ASSERT_LE(m.offset + m.size, bytes.size());
  }
}

}  // namespace
}  // namespace resnet
