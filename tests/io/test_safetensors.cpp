// safetensors: the reference library's bytes, round trips, and hostile input.
#include <doctest/doctest.h>

#include <cstring>
#include <string>

#include "src/core/file_faults.hpp"
#include "tegula/core/error.hpp"
#include "tegula/io/safetensors.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace tegula;
using namespace tegula::io;

namespace {

std::string with_length(const std::string& json, std::uint64_t length) {
  std::string bytes(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(length >> (8 * i));
  return bytes + json;
}

std::string file_of(const std::string& json, const std::string& data = "") {
  return with_length(json, json.size()) + data;
}

/// The text of the FormatError for `bytes`; empty when they are accepted. Any other exception
/// fails.
std::string error_of(std::string_view bytes) {
  try {
    parse_safetensors(bytes, "file");
  } catch (const FormatError& error) {
    return error.what();
  }
  return "";
}

/// Tensors of every dtype and of unusual shapes.
Safetensors sample() {
  Safetensors contents;
  contents.tensors = {
      {"b", Tensor::from<float>({1, 2, 3}, {1, 3})},
      {"a", Tensor::scalar<std::int64_t>(7)},
      {"flag", Tensor::from<bool>({true, false, true})},
      {"z.half", Tensor::from<float16>({float16(1), float16(-2)})},
      {"e", Tensor(DType::f32, {0, 4})},
      {"i", Tensor::from<std::int32_t>({-1})},
      {"d", Tensor::from<double>({0.5})},
      {"u", Tensor::from<std::uint8_t>({255})},
      {"s", Tensor::from<std::int8_t>({-128})},
      {"bf", Tensor::from<bfloat16>({bfloat16(3)})},
  };
  contents.metadata = {{"note \"q\"", "Grüße\n\t"}};
  return contents;
}

/// What the reference library (Python package safetensors 0.8.0) writes for `sample()`.
std::string reference_bytes() {
  using namespace std::string_literals;
  const std::string json =
      R"({"__metadata__":{"note \"q\"":"Grüße\n\t"},"a":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
      R"("d":{"dtype":"F64","shape":[1],"data_offsets":[8,16]},)"
      R"("b":{"dtype":"F32","shape":[1,3],"data_offsets":[16,28]},)"
      R"("e":{"dtype":"F32","shape":[0,4],"data_offsets":[28,28]},)"
      R"("i":{"dtype":"I32","shape":[1],"data_offsets":[28,32]},)"
      R"("bf":{"dtype":"BF16","shape":[1],"data_offsets":[32,34]},)"
      R"("z.half":{"dtype":"F16","shape":[2],"data_offsets":[34,38]},)"
      R"("s":{"dtype":"I8","shape":[1],"data_offsets":[38,39]},)"
      R"("u":{"dtype":"U8","shape":[1],"data_offsets":[39,40]},)"
      R"("flag":{"dtype":"BOOL","shape":[3],"data_offsets":[40,43]}}    )";
  return "\x60\x02\0\0\0\0\0\0"s + json +
         "\x07\0\0\0\0\0\0\0\0\0\0\0\0\0\xe0\x3f\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40"
         "\xff\xff\xff\xff\x40\x40\0\x3c\0\xc0\x80\xff\x01\0\x01"s;
}

void check_same(const Safetensors& read, const Safetensors& written) {
  CHECK(read.metadata == written.metadata);
  CHECK(read.tensors.size() == written.tensors.size());
  for (const NamedTensor& entry : written.tensors) {
    CAPTURE(entry.name);
    CHECK(identical(read.at(entry.name), entry.tensor));
  }
}

}  // namespace

TEST_CASE("the writer's bytes are the reference library's") {
  CHECK(to_safetensors(sample()) == reference_bytes());
  CHECK(to_safetensors({}) == file_of("{}      "));
  Safetensors one;
  one.tensors = {{"attn.0", Tensor::zeros(DType::f32, {1, 2, 3})}};
  CHECK(to_safetensors(one) ==
        with_length(R"({"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}})", 64) +
            std::string(24, '\0'));
  one.tensors = {{"attn0", Tensor::zeros(DType::f32, {1, 1, 2, 3})}};
  CHECK(to_safetensors(one) ==
        with_length(R"({"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}       )",
                    72) +
            std::string(24, '\0'));
}

TEST_CASE("the reference library's bytes read back, in the order of the file") {
  const Safetensors read = parse_safetensors(reference_bytes());
  check_same(read, sample());
  std::string order;
  for (const NamedTensor& entry : read.tensors) order += entry.name + " ";
  CHECK(order == "a d b e i bf z.half s u flag ");
  CHECK_THROWS_WITH_AS(read.at("c"),
                       "there is no tensor \"c\" among the 10 of the safetensors data", NotFound);
}

TEST_CASE("every dtype and unusual shapes survive a file") {
  const test::TemporaryFolder folder;
  for (const DType dtype : kAllDTypes) {
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{3, 0, 2}, Shape{5}, Shape{2, 3},
                               Shape{1, 1, 1, 1, 1, 1, 1, 2}}) {
      Safetensors contents;
      contents.tensors = {{"x", Tensor(dtype, shape)}, {"", Tensor::scalar(1.5f)}};
      for (std::int64_t i = 0; i < shape.element_count(); ++i) {
        contents.tensors[0].tensor.set(i, static_cast<double>(i % 2));
      }
      write_safetensors(folder.path("file"), contents);
      check_same(read_safetensors(folder.path("file")), contents);
    }
  }
}

TEST_CASE("the reader accepts what the format allows") {
  // No padding, other white space, entries in any order, odd alignment, empty tensors in between.
  const Safetensors read = parse_safetensors(file_of(
      "{\"b\" : {\"data_offsets\":[1,5],\n\"shape\":[1],\"dtype\":\"F32\"}, \"none\":{\"dtype\":"
      "\"I64\",\"shape\":[0,99],\"data_offsets\":[1,1]},\t\"a\":{\"dtype\":\"U8\",\"shape\":[1],"
      "\"data_offsets\":[0,1]},\"__metadata__\":{}}",
      std::string("\x09\x00\x00\x80\x3f", 5)));
  CHECK(read.at("a").item() == 9);
  CHECK(read.at("b").item() == 1);
  CHECK(read.at("none").shape() == Shape{0, 99});
}

TEST_CASE("each violation of the format is named") {
  const auto entry = [](const std::string& fields) { return "{\"x\":{" + fields + "}}"; };
  const std::string valid = R"("dtype":"U8","shape":[2],"data_offsets":[0,2])";
  REQUIRE(error_of(file_of(entry(valid), "ab")).empty());
  const auto one = [&](const std::string& fields) { return file_of(entry(fields), "ab"); };
  struct Case {
    std::string bytes;
    const char* text;
  };
  const std::string u8 = R"("dtype":"U8",)";
  const std::string shape = R"("shape":[2],)";
  const std::string offsets = R"("data_offsets":[0,2])";
  const Case cases[] = {
      {"1234567", "7 bytes are too few"},
      {with_length("{}", 100'000'001), "a header of 100000001 bytes; expected at most 100000000"},
      {with_length("{}", ~0ull), "expected at most 100000000"},
      {with_length("{}", 3), "a header of 3 bytes in a file of 10 bytes; the file is truncated"},
      {file_of(""), "does not begin with '{'"},
      {file_of(" {}"), "does not begin with '{'"},
      {file_of("\xef\xbb\xbf{}"), "does not begin with '{'"},
      {file_of("[]"), "does not begin with '{'"},
      {file_of("{"), "not valid JSON"},
      {file_of("{}x"), "not valid JSON"},
      {file_of("{}{}"), "not valid JSON"},
      {file_of(std::string("{}\0x", 4)), "zero byte"},
      {file_of("{\"\xff\":1}"), "not valid JSON"},
      {file_of("{\"\xc0\xaf\":1}"), "not valid JSON"},
      {file_of("{\"x\":1e999}"), "not valid JSON"},
      {file_of("{\"x\":1}"), "found a number; expected an object with dtype"},
      {file_of("{\"x\":null}"), "found null"},
      {file_of("{\"x\":[[[[]]]]}"), "found a list"},
      {file_of("{\"x\":\"y\"}"), "found a text"},
      {file_of("{\"x\":{}}"), "lacks one of dtype, shape and data_offsets"},
      {one(u8 + shape), "not valid JSON"},
      {one(u8 + R"("shape":[2])"), "lacks one of"},
      {one(valid + R"(,"extra":1)"), "unknown key \"extra\""},
      {one(valid + R"(,"dtype":"U8")"), "holds \"dtype\" twice"},
      {one(u8 + R"("shape":{},)" + offsets), "found an object; expected a list of at most"},
      {one(u8 + R"("shape":[[2]],)" + offsets), "found a list"},
      {one(u8 + R"("shape":[-2],)" + offsets), "found a negative number"},
      {one(u8 + R"("shape":[2.0],)" + offsets), "found a number that is no 64-bit integer"},
      {one(u8 + R"("shape":["2"],)" + offsets), "found a text"},
      {one(u8 + R"("shape":[true],)" + offsets), "found a boolean"},
      {one(u8 + R"("shape":[18446744073709551616],)" + offsets), "no 64-bit integer"},
      {one(u8 + R"("shape":[9223372036854775808],)" + offsets), "overflows 64 bits"},
      {one(u8 + R"("shape":[4294967296,4294967296],)" + offsets), "overflows 64 bits"},
      {one(u8 + R"("shape":[4294967296,0,4294967296],)" + offsets), "overflows 64 bits"},
      {one(u8 + R"("shape":[1,1,1,1,1,1,1,1,2],)" + offsets),
       "9 dimensions; supported are up to 8"},
      {one(u8 + R"("shape":[3],)" + offsets), "has 2 bytes; expected 3 for U8[3]"},
      {one(u8 + shape + R"("data_offsets":[0])"), "data_offsets must be two numbers"},
      {one(u8 + shape + R"("data_offsets":[0,1,2])"), "found a number; expected two offsets"},
      {one(u8 + shape + R"("data_offsets":[1,2])"), "expected to begin at 0"},
      {one(u8 + shape + R"("data_offsets":[0,3])"), "end within the 2 bytes of data"},
      {one(u8 + shape + R"("data_offsets":[0,18446744073709551615])"), "end within the 2 bytes"},
      {one(R"("dtype":"F8_E4M3",)" + shape + offsets), "the dtype \"F8_E4M3\"; supported are BOOL"},
      {one(R"("dtype":7,)" + shape + offsets), "found a number; expected the name of a dtype"},
      {one(R"("dtype":"BOOL",)" + shape + offsets), "a BOOL element that is neither 0 nor 1"},
      {file_of(entry(valid), "abc"), "1 bytes after the last tensor; expected none"},
      {file_of("{}", "a"), "1 bytes after the last tensor"},
      {file_of("{\"x\":{" + valid + "},\"x\":{" + valid + "}}", "ab"), "holds \"x\" twice"},
      {file_of("{\"x\":{" + valid + "},\"\\u0078\":{" + valid + "}}", "ab"), "holds \"x\" twice"},
      {file_of("{\"x\":{" + valid + "},\"y\":{" + valid + "}}", "ab"), "expected to begin at 2"},
      {file_of(R"({"__metadata__":{"a":1}})"), "__metadata__: found a number; expected a text"},
      {file_of(R"({"__metadata__":{"a":{}}})"), "__metadata__: found an object"},
      {file_of(R"({"__metadata__":[]})"), "__metadata__: found a list"},
      {file_of(R"({"__metadata__":{"a":"b","a":"b"}})"), "holds \"a\" twice"},
      {file_of(R"({"__metadata__":{},"__metadata__":{}})"), "holds \"__metadata__\" twice"},
      {file_of("{\"" + std::string(5000, 'n') + "\":{}}"), "longer than 4096 bytes"},
      {file_of("{\"x\":" + std::string(1'000'000, '[')), "found a list"},
      {file_of("{\"x\":" + std::string(1'000'000, '9') + "}"), "not valid JSON"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.bytes.substr(0, 100));
    const std::string error = error_of(c.bytes);
    CAPTURE(error);
    CHECK(error.starts_with("file: "));
    CHECK(error.find(c.text) != std::string::npos);
  }
}

TEST_CASE("a file cut at any byte is refused") {
  const std::string bytes = reference_bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(error_of(bytes.substr(0, size)).empty());
  }
  const test::TemporaryFolder folder;
  test::write_bytes(folder.path("cut"), bytes.substr(0, 100));
  CHECK_THROWS_WITH_AS(read_safetensors(folder.path("cut")),
                       ("\"" + folder.path("cut") +
                        "\": a header of 608 bytes in a file of 100 bytes; the file is truncated")
                           .c_str(),
                       FormatError);
  CHECK_THROWS_AS(read_safetensors(folder.path("missing")), IoError);
  CHECK_THROWS_AS(read_safetensors(folder.path("cut"), 99), FormatError);
}

TEST_CASE("a flipped bit is refused or changes only values and names") {
  const std::string bytes = reference_bytes();
  int accepted = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    // Anything but success and FormatError leaves error_of as another exception and fails the test.
    if (!error_of(flipped).empty()) continue;
    ++accepted;
    CHECK(parse_safetensors(flipped).tensors.size() == 10);
  }
  CHECK(accepted > 40 * 8);  // the data bytes
}

TEST_CASE("what cannot be written is refused before anything is written") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("file");
  struct Case {
    std::vector<std::string> names;
    const char* text;
  };
  const Case cases[] = {
      {{"a", "b", "a"}, "two tensors for a safetensors file have the name \"a\""},
      {{"__metadata__"}, "a safetensors file reserves the name \"__metadata__\""},
      {{"\xff"}, "a name or text to be saved is not valid UTF-8"},
      {{std::string(4097, 'n')},
       "a name of 4097 bytes for a safetensors file; expected at most 4096"},
  };
  for (const Case& c : cases) {
    Safetensors contents;
    for (const std::string& name : c.names) contents.tensors.push_back({name, Tensor::scalar(1.f)});
    CHECK_THROWS_WITH_AS(write_safetensors(path, contents), c.text, InvalidArgument);
    CHECK_FALSE(std::filesystem::exists(path));
  }
}

TEST_CASE("a failing write keeps the old file") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("file");
  Safetensors old;
  old.tensors = {{"old", Tensor::scalar(1.f)}};
  write_safetensors(path, old);
  tegula::detail::set_file_fault(3, tegula::detail::Fault::once);
  CHECK_THROWS_AS(write_safetensors(path, sample()), IoError);
  tegula::detail::set_file_fault(-1, tegula::detail::Fault::once);
  check_same(read_safetensors(path), old);
}
