// An attribute's value in the graph's text form: a letter for its type, then the text.

#include "src/graph/text_scanner.hpp"
#include "src/graph/text_values.hpp"
#include "tegula/graph/function.hpp"
#include "tests/fuzz/targets.hpp"

namespace tegula::fuzz {

namespace {

const AttrValue kExamples[] = {false,
                               std::int64_t{0},
                               0.0,
                               std::string(),
                               DType::f32,
                               Shape(),
                               std::vector<std::int64_t>(),
                               Tensor(),
                               std::make_shared<const Cluster>(),
                               FunctionPointer()};

AttrValue parse(std::string_view text, const AttrValue& example) {
  std::size_t repeatable = detail::kMaxRepeatedBytesOfText;
  detail::TextScanner scanner(text, 1, repeatable);
  AttrValue value = scanner.attr_value(example);
  if (!scanner.at_end()) scanner.fail("expected the end");
  return value;
}

std::string text_of(const AttrValue& value) {
  if (const auto* tensor = std::get_if<Tensor>(&value)) return detail::tensor_text(*tensor);
  if (const auto* cluster = std::get_if<std::shared_ptr<const Cluster>>(&value)) {
    return detail::cluster_text(**cluster);
  }
  if (const auto* function = std::get_if<FunctionPointer>(&value)) {
    return detail::function_text(**function);
  }
  return to_string(value);
}

void run(std::string_view input) {
  if (input.empty() || input[0] < 'a' || input[0] - 'a' >= std::ssize(kExamples)) return;
  const AttrValue& example = kExamples[input[0] - 'a'];
  const std::string text = text_of(parse(input.substr(1), example));
  require(text_of(parse(text, example)) == text, "an attribute's text reads back as its value");
}

}  // namespace

const Target attributes = {"attributes", run};

}  // namespace tegula::fuzz
