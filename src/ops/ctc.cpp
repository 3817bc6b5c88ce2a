// Connectionist temporal classification: Graves et al., ICML 2006.

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/ops/family.hpp"
#include "tegula/graph/sequences.hpp"

namespace tegula::ops {

namespace {

constexpr double kImpossible = -std::numeric_limits<double>::infinity();

double log_add(double a, double b) {
  const double larger = std::max(a, b);
  return larger == kImpossible ? kImpossible : larger + std::log1p(std::exp(-std::abs(a - b)));
}

/// One sample: its label with blanks between and around (l' in the paper), and log-probabilities
/// [time, classes].
class Alignments {
 public:
  Alignments(std::vector<std::int64_t> symbols, std::vector<double> log_probabilities,
             std::int64_t classes)
      : symbols_(std::move(symbols)),
        log_probabilities_(std::move(log_probabilities)),
        classes_(classes),
        time_(std::ssize(log_probabilities_) / classes) {}

  /// log of the probability of all alignments.
  double log_likelihood() const {
    if (time_ == 0) return symbols_.size() == 1 ? 0 : kImpossible;
    const std::vector<double> forward = forwards();
    const std::int64_t size = std::ssize(symbols_);
    const double last = forward[index(time_ - 1, size - 1)];
    return size == 1 ? last : log_add(last, forward[index(time_ - 1, size - 2)]);
  }

  /// The derivative of -log_likelihood by the logits, [time, classes]; 0 when there is no
  /// alignment.
  std::vector<double> gradient() const {
    std::vector<double> result(log_probabilities_.size(), 0.0);
    const double total = log_likelihood();
    if (time_ == 0 || total == kImpossible) return result;
    const std::vector<double> forward = forwards(), backward = backwards();
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = std::exp(log_probabilities_[i]);
    for (std::int64_t t = 0; t < time_; ++t) {
      for (std::int64_t s = 0; s < std::ssize(symbols_); ++s) {
        const double through = forward[index(t, s)] + backward[index(t, s)] - total;
        result[place(t, s)] -= std::exp(through);
      }
    }
    return result;
  }

 private:
  std::size_t index(std::int64_t t, std::int64_t s) const {
    return static_cast<std::size_t>(t * std::ssize(symbols_) + s);
  }
  std::size_t place(std::int64_t t, std::int64_t s) const {
    return static_cast<std::size_t>(t * classes_ + symbols_[static_cast<std::size_t>(s)]);
  }
  /// Whether an alignment may go from symbol s - 2 to s: over a blank between different labels.
  bool may_skip_to(std::int64_t s) const {
    return s >= 2 && s % 2 == 1 &&
           symbols_[static_cast<std::size_t>(s)] != symbols_[static_cast<std::size_t>(s - 2)];
  }

  /// Of the prefixes that end at time t with symbol s, t included.
  std::vector<double> forwards() const {
    const std::int64_t size = std::ssize(symbols_);
    std::vector<double> result(static_cast<std::size_t>(time_ * size), kImpossible);
    for (std::int64_t t = 0; t < time_; ++t) {
      for (std::int64_t s = 0; s < size; ++s) {
        double before = t == 0 && s < 2 ? 0 : kImpossible;
        if (t > 0) before = result[index(t - 1, s)];
        if (t > 0 && s > 0) before = log_add(before, result[index(t - 1, s - 1)]);
        if (t > 0 && may_skip_to(s)) before = log_add(before, result[index(t - 1, s - 2)]);
        result[index(t, s)] = before + log_probabilities_[place(t, s)];
      }
    }
    return result;
  }

  /// Of the suffixes after time t, given symbol s at t.
  std::vector<double> backwards() const {
    const std::int64_t size = std::ssize(symbols_);
    std::vector<double> result(static_cast<std::size_t>(time_ * size), kImpossible);
    const auto from = [&](std::int64_t t, std::int64_t s) {
      return result[index(t, s)] + log_probabilities_[place(t, s)];
    };
    for (std::int64_t t = time_ - 1; t >= 0; --t) {
      for (std::int64_t s = 0; s < size; ++s) {
        double after = t == time_ - 1 && s >= size - 2 ? 0 : kImpossible;
        if (t < time_ - 1) after = from(t + 1, s);
        if (t < time_ - 1 && s + 1 < size) after = log_add(after, from(t + 1, s + 1));
        if (t < time_ - 1 && s + 2 < size && may_skip_to(s + 2)) {
          after = log_add(after, from(t + 1, s + 2));
        }
        result[index(t, s)] = after;
      }
    }
    return result;
  }

  std::vector<std::int64_t> symbols_;
  std::vector<double> log_probabilities_;
  std::int64_t classes_;
  std::int64_t time_;
};

/// logits[sample, 0 … time) as log-probabilities.
std::vector<double> log_softmax_of(const Tensor& logits, std::int64_t sample, std::int64_t time) {
  const std::int64_t classes = logits.shape()[2];
  const std::int64_t first = sample * logits.shape()[1] * classes;
  std::vector<double> result;
  for (std::int64_t i = 0; i < time * classes; ++i) result.push_back(logits.at(first + i));
  for (std::int64_t t = 0; t < time; ++t) {
    const auto row = std::span(result).subspan(static_cast<std::size_t>(t * classes),
                                               static_cast<std::size_t>(classes));
    const double largest = *std::ranges::max_element(row);
    double total = 0;
    for (const double x : row) total += std::exp(x - largest);
    for (double& x : row) x -= largest + std::log(total);
  }
  return result;
}

std::int64_t length_at(const Tensor& lengths, std::int64_t sample, std::int64_t longest,
                       const char* what) {
  const std::int64_t length = integer_at(lengths, sample);
  if (length >= 0 && length <= longest) return length;
  throw RunError(std::string(what) + " " + std::to_string(length) + " of sample " +
                 std::to_string(sample) + " is not between 0 and " + std::to_string(longest));
}

Alignments alignments_of(const EvaluateContext& context, std::int64_t sample) {
  const Tensor& labels = context.input(0);
  const Tensor& logits = context.input(1);
  const std::int64_t blank = integer(context.attrs, "blank");
  const std::int64_t classes = logits.shape()[2];
  const std::int64_t width = labels.shape()[1];
  const std::int64_t count = length_at(context.input(2), sample, width, "label length");
  const std::int64_t time = length_at(context.input(3), sample, logits.shape()[1], "logit length");
  std::vector<std::int64_t> symbols = {blank};
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t label = integer_at(labels, sample * width + i);
    if (label < 0 || label >= classes) {
      throw RunError("label " + std::to_string(label) + " of sample " + std::to_string(sample) +
                     " is none of the " + std::to_string(classes) + " classes");
    }
    symbols.insert(symbols.end(), {label, blank});
  }
  return {std::move(symbols), log_softmax_of(logits, sample, time), classes};
}

/// The batch size, after a check of all types.
std::int64_t check_operands(const InferContext& context) {
  check_dtype(context.dtype(1), Accepts::floating);
  Shape batch = {kUnknown};
  for (const auto& [input, rank] :
       {std::pair(0, 2), std::pair(1, 3), std::pair(2, 1), std::pair(3, 1)}) {
    if (input != 1 && !is_integer(context.dtype(input))) {
      throw DTypeError("labels and lengths must be integers, not " +
                       std::string(to_string(context.dtype(input))));
    }
    const Shape& shape = context.shape(input);
    if (shape.rank() != rank) {
      throw ShapeError(
          "expected labels [batch, labels], logits [batch, time, classes] and two "
          "lengths [batch], got " +
          shape.to_string() + " as input " + std::to_string(input));
    }
    if (!compatible(batch, Shape{shape[0]})) {
      throw ShapeError("batches of " + std::to_string(batch[0]) + " and of " +
                       std::to_string(shape[0]) + " samples");
    }
    if (shape[0] != kUnknown) batch = {shape[0]};
  }
  const std::int64_t blank = integer(context.attrs, "blank");
  const std::int64_t classes = context.shape(1)[2];
  if (blank < 0 || (classes != kUnknown && blank >= classes)) {
    throw ShapeError("blank " + std::to_string(blank) + " is none of the " +
                     std::to_string(classes) + " classes");
  }
  return batch[0];
}

OpDef ctc_definition(const char* name, const char* doc) {
  OpDef def;
  def.name = name;
  def.doc = doc;
  def.inputs = {{"labels", "Integers [batch, labels]."},
                {"logits", "[batch, time, classes], f32 or f64."},
                {"label_lengths", "Integers [batch]: how many labels of each row count."},
                {"logit_lengths", "Integers [batch]: how many steps of each sample count."}};
  def.attrs = {{"blank", std::int64_t{0}, false, "The class between labels."}};
  def.samples = [] {
    const auto lengths = [](double low, double high) {
      return SampleInput{DType::i32, {3}, low, high};
    };
    return std::vector<Sample>{
        {{{DType::i32, {3, 2}, 1, 3}, {DType::f32, {3, 5, 4}}, lengths(0, 2), lengths(4, 5)},
         {},
         ""},
        {{{DType::i64, {3, 2}, 0, 1}, {DType::f32, {3, 4, 3}}, lengths(1, 2), lengths(4, 4)},
         {{"blank", std::int64_t{2}}},
         ""},
        {{{DType::i32, {3, 0}}, {DType::f32, {3, 6, 1}}, lengths(0, 0), lengths(0, 1)}, {}, ""}};
  };
  def.bad_samples = [] {
    const SampleInput labels = {DType::i32, {2, 2}, 0, 1}, logits = {DType::f32, {2, 3, 2}};
    const SampleInput lengths = {DType::i32, {2}, 0, 1}, three = {DType::i32, {3}, 0, 1};
    return std::vector<Sample>{
        {{{DType::f32, {2, 2}}, logits, lengths, lengths}, {}, "must be integers"},
        {{labels, {DType::f32, {2, 3}}, lengths, lengths}, {}, "expected labels"},
        {{labels, logits, lengths, three}, {}, "batches of 2 and of 3"},
        {{labels, logits, lengths, lengths}, {{"blank", std::int64_t{2}}}, "blank 2 is none"}};
  };
  return def;
}

void register_ctc_loss(OpRegistry& registry) {
  OpDef def = ctc_definition(
      "ctc_loss",
      "-log of the probability of all alignments of labels with logits; no alignment: "
      "infinity");
  def.infer = [](const InferContext& context) {
    const std::int64_t batch = check_operands(context);
    return std::vector<ValueType>{{context.dtype(1), {batch}}};
  };
  def.gradient = [](const GradientContext& context) -> std::vector<Value> {
    const Value slope =
        build("ctc_loss_gradient",
              {context.input(0), context.input(1), context.input(2), context.input(3)},
              {{"blank", integer(context.attrs(), "blank")}});
    const Value dy = expand_dims(expand_dims(context.gradient(), -1), -1);
    return {Value(), dy * slope, Value(), Value()};
  };
  def.reference = [](const EvaluateContext& context) {
    Tensor y(context.outputs[0].dtype, context.outputs[0].shape);
    for (std::int64_t sample = 0; sample < y.element_count(); ++sample) {
      y.set(sample, -alignments_of(context, sample).log_likelihood());
    }
    return std::vector<Tensor>{y};
  };
  registry.add(std::move(def));
}

void register_ctc_loss_gradient(OpRegistry& registry) {
  OpDef def =
      ctc_definition("ctc_loss_gradient", "The derivative of ctc_loss by the logits, per sample");
  def.infer = [](const InferContext& context) {
    check_operands(context);
    return std::vector<ValueType>{{context.dtype(1), context.shape(1)}};
  };
  def.reference = [](const EvaluateContext& context) {
    Tensor y = Tensor::zeros(context.outputs[0].dtype, context.outputs[0].shape);
    const std::int64_t per_sample = y.shape()[1] * y.shape()[2];
    for (std::int64_t sample = 0; sample < y.shape()[0]; ++sample) {
      const std::vector<double> slope = alignments_of(context, sample).gradient();
      for (std::size_t i = 0; i < slope.size(); ++i) {
        y.set(sample * per_sample + static_cast<std::int64_t>(i), slope[i]);
      }
    }
    return std::vector<Tensor>{y};
  };
  registry.add(std::move(def));
}

}  // namespace

void register_ctc(OpRegistry& registry) {
  register_ctc_loss(registry);
  register_ctc_loss_gradient(registry);
}

}  // namespace tegula::ops

namespace tegula {

Value ctc_loss(Operand labels, Operand logits, Operand label_lengths, Operand logit_lengths,
               std::int64_t blank) {
  return build("ctc_loss", {labels, logits, label_lengths, logit_lengths}, {{"blank", blank}});
}

}  // namespace tegula
