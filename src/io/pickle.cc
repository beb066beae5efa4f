#include "io/pickle.h"

#include <bit>
#include <charconv>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "core/check.h"

namespace resnet::pickle {

namespace {

constexpr size_t kMaxValues = size_t{1} << 22;  // state dicts have a few thousand

class Reader {
 public:
  Reader(std::span<const uint8_t> bytes, const std::string& what) : bytes_(bytes), what_(what) { add(Kind::none); }

  Pickle read() {
    while (true) {
      const auto op = static_cast<char>(byte());
      if (op == '.') break;
      CHECK(constant(op) || counted(op) || container(op) || object(op) || stack(op), what_, ": byte ", at_ - 1,
            " of the pickle is the unknown opcode ", static_cast<int>(static_cast<uint8_t>(op)),
            "; the file is damaged, or no pickle");
    }
    pickle_.root = pop();
    pickle_.bytes = at_;
    return std::move(pickle_);
  }

 private:
  // --- bytes ---
  uint8_t byte() { return static_cast<uint8_t>(take(1)[0]); }
  std::string_view take(uint64_t n) {
    CHECK(n <= bytes_.size() - at_, what_, ": the pickle ends in the middle of a value, at byte ", bytes_.size());
    const std::string_view s(reinterpret_cast<const char*>(bytes_.data()) + at_, n);
    at_ += n;
    return s;
  }
  uint64_t unsigned_of(std::string_view s) const {
    uint64_t v = 0;
    for (size_t i = s.size(); i-- > 0;) v = v << 8 | static_cast<uint8_t>(s[i]);
    return v;
  }
  uint64_t number(size_t n) { return unsigned_of(take(n)); }
  std::string_view line() {
    const void* end = at_ < bytes_.size() ? std::memchr(bytes_.data() + at_, '\n', bytes_.size() - at_) : nullptr;
    CHECK(end != nullptr, what_, ": the pickle ends in the middle of a line");
    const std::string_view s = take(static_cast<size_t>(static_cast<const uint8_t*>(end) - bytes_.data()) - at_);
    ++at_;
    return s;
  }

  // --- values and the stack ---
  Value& add(Kind kind) {
    CHECK(pickle_.values.size() < kMaxValues, what_, ": the pickle has more than ", kMaxValues,
          " values; no state dict does");
    pickle_.values.push_back({});
    pickle_.values.back().kind = kind;
    return pickle_.values.back();
  }
  Id last() const { return static_cast<Id>(pickle_.values.size() - 1); }
  bool push(Id id) {
    stack_.push_back(id);
    return true;
  }
  Id pop() {
    CHECK(stack_.size() > floor(), what_, ": the pickle takes more values than it has given, at byte ", at_);
    const Id id = stack_.back();
    stack_.pop_back();
    return id;
  }
  size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  Id top() {
    const Id id = pop();
    push(id);
    return id;
  }
  std::vector<Id> pop_to_mark() {
    CHECK(!marks_.empty(), what_, ": the pickle asks for a mark that it has not set, at byte ", at_);
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Id> items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return items;
  }

  bool push_text(Kind kind, std::string_view text) {
    add(kind).text = text;
    return push(last());
  }
  bool push_integer(Kind kind, int64_t v) {
    add(kind).integer = v;
    return push(last());
  }
  bool push_real(double v) {
    add(Kind::real).real = v;
    return push(last());
  }
  bool push_items(Kind kind, std::vector<Id> items) {
    add(kind).items = std::move(items);
    return push(last());
  }
  bool push_tuple(size_t n) {
    std::vector<Id> items(n);
    for (size_t i = n; i-- > 0;) items[i] = pop();
    return push_items(Kind::tuple, std::move(items));
  }
  bool push_long(std::string_view s) {  // little-endian, two's complement
    if (s.size() > 8) return push_text(Kind::bytes, s);
    uint64_t v = unsigned_of(s);
    if (!s.empty() && s.size() < 8 && (s.back() & 0x80) != 0) v |= ~uint64_t{0} << (8 * s.size());
    return push_integer(Kind::integer, static_cast<int64_t>(v));
  }
  bool push_decimal(std::string_view s) {  // protocol 0: "12", "12L", "01" (true)
    if (s == "00" || s == "01") return push_integer(Kind::boolean, s[1] - '0');
    if (!s.empty() && s.back() == 'L') s.remove_suffix(1);
    int64_t v = 0;
    const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), v);
    CHECK(error == std::errc() && end == s.data() + s.size(), what_, ": a whole number of the pickle is malformed");
    return push_integer(Kind::integer, v);
  }
  bool push_decimal_real(std::string_view s) {
    double v = 0;
    const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), v);
    CHECK(error == std::errc() && end == s.data() + s.size(), what_, ": a number of the pickle is malformed");
    return push_real(v);
  }

  // --- opcodes, in groups; each says whether the opcode is its own ---
  bool constant(char op) {
    switch (op) {
      case 'N':
        return push(0);
      case '\x88':
        return push_integer(Kind::boolean, 1);
      case '\x89':
        return push_integer(Kind::boolean, 0);
      case 'K':
        return push_integer(Kind::integer, byte());
      case 'M':
        return push_integer(Kind::integer, static_cast<int64_t>(number(2)));
      case 'J':
        return push_integer(Kind::integer, static_cast<int32_t>(number(4)));
      case 'I':
      case 'L':
        return push_decimal(line());
      case 'F':
        return push_decimal_real(line());
      case 'G':
        return push_real(std::bit_cast<double>(__builtin_bswap64(number(8))));
      case 'S':
      case 'V':
        return push_text(Kind::text, line());
      default:
        return false;
    }
  }

  bool counted(char op) {  // a length, then so many bytes
    switch (op) {
      case '\x8a':
        return push_long(take(byte()));
      case '\x8b':
        return push_long(take(number(4)));
      case 'U':
      case '\x8c':
        return push_text(Kind::text, take(byte()));
      case 'T':
      case 'X':
        return push_text(Kind::text, take(number(4)));
      case '\x8d':
        return push_text(Kind::text, take(number(8)));
      case 'C':
        return push_text(Kind::bytes, take(byte()));
      case 'B':
        return push_text(Kind::bytes, take(number(4)));
      case '\x8e':
      case '\x96':
        return push_text(Kind::bytes, take(number(8)));
      default:
        return false;
    }
  }

  bool container(char op) {
    switch (op) {
      case ')':
        return push_items(Kind::tuple, {});
      case 't':
        return push_items(Kind::tuple, pop_to_mark());
      case '\x85':
        return push_tuple(1);
      case '\x86':
        return push_tuple(2);
      case '\x87':
        return push_tuple(3);
      case ']':
      case '\x8f':
        return push_items(Kind::list, {});  // a set is a list to us
      case 'l':
      case '\x91':
        return push_items(Kind::list, pop_to_mark());
      case '}':
        return push_items(Kind::dict, {});
      case 'd':
        return push_items(Kind::dict, even(pop_to_mark()));
      case 'a': {
        const Id item = pop();
        return extend({item});
      }
      case 'e':
      case '\x90':
        return extend(pop_to_mark());
      case 's': {
        const Id value = pop(), key = pop();
        return extend({key, value});
      }
      case 'u':
        return extend(even(pop_to_mark()));
      default:
        return false;
    }
  }
  std::vector<Id> even(std::vector<Id> items) {
    CHECK(items.size() % 2 == 0, what_, ": a dict of the pickle has a key without a value, before byte ", at_);
    return items;
  }
  bool extend(const std::vector<Id>& items) {
    Value& target = pickle_.values[top()];
    CHECK(target.kind == Kind::list || target.kind == Kind::dict || target.kind == Kind::object, what_,
          ": the pickle adds items to what is no container, at byte ", at_);
    target.items.insert(target.items.end(), items.begin(), items.end());
    return true;
  }

  bool object(char op) {
    switch (op) {
      case 'c': {
        const std::string_view module = line(), name = line();
        return push_global(module, name);
      }
      case '\x93': {
        const Id name = pop(), module = pop();
        return push_global(pickle_[module].text, pickle_[name].text);
      }
      case 'R':
      case '\x81': {
        const Id args = pop(), callee = pop();
        return push_object(callee, args);
      }
      case '\x92': {
        pop();  // keyword arguments
        const Id args = pop(), callee = pop();
        return push_object(callee, args);
      }
      case 'b': {
        const Id state = pop(), target = top();
        pickle_.values[target].state = state;
        return true;
      }
      case 'P':
        push_text(Kind::text, line());
        return push_persistent(pop());
      case 'Q':
        return push_persistent(pop());
      default:
        return false;
    }
  }
  bool push_global(std::string_view module, std::string_view name) {
    Value& global = add(Kind::global);
    global.text = module;
    global.name = name;
    return push(last());
  }
  bool push_object(Id callee, Id args) {
    Value& object = add(Kind::object);
    object.callee = callee;
    object.args = args;
    return push(last());
  }
  bool push_persistent(Id id) {
    add(Kind::persistent).args = id;
    return push(last());
  }

  bool stack(char op) {
    switch (op) {
      case '\x80':
        byte();
        return true;  // the protocol's number: all are read alike
      case '\x95':
        number(8);
        return true;  // a frame: only a hint for buffers
      case '(':
        marks_.push_back(stack_.size());
        return true;
      case '0':
        pop();
        return true;
      case '1':
        pop_to_mark();
        return true;
      case '2':
        return push(top());
      case 'p':
        return put(line_number());
      case 'q':
        return put(byte());
      case 'r':
        return put(number(4));
      case '\x94':
        return put(memo_.size());
      case 'g':
        return get(line_number());
      case 'h':
        return get(byte());
      case 'j':
        return get(number(4));
      default:
        return false;
    }
  }
  uint64_t line_number() {
    const std::string_view s = line();
    uint64_t v = 0;
    const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), v);
    CHECK(error == std::errc() && end == s.data() + s.size(), what_, ": a memo number of the pickle is malformed");
    return v;
  }
  bool put(uint64_t index) {
    memo_[index] = top();
    return true;
  }
  bool get(uint64_t index) {
    const auto found = memo_.find(index);
    CHECK(found != memo_.end(), what_, ": the pickle refers to its value ", index, ", which it has not given");
    return push(found->second);
  }

  std::span<const uint8_t> bytes_;
  const std::string& what_;
  size_t at_ = 0;
  Pickle pickle_;
  std::vector<Id> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, Id> memo_;
};

}  // namespace

const Value* Pickle::find(const Value& dict, std::string_view key) const {
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const Value& k = values[dict.items[i]];
    if (k.kind == Kind::text && k.text == key) return &values[dict.items[i + 1]];
  }
  return nullptr;
}

std::string Pickle::name_of(const Value& global) const {
  return global.kind == Kind::global ? join(global.text, ".", global.name) : "";
}

Pickle read_pickle(std::span<const uint8_t> bytes, const std::string& what) { return Reader(bytes, what).read(); }

}  // namespace resnet::pickle
