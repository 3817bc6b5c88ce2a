// CSV: a byte of options, then the text.

#include "tegula/data/csv.hpp"

#include "tests/fuzz/targets.hpp"

namespace tegula::fuzz {

namespace {

data::CsvOptions options_of(unsigned char bits) {
  constexpr DType kTargets[] = {DType::f32, DType::i32, DType::u8, DType::boolean};
  data::CsvOptions options;
  options.header = (bits & 1) != 0;
  options.delimiter = (bits & 2) != 0 ? ';' : ',';
  if ((bits & 4) != 0) options.missing_value = -1.0;
  options.target_dtype = kTargets[bits >> 3 & 3];
  if ((bits & 32) != 0) options.feature_dtype = DType::f64;
  if ((bits & 64) != 0) options.sample_weight = 0;
  if ((bits & 128) != 0) options.quote = '\'';
  return options;
}

void run(std::string_view input) {
  if (input.empty()) return;
  const data::CsvOptions options = options_of(static_cast<unsigned char>(input[0]));
  const data::Dataset samples = data::parse_csv(input.substr(1), options);
  require(samples.x->rank() == 2 && samples.y->shape() == Shape{samples.size()},
          "x is [n, features] and y is [n]");
  require((samples.sample_weight.size() == 1) == options.sample_weight.has_value(),
          "there are weights when a column of them is named");
}

}  // namespace

const Target csv = {"csv", run};

}  // namespace tegula::fuzz
