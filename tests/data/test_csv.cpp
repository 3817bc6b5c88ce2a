// CSV files: columns, dtypes, quotes and missing values; and the words of each error.
#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <string>

#include "tegula/core/error.hpp"
#include "tegula/data/csv.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace tegula;
using data::CsvOptions;
using data::parse_csv;

namespace {

constexpr const char* kHouses =
    "rooms,area,price\n"
    "3,71.5,210\n"
    "2,48,155\n";

}  // namespace

TEST_CASE("by default the last column is the target and the others are the features") {
  const data::Dataset houses = parse_csv(kHouses);
  CHECK(identical(houses.x, Tensor::from<float>({3, 71.5, 2, 48}, {2, 2})));
  CHECK(identical(houses.y, Tensor::from<float>({210, 155})));
  CHECK(houses.sample_weight.empty());
}

TEST_CASE("columns are chosen by name or number, in any order") {
  struct Case {
    CsvOptions options;
    Tensor x, y;
  };
  const Case cases[] = {
      {{.targets = {"rooms"}},
       Tensor::from<float>({71.5, 210, 48, 155}, {2, 2}),
       Tensor::from<float>({3, 2})},
      {{.targets = {"price", "rooms"}},
       Tensor::from<float>({71.5, 48}, {2, 1}),
       Tensor::from<float>({210, 3, 155, 2}, {2, 2})},
      {{.targets = {0}, .features = {{-1, "area"}}},
       Tensor::from<float>({210, 71.5, 155, 48}, {2, 2}),
       Tensor::from<float>({3, 2})},
      {{.targets = {}},
       Tensor::from<float>({3, 71.5, 210, 2, 48, 155}, {2, 3}),
       Tensor(DType::f32, {2, 0})},
      {{.targets = {"rooms"}, .feature_dtype = DType::f64, .target_dtype = DType::i32},
       Tensor::from<double>({71.5, 210, 48, 155}, {2, 2}),
       Tensor::from<std::int32_t>({3, 2})},
  };
  for (const Case& c : cases) {
    const data::Dataset read = parse_csv(kHouses, c.options);
    CHECK(identical(read.x, c.x));
    CHECK(identical(read.y, c.y));
  }
  const data::Dataset weighted = parse_csv(kHouses, {.sample_weight = "area"});
  CHECK(identical(weighted.x, Tensor::from<float>({3, 2}, {2, 1})));
  CHECK(identical(weighted.sample_weight.one(), Tensor::from<float>({71.5, 48})));
}

TEST_CASE("the forms that files come in mean the same") {
  const Tensor x = Tensor::from<float>({1, -2.5, 30, 4}, {2, 2});
  const Tensor y = Tensor::from<float>({7, 8});
  struct Case {
    const char* text;
    CsvOptions options;
  };
  const Case cases[] = {
      {"a,b,c\n1,-2.5,7\n30,4,8\n", {}},
      {"a,b,c\n1,-2.5,7\n30,4,8", {}},
      {"\xEF\xBB\xBF"
       "a,b,c\r\n1,-2.5,7\r\n\r\n30,4,8\r\n",
       {}},
      {"\n 1 ,\t-2.5, 7\n3e1,+4.0,8\n\n", {.header = false}},
      {"1;-2.5;7\n30;4;8\n", {.header = false, .delimiter = ';'}},
      {"\"the \"\"a\"\"\",\"b,\n\",c\n\"1\", \"-2.5\" ,7\n30,4,\"8\"\n", {}},
      {"'a','b','c'\n1,-2.5,7\n30,4,8\n", {.quote = '\''}},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    const data::Dataset read = parse_csv(c.text, c.options);
    CHECK(identical(read.x, x));
    CHECK(identical(read.y, y));
  }
}

TEST_CASE("text is welcome in columns that nobody asks for") {
  const data::Dataset read =
      parse_csv("name,x,y\n\"Li,\nWei\",1,2\nAda,3,4\n", {.features = {{"x"}}});
  CHECK(identical(read.x, Tensor::from<float>({1, 3}, {2, 1})));
  CHECK(identical(read.y, Tensor::from<float>({2, 4})));
}

TEST_CASE("missing numbers become the one that the options give") {
  const data::Dataset zeros = parse_csv("1,,2\nNA,?,3\n", {.header = false, .missing_value = 0.0});
  CHECK(identical(zeros.x, Tensor::from<float>({1, 0, 0, 0}, {2, 2})));
  const data::Dataset nans =
      parse_csv("-9,5\n", {.header = false, .missing = {"-9"}, .missing_value = std::nan("")});
  CHECK(std::isnan(nans.x->at(0)));
  CHECK(nans.y->at(0) == 5);
}

TEST_CASE("floats are the nearest, and integers keep all their digits") {
  const data::Dataset read =
      parse_csv("0.1,9007199254740993\n1e-50,-1\n", {.target_dtype = DType::i64, .header = false});
  CHECK(read.x->at<float>(0, 0) == 0.1f);
  CHECK(read.x->at<float>(1, 0) == 0.0f);
  CHECK(read.y->at<std::int64_t>(0) == 9007199254740993);
  const data::Dataset special = parse_csv("nan,-inf\n", {.header = false});
  CHECK(std::isnan(special.x->at(0)));
  CHECK(special.y->at(0) == -std::numeric_limits<double>::infinity());
}

TEST_CASE("each fault is named with its line and column") {
  struct Case {
    const char* text;
    CsvOptions options;
    const char* error;
  };
  const Case cases[] = {
      {"", {}, "CSV data holds no line"},
      {"a,b\n1,2\n3\n", {}, "CSV data, line 3 has 1 fields; expected 2"},
      {"a,b\n1,2,3\n", {}, "CSV data, line 2 has 3 fields; expected 2"},
      {"a,b\n\n1,two\n", {}, "CSV data, line 3, column 1 (b): \"two\" is no number"},
      {"a,b\n\"1\n\",2\n", {}, "CSV data, line 2, column 0 (a): \"1\n\" is no number"},
      {"\"a\nb\",c\n1,x\n", {}, "CSV data, line 3, column 1 (c): \"x\" is no number"},
      {"1,2 3\n", {.header = false}, "CSV data, line 1, column 1: \"2 3\" is no number"},
      {"1,0x10\n", {.header = false}, "CSV data, line 1, column 1: \"0x10\" is no number"},
      {"1,1e39\n",
       {.header = false},
       "CSV data, line 1, column 1: \"1e39\" is out of the range of float32"},
      {"1,1e999\n",
       {.header = false},
       "CSV data, line 1, column 1: \"1e999\" is out of the range of float32"},
      {"1,2.5\n",
       {.target_dtype = DType::i32, .header = false},
       "CSV data, line 1, column 1: \"2.5\" is no number of dtype int32"},
      {"1,300\n",
       {.target_dtype = DType::u8, .header = false},
       "CSV data, line 1, column 1: \"300\" is out of the range of uint8"},
      {"1,2\n",
       {.target_dtype = DType::boolean, .header = false},
       "CSV data, line 1, column 1: \"2\" is out of the range of bool"},
      {"a,b\n1,\n",
       {},
       "CSV data, line 2, column 1 (b): \"\" is missing; give missing_value to put a number there"},
      {"1,\n",
       {.target_dtype = DType::i32, .header = false, .missing_value = std::nan("")},
       "CSV data, line 1, column 1: \"\" is missing, and missing_value is no int32"},
      {"a,b\n1,\"2\n", {}, "CSV data, line 2: a quoted field is not closed"},
      {"a,b\n\"1\"0,2\n", {}, "CSV data, line 2: text follows the closing quote of field 1"},
      {"price,area\n",
       {.targets = {"prize"}},
       "CSV data: there is no column \"prize\"; did you mean \"price\"?"},
      {"1,2\n",
       {.targets = {"b"}, .header = false},
       "CSV data: there is no column \"b\" without a header; give its number"},
      {"a,a\n", {.targets = {"a"}}, "CSV data: two columns are named \"a\"; give a number"},
      {"a,b\n", {.targets = {2}}, "CSV data: there is no column 2 among 2"},
      {"a,b\n1,2\n", {.max_bytes = 4}, "CSV data holds 8 bytes, more than the limit of 4"},
      {"a,b\n",
       {.delimiter = '"'},
       "csv: delimiter and quote must be two different characters other than line breaks"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    CHECK_THROWS_WITH_AS(parse_csv(c.text, c.options), c.error, InvalidArgument);
  }
}

TEST_CASE("a file is read, and named when it is wrong") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("houses.csv");
  test::write_bytes(path, kHouses);
  CHECK(data::csv(path).size() == 2);
  test::write_bytes(path, "a,b\n1,?\n");
  const std::string error =
      "\"" + path +
      "\", line 2, column 1 (b): \"?\" is missing; give missing_value to put a number "
      "there";
  CHECK_THROWS_WITH_AS(data::csv(path), error.c_str(), FormatError);
  CHECK_THROWS_AS(data::csv(folder.path("absent.csv")), IoError);
}

TEST_CASE("a text that is cut off anywhere is read or refused, never misread") {
  const std::string text = "a,b\n\"1\",-2.5e1\r\n3,\"4\"\n";
  for (std::size_t size = 0; size < text.size(); ++size) {
    try {
      const data::Dataset read = parse_csv(std::string_view(text).substr(0, size));
      CHECK(read.x->shape().rank() == 2);
    } catch (const FormatError&) {
    }
  }
}

TEST_CASE("lines of too many fields or bytes are refused before they take memory") {
  const auto refused = [](const std::string& text, const std::string& problem) {
    CAPTURE(problem);
    try {
      parse_csv(text, {.header = false});
      FAIL("accepted");
    } catch (const FormatError& error) {
      CHECK(std::string(error.what()).find(problem) != std::string::npos);
    }
  };
  const std::size_t limit = std::size_t{64} << 20;
  refused("1,2\n" + std::string(1'000'000, ',') + "\n", "line 2 has more than 1000000 fields");
  refused("1,2\n3," + std::string(limit, ' ') + "4\n", "line 2 is longer than 67108864 bytes");
  refused("1,2\n3,\"" + std::string(limit, '"') + "\"\n", "line 2 is longer than 67108864 bytes");
}

TEST_CASE("many columns are found by name in linear time") {
  constexpr std::size_t kColumns = 200'000;
  std::string names, numbers;
  CsvOptions options{.targets = {"c0"}, .features = std::vector<data::CsvColumn>{}};
  for (std::size_t column = 0; column < kColumns; ++column) {
    names += (column == 0 ? "c" : ",c") + std::to_string(column);
    numbers += (column == 0 ? "" : ",") + std::to_string(column % 10);
    if (column > 0) options.features->emplace_back("c" + std::to_string(kColumns - column));
  }
  const auto start = std::chrono::steady_clock::now();
  const data::Dataset data = parse_csv(names + "\n" + numbers + "\n", options);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
  CHECK(data.x->at(0) == (kColumns - 1) % 10);
}
