#include "io/torch_pickle.h"

#include "core/check.h"

namespace resnet {

namespace {

void put_number(std::string& s, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) s += static_cast<char>(value >> (8 * i));
}

void put_integer(std::string& s, int64_t value) {
  if (value < (int64_t{1} << 31)) {
    s += 'J';
    put_number(s, static_cast<uint64_t>(value), 4);
  } else {
    s += "\x8a\x08";
    put_number(s, static_cast<uint64_t>(value), 8);
  }
}

void put_text(std::string& s, const std::string& text) {
  s += 'X';
  put_number(s, text.size(), 4);
  s += text;
}

void put_tuple(std::string& s, const Shape& extents) {
  s += '(';
  for (int i = 0; i < extents.rank(); ++i) put_integer(s, extents[i]);
  s += 't';
}

const char* storage_of(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return "FloatStorage";
    case DType::f64:
      return "DoubleStorage";
    case DType::f16:
      return "HalfStorage";
    case DType::bf16:
      return "BFloat16Storage";
    case DType::i64:
      return "LongStorage";
    case DType::i32:
      return "IntStorage";
    case DType::u8:
      return "ByteStorage";
    case DType::i8:
      return "CharStorage";
  }
  throw Error("a tensor of an unknown dtype");
}

// _rebuild_tensor_v2(storage, 0, size, stride, False, OrderedDict())
void put_tensor(std::string& s, const Tensor& tensor, size_t key) {
  Shape stride = tensor.shape();
  int64_t dense = 1;
  for (int i = stride.rank() - 1; i >= 0; --i) {
    stride[i] = dense;
    dense *= tensor.shape()[i];
  }
  s += "ctorch._utils\n_rebuild_tensor_v2\n((";
  put_text(s, "storage");
  s += join("ctorch\n", storage_of(tensor.dtype()), "\n");
  put_text(s, std::to_string(key));
  put_text(s, "cpu");
  put_integer(s, tensor.elements());
  s += "tQ";
  put_integer(s, 0);
  put_tuple(s, tensor.shape());
  put_tuple(s, stride);
  s += "\x89"
       "ccollections\nOrderedDict\n)RtR";
}

}  // namespace

std::string torch_pickle(const StateDict& tensors) {
  std::string s =
      "\x80\x02"
      "ccollections\nOrderedDict\n)R(";
  size_t key = 0;
  for (const auto& [name, tensor] : tensors) {
    put_text(s, name);
    put_tensor(s, tensor, key++);
  }
  return s + "u.";
}

}  // namespace resnet
