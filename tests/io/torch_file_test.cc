#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "io/pickle.h"
#include "io/temp_folder.h"
#include "io/to_f32.h"
#include "io/weights_file.h"

namespace resnet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kFolder = SOURCE_DIR "/tests/io/torch/";

std::vector<float> numbers(const Tensor& tensor) {
  const Tensor f = to_f32(tensor);
  return {f.f32(), f.f32() + f.elements()};
}

/// What make_torch_files.py puts into every file.
void expect_values(const StateDict& t, const std::string& prefix) {
  const auto at = [&](const char* key) { return t.at(prefix + key); };
  ASSERT_EQ(t.size(), 13u);
  EXPECT_EQ(at("f32").shape(), Shape({2, 3}));
  EXPECT_THAT(numbers(at("f32")), ElementsAre(0, 0.25f, 0.5f, 0.75f, 1, 1.25f));
  EXPECT_EQ(at("transposed").shape(), Shape({2, 3}));
  EXPECT_THAT(numbers(at("transposed")), ElementsAre(0, 0.5f, 1, 0.25f, 0.75f, 1.25f));
  EXPECT_EQ(at("channels_last").shape(), Shape({1, 2, 3, 4}));
  EXPECT_EQ(numbers(at("channels_last"))[23], 23);
  EXPECT_EQ(numbers(at("channels_last"))[1], 1);
  EXPECT_THAT(numbers(at("slice")), ElementsAre(3, 4, 5, 6));
  EXPECT_THAT(numbers(at("every_other")), ElementsAre(1, 3, 5, 7));
  EXPECT_EQ(at("f64").dtype(), DType::f64);
  EXPECT_THAT(numbers(at("f64")), ElementsAre(0.5f, -1));
  EXPECT_THAT(numbers(at("f16")), ElementsAre(1.5f, -2));
  EXPECT_EQ(at("bf16").dtype(), DType::bf16);
  EXPECT_THAT(numbers(at("bf16")), ElementsAre(1, -0.5f, 3));
  EXPECT_EQ(at("i64").shape(), Shape({}));
  EXPECT_THAT(numbers(at("i64")), ElementsAre(41));
  EXPECT_THAT(numbers(at("i32")), ElementsAre(-3));
  EXPECT_THAT(numbers(at("u8")), ElementsAre(255, 1));
  EXPECT_THAT(numbers(at("parameter")), ElementsAre(2, 4));
  EXPECT_EQ(at("nothing").shape(), Shape({0, 4}));
}

TEST(TorchFile, BothFormatsProtocolsAndByteOrders) {
  for (const char* name : {"zip.pth", "legacy.th", "protocol4.pth", "big_endian.pth"}) {
    SCOPED_TRACE(name);
    expect_values(read_torch(kFolder + name).tensors, "");
  }
}

TEST(TorchFile, WeightsInsideOfATrainingsStateAndCallsThatAreNotMade) {
  for (const char* name : {"nested.pth", "nested.th"}) {
    SCOPED_TRACE(name);
    const SafetensorsFile file = read_torch(kFolder + name);
    expect_values(file.tensors, "module.");
    ASSERT_EQ(file.notes.size(), 1u);
    EXPECT_THAT(file.notes[0], HasSubstr("'state_dict'; the others are left out: epoch, best, x"));
    EXPECT_FALSE(std::filesystem::exists("evil_was_here"));
  }
}

TEST(TorchFile, AWholePickledNetwork) {
  const StateDict t = read_torch(kFolder + "network.pth").tensors;
  ASSERT_EQ(t.size(), 6u);
  EXPECT_THAT(numbers(t.at("conv.weight")), ElementsAre(0.5f, 0.25f));
  EXPECT_THAT(numbers(t.at("bn.running_var")), ElementsAre(1, 1));
}

TEST(TorchFile, WrittenFilesAreReadBackWithEveryBit) {
  const TempFolder folder;
  SafetensorsFile file = read_torch(kFolder + "zip.pth");
  Tensor mean({3});
  mean.f32()[1] = 0.5f;
  file.tensors["preprocessing.mean"] = mean;
  file.metadata = {{"model", "x"}, {"classes", "[\"ü\"]"}};
  write_torch(folder / "t.pth", file);
  const SafetensorsFile read = read_torch(folder / "t.pth");
  EXPECT_EQ(read.metadata, file.metadata);
  ASSERT_EQ(read.tensors.size(), file.tensors.size());
  for (const auto& [name, tensor] : file.tensors) {
    const Tensor& got = read.tensors.at(name);
    EXPECT_EQ(got.dtype(), tensor.dtype()) << name;
    EXPECT_EQ(got.shape(), tensor.shape()) << name;
    EXPECT_EQ(std::memcmp(got.raw(), tensor.raw(), tensor.bytes()), 0) << name;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(got.raw()) % size_of(got.dtype()), 0u) << name;
  }
  write_torch(folder / "again.pth", read);
  EXPECT_EQ(get_file(folder / "t.pth"), get_file(folder / "again.pth"));
}

TEST(TorchFile, TruncatedAndFlippedFilesAreRefusedOrLieInside) {
  const TempFolder folder;
  for (const char* name : {"zip.pth", "legacy.th"}) {
    const std::string whole = get_file(kFolder + name);
    for (size_t n = 0; n < whole.size(); n += 37) {
      put_file(folder / "cut", std::string_view(whole).substr(0, n));
      EXPECT_NE(error_of([&] { read_torch(folder / "cut"); }), "") << name << " cut to " << n;
    }
    for (size_t i = 0; i < whole.size(); i += 3) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << i % 8));
      put_file(folder / "flipped", damaged);
      error_of([&] {
        for (const auto& [key, tensor] : read_torch(folder / "flipped").tensors) numbers(tensor);
      });
    }
  }
}

TEST(TorchFile, OtherFilesAreNamed) {
  const TempFolder folder;
  put_file(folder / "t", "{\"a\":1}");
  EXPECT_THAT(error_of([&] { read_torch(folder / "t"); }), HasSubstr("not a file of torch.save"));
  put_file(folder / "t", "");
  EXPECT_THAT(error_of([&] { read_torch(folder / "t"); }), HasSubstr("not a file of torch.save"));
}

// --- hostile pickles, in the older format, whose storages follow the pickles --------------------------------------------

const std::string kStart =
    std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15) + "\x80\x02M\xe9\x03." + "N.";

std::string bytes_of(int64_t v, size_t n) {
  std::string s(8, '\0');
  std::memcpy(s.data(), &v, 8);
  return s.substr(0, n);
}
std::string integer(int64_t v) { return "\x8a\x08" + bytes_of(v, 8); }
std::string storage(int64_t elements) {
  return "(U\x07storagectorch\nFloatStorage\nU\x01kU\x03"
         "cpu" +
         integer(elements) + "tQ";
}
std::string tensor(int64_t elements, int64_t offset, int64_t size, int64_t stride) {
  return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage(elements) + integer(offset) + integer(size) + "\x85" +
         integer(stride) + "\x85\x89NtR";
}
/// The error of a file whose object is `pickle` and that holds one storage "k" of four floats.
std::string error_of_pickle(const std::string& pickle) {
  const TempFolder folder;
  put_file(folder / "t",
           kStart + tensor(4, 0, 4, 1) + "0" + pickle + ".(U\x01kl." + bytes_of(4, 8) + std::string(16, 'f'));
  return error_of([&] { read_torch(folder / "t"); });
}
std::string dict(const std::string& value) { return "}U\x01t" + value + "s"; }

TEST(HostilePickle, TheExampleIsSoundWithoutHostility) {
  EXPECT_EQ(error_of_pickle(dict(tensor(4, 0, 4, 1))), "");
  EXPECT_EQ(error_of_pickle(dict(tensor(4, 1, 2, 2))), "");
}

TEST(HostilePickle, TensorsOutsideTheirStorage) {
  EXPECT_THAT(error_of_pickle(dict(tensor(4, 1, 4, 1))), HasSubstr("reaches to element 4 of a storage of 4"));
  EXPECT_THAT(error_of_pickle(dict(tensor(4, 0, 2, 4))), HasSubstr("reaches to element 4"));
  EXPECT_THAT(error_of_pickle(dict(tensor(4, int64_t{1} << 62, 1, 1))), HasSubstr("reaches to element"));
  EXPECT_THAT(error_of_pickle(dict(tensor(4, 0, 3, int64_t{1} << 62))), HasSubstr("strides lead outside"));
  EXPECT_THAT(error_of_pickle(dict(tensor(4, -1, 1, 1))), HasSubstr("no whole number from 0"));
  EXPECT_THAT(error_of_pickle(dict(tensor(4, 0, 2, -1))), HasSubstr("no whole number from 0"));
  EXPECT_THAT(error_of_pickle(dict(tensor(5, 0, 1, 1))), HasSubstr("claims 5 elements"));
}

TEST(HostilePickle, RepeatedElementsDoNotGrow) {
  EXPECT_THAT(error_of_pickle(dict(tensor(4, 0, int64_t{1} << 40, 0))), HasSubstr("repeats its storage's 4 elements"));
  std::string many = "}(";
  for (int i = 0; i < 200; ++i) many += "U\x03" + std::to_string(100 + i) + tensor(4, 0, 2, 2);
  EXPECT_THAT(error_of_pickle(many + "u"), HasSubstr("share their storage"));
}

TEST(HostilePickle, CirclesAndDepth) {
  // A module that is its own submodule.
  const std::string circle = "cx\nNet\n)\x81q\x01}U\x08_modules}U\x01mh\x01ssb";
  EXPECT_THAT(error_of_pickle(circle), HasSubstr("nested without end"));
  EXPECT_THAT(error_of_pickle("}q\x01U\x05modelh\x01s"), HasSubstr("no dict of tensors"));
  EXPECT_THAT(error_of_pickle(std::string(1 << 16, ']')), HasSubstr("no dict of tensors"));
  EXPECT_THAT(error_of_pickle(std::string(1 << 16, '(')), HasSubstr("takes more values than it has given"));
}

TEST(HostilePickle, Malformed) {
  EXPECT_THAT(error_of_pickle("h\x07"), HasSubstr("refers to its value 7"));
  EXPECT_THAT(error_of_pickle("R"), HasSubstr("takes more values"));
  EXPECT_THAT(error_of_pickle("(N0"), HasSubstr("takes more values"));
  EXPECT_THAT(error_of_pickle("t"), HasSubstr("a mark that it has not set"));
  EXPECT_THAT(error_of_pickle("Na"), HasSubstr("takes more values"));
  EXPECT_THAT(error_of_pickle("NNa"), HasSubstr("what is no container"));
  EXPECT_THAT(error_of_pickle("(Nd"), HasSubstr("a key without a value"));
  EXPECT_THAT(error_of_pickle("X\xff\xff\xff\xff"), HasSubstr("ends in the middle"));
  EXPECT_THAT(error_of_pickle("\x8d" + bytes_of(-1, 8)), HasSubstr("ends in the middle"));
  EXPECT_THAT(error_of_pickle("\xff"), HasSubstr("unknown opcode 255"));
  EXPECT_THAT(error_of_pickle(dict("Q")), HasSubstr("takes more values"));
  EXPECT_THAT(error_of_pickle(dict("ctorch._utils\n_rebuild_tensor_v2\n(N)))tR")), HasSubstr("not given as PyTorch"));
}

}  // namespace
}  // namespace resnet
