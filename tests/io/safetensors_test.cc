#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "io/safetensors_header.h"
#include "io/temp_folder.h"
#include "resnet/checkpoint.h"

namespace resnet {
namespace {

using testing::HasSubstr;

std::string length_of(uint64_t n) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &n, 8);
  return bytes;
}

std::string raw_file(const std::string& header, size_t data_bytes) {
  return length_of(header.size()) + header + std::string(data_bytes, 'd');
}

TEST(Safetensors, RoundTripKeepsEverything) {
  const TempFolder folder;
  Tensor f({2, 3}), b({3}, DType::bf16), u({5}, DType::u8), l(Shape{}, DType::i64), none({0, 4}),
      i({1, 1, 1, 1, 2}, DType::i32);
  for (int64_t k = 0; k < 6; ++k) f.f32()[k] = 0.1f * static_cast<float>(k);
  b.as<uint16_t>()[2] = 0x3f80;
  u.as<uint8_t>()[4] = 255;
  l.as<int64_t>()[0] = -1;
  i.i32()[1] = 7;
  const StateDict tensors{{"f", f}, {"b \"quoted\"", b}, {"u", u}, {"l", l}, {"none", none}, {"i", i}};
  const std::map<std::string, std::string> metadata{{"format", "x"}, {"text", "line\nünï"}};
  write_safetensors(folder / "t", tensors, metadata);
  const SafetensorsFile file = read_safetensors(folder / "t");
  EXPECT_EQ(file.metadata, metadata);
  ASSERT_EQ(file.tensors.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    const Tensor& got = file.tensors.at(name);
    EXPECT_EQ(got.shape(), tensor.shape()) << name;
    EXPECT_EQ(got.dtype(), tensor.dtype()) << name;
    EXPECT_EQ(std::memcmp(got.raw(), tensor.raw(), tensor.bytes()), 0) << name;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(got.raw()) % size_of(got.dtype()), 0u) << name;
  }
}

TEST(Safetensors, TensorsOutliveTheFile) {
  const TempFolder folder;
  Tensor t({1});
  t.f32()[0] = 3;
  write_safetensors(folder / "t", {{"t", t}}, {});
  const Tensor kept = read_safetensors(folder / "t").tensors.at("t");
  std::filesystem::remove(folder / "t");
  EXPECT_EQ(kept.f32()[0], 3);
}

TEST(Safetensors, ReadsPaddingAndOddAddresses) {
  const TempFolder folder;
  const std::string header =
      R"({"t":{"dtype":"F32","shape":[1],"data_offsets":[1,5]},"u":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}} )";
  put_file(folder / "t", raw_file(header, 5));
  float expected = 0;
  std::memcpy(&expected, "dddd", 4);
  EXPECT_EQ(read_safetensors(folder / "t").tensors.at("t").f32()[0], expected);
}

TEST(Safetensors, AnEmptySetOfTensors) {
  const TempFolder folder;
  write_safetensors(folder / "t", {}, {});
  EXPECT_TRUE(read_safetensors(folder / "t").tensors.empty());
}

struct Malformed {
  const char* name;
  std::string bytes;
  const char* message;
};

std::string entry(const std::string& fields, size_t data = 8) { return raw_file("{\"t\":{" + fields + "}}", data); }

std::vector<Malformed> malformed() {
  const std::string two = R"("dtype":"F32","shape":[1],"data_offsets")";
  return {
      {"Empty", "", "only 0 bytes"},
      {"OnlyLength", length_of(0), "only 8 bytes"},
      {"ZeroLength", length_of(0) + "{}", "does not begin with '{'"},
      {"LengthBeyondFile", length_of(1000) + "{}", "claims 1000 bytes"},
      {"LengthHuge", length_of(~0ull) + "{}", "claims 18446744073709551615 bytes"},
      {"LengthOverLimit", length_of(100'000'001) + "{}", "claims 100000001 bytes"},
      {"NotAnObject", raw_file("[1]", 0), "does not begin with '{'"},
      {"BadJson", raw_file("{\"t\":", 0), "not valid JSON"},
      {"TrailingText", raw_file("{} x", 0), "not valid JSON"},
      {"BadUtf8", raw_file("{\"\xff\":{}}", 0), "not valid JSON"},
      {"DeepNesting", raw_file("{\"t\":" + std::string(100000, '['), 0), "nested"},
      {"DuplicateName", raw_file("{\"t\":{" + two + ":[0,4]},\"t\":{" + two + ":[4,8]}}", 8), "'t' stands twice"},
      {"DuplicateField", entry(R"("dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8])"),
       "'dtype' stands twice"},
      {"EntryNotObject", raw_file(R"({"t":[1]})", 0), "not an object"},
      {"NoDtype", entry(R"("shape":[2],"data_offsets":[0,8])"), "no 'dtype'"},
      {"NoShape", entry(R"("dtype":"F32","data_offsets":[0,8])"), "no 'shape'"},
      {"NoOffsets", entry(R"("dtype":"F32","shape":[2])"), "no 'data_offsets'"},
      {"UnknownDtype", entry(R"("dtype":"C64","shape":[1],"data_offsets":[0,8])"), "dtype 'C64'"},
      {"DtypeNumber", entry(R"("dtype":32,"shape":[2],"data_offsets":[0,8])"), "dtype is 32"},
      {"ShapeNotList", entry(R"("dtype":"F32","shape":2,"data_offsets":[0,8])"), "shape is 2"},
      {"ShapeNegative", entry(R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])"), "-2"},
      {"ShapeFraction", entry(R"("dtype":"F32","shape":[2.0],"data_offsets":[0,8])"), "2.0"},
      {"ShapeRank", entry(R"("dtype":"F32","shape":[1,1,1,1,1,2],"data_offsets":[0,8])"), "6 axes"},
      {"ShapeOverflow", entry(R"("dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,8])"),
       "memory"},
      {"ShapeWraps", entry(R"("dtype":"F32","shape":[4611686018427387906],"data_offsets":[0,8])"), "memory"},
      {"ExtentHuge", entry(R"("dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8])"),
       "impossible extent"},
      {"SizeMismatch", entry(R"("dtype":"F32","shape":[3],"data_offsets":[0,8])"), "takes 12 bytes"},
      {"OneOffset", entry(R"("dtype":"F32","shape":[2],"data_offsets":[8])"), "not [begin, end]"},
      {"OffsetsReversed", entry(R"("dtype":"F32","shape":[2],"data_offsets":[8,0])"), "lie outside"},
      {"OffsetsBeyond", entry(R"("dtype":"F32","shape":[4],"data_offsets":[0,16])"), "truncated"},
      {"Overlap", raw_file("{\"a\":{" + two + ":[0,4]},\"b\":{" + two + ":[2,6]}}", 6), "overlaps"},
      {"Hole", raw_file("{\"a\":{" + two + ":[0,4]},\"b\":{" + two + ":[8,12]}}", 12), "belong to no tensor"},
      {"TrailingData", entry(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])"), "end at byte 4"},
      {"MetadataNotObject", raw_file(R"({"__metadata__":1})", 0), "__metadata__ is number"},
      {"MetadataNotString", raw_file(R"({"__metadata__":{"a":1}})", 0), "'a' is number"},
  };
}

TEST(Safetensors, MalformedFilesAreRefusedWithTheReason) {
  const TempFolder folder;
  for (const Malformed& m : malformed()) {
    put_file(folder / "t", m.bytes);
    const std::string error = error_of([&] { read_safetensors(folder / "t"); });
    EXPECT_THAT(error, HasSubstr(m.message)) << m.name;
    EXPECT_THAT(error, HasSubstr(folder / "t")) << m.name;
  }
}

TEST(Safetensors, TruncatedFilesAreRefused) {
  const TempFolder folder;
  write_safetensors(folder / "t", {{"a", Tensor({3})}, {"b", Tensor({2, 2})}}, {{"k", "v"}});
  const std::string whole = get_file(folder / "t");
  for (size_t n = 0; n < whole.size(); n += n < 16 ? 1 : 5) {
    put_file(folder / "cut", std::string_view(whole).substr(0, n));
    EXPECT_THROW(read_safetensors(folder / "cut"), Error) << n << " bytes";
  }
}

TEST(SafetensorsHeader, FlippedBitsNeverCrash) {
  const std::string whole = format_safetensors_header(
      {.entries = {{"a", {DType::f32, {3}, 0, 12}}, {"b", {DType::u8, {2, 2}, 12, 16}}}, .metadata = {{"k", "v"}}});
  EXPECT_EQ((8 + whole.size()) % 64, 0u);
  EXPECT_EQ(parse_safetensors_header(whole, 16, "f").entries.size(), 2u);
  for (size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    // Refused, or so like a header that all tensors still lie inside the data.
    error_of([&] {
      for (const auto& [name, entry] : parse_safetensors_header(damaged, 16, "f").entries) EXPECT_LE(entry.end, 16u);
    });
  }
}

TEST(Safetensors, WhatIsNoFileIsNamed) {
  const TempFolder folder;
  EXPECT_THAT(error_of([&] { read_safetensors(folder / "none"); }), HasSubstr("No such file"));
  EXPECT_THAT(error_of([&] { read_safetensors(folder.path()); }), HasSubstr("not a regular file"));
  EXPECT_THAT(error_of([&] { read_safetensors("/dev/null"); }), HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace resnet
