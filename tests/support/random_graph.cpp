#include "tests/support/random_graph.hpp"

#include <algorithm>

#include "tegula/core/random.hpp"
#include "tegula/graph/gradients.hpp"
#include "tegula/graph/ops.hpp"

namespace tegula::test {

namespace {

constexpr std::int64_t kRows = 5;
constexpr std::int64_t kColumns = 4;

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : key_{seed, 0, 0} {
    dtype_ = chance(0.3) ? DType::f64 : DType::f32;
  }

  RandomGraph run() {
    add_sources();
    const int steps = 10 + below(30);
    for (int i = 0; i < steps; ++i) add_step();
    if (chance(0.5)) add_training();
    const int fetches = 1 + below(3);
    for (int i = 0; i < fetches; ++i) result_.fetches.push_back(any());
    if (chance(0.3)) {
      result_.fetches.push_back(argmax(softmax(matrix(), 1), 1));
      result_.fetches.push_back(cast(greater(any(), 0.37), DType::i32));
    }
    return std::move(result_);
  }

 private:
  double uniform() { return random_uniform_at(key_, drawn_++); }
  int below(int limit) { return std::min(static_cast<int>(uniform() * limit), limit - 1); }
  bool chance(double probability) { return uniform() < probability; }

  Tensor data(const Shape& shape) {
    Tensor tensor(dtype_, shape);
    for (std::int64_t i = 0; i < tensor.element_count(); ++i) tensor.set(i, uniform() * 4 - 2);
    return tensor;
  }

  void add_sources() {
    Graph& graph = result_.graph;
    // The batch is unknown while building, as in models.
    for (const Shape& shape : {Shape{kUnknown, kColumns}, Shape{kUnknown, 1}, Shape{kColumns}}) {
      Shape fed = shape;
      if (fed[0] == kUnknown) fed.set(0, kRows);
      values_.push_back(graph.placeholder(dtype_, shape));
      result_.feeds.emplace_back(values_.back(), data(fed));
    }
    for (const Shape& shape : {Shape{kColumns, kColumns}, Shape{kColumns}, Shape{1}, Shape{}}) {
      const Tensor initial = data(shape);
      const Variable variable = graph.variable(initial);
      variables_.push_back(variable);
      if (shape.rank() < 2)
        values_.push_back(variable);  // the matrix meets others in products only
      result_.variables.emplace_back(variable, initial);
    }
  }

  Value any() { return values_[static_cast<std::size_t>(below(static_cast<int>(values_.size())))]; }
  /// Of rows x columns.
  Value matrix() { return any() + result_.feeds[0].first; }
  Value positive(Value x) { return sigmoid(x) + 0.5; }
  Value constant() {
    static constexpr double kNumbers[] = {0, 1, -1, 2, 0.5, 0.3, -1.7};
    const Shape shapes[] = {{}, {kColumns}, {1}, {1, kColumns}};
    const Shape& shape = shapes[below(4)];
    if (chance(0.3)) return result_.graph.constant(data(shape));
    return result_.graph.constant(Tensor::full(dtype_, shape, kNumbers[below(7)]));
  }

  Value unary(Value x) {
    switch (below(24)) {
      case 0:
        return neg(x);
      case 1:
        return abs(x);
      case 2:
        return exp(clip(x, -2, 2));
      case 3:
        return log(positive(x));
      case 4:
        return sqrt(positive(x));
      case 5:
        return rsqrt(positive(x));
      case 6:
        return square(tanh(x));
      case 7:
        return reciprocal(positive(x));
      case 8:
        return tanh(x);
      case 9:
        return sigmoid(x);
      case 10:
        return relu(x);
      case 11:
        return leaky_relu(x, 0.1);
      case 12:
        return elu(x, 0.7);
      case 13:
        return gelu(x);
      case 14:
        return gelu(x, true);
      case 15:
        return silu(x);
      case 16:
        return softplus(x);
      case 17:
        return clip(x, -0.83, 0.91);
      case 18:
        return expm1(clip(x, -1.5, 1.5));
      case 19:
        return log1p(positive(x));
      case 20:
        return sin(x);
      case 21:
        return cos(x);
      case 22:
        return erf(x);
      default:
        return pow(positive(x), constant());
    }
  }

  Value binary(Value a, Value b) {
    switch (below(9)) {
      case 0:
        return a + b;
      case 1:
        return a - b;
      case 2:
        return tanh(a) * tanh(b);
      case 3:
        return a / positive(b);
      case 4:
        return maximum(a, b);
      case 5:
        return minimum(a, b);
      case 6:
        return where(greater(a, 0.37), a, b);
      case 7:
        return where(logical_not(less(b, -0.21)), a, neg(b));
      default:
        return -a + -b;
    }
  }

  Value contraction(Value a) {
    const Value w = variables_[0];
    const Value row = variables_[1];
    switch (below(7)) {
      case 5: {
        const Value filters = reshape(w, {kColumns, 1, kColumns});
        const Value y = convolution(expand_dims(a, 2), filters, {.padding = "same"});
        return mean(relu(y + row), 2);
      }
      case 6:
        return squeeze(average_pool(expand_dims(a, 2), {2}, {.strides = {1}, .padding = "same"}),
                       2);
      case 0:
        return tanh(matmul(a, w) + row);
      case 1:
        return matmul(a, w, {.transpose_b = true}) * 0.5;
      case 2:
        return matmul(a, transpose(w));
      case 3:
        return relu(matmul(a, tanh(w)) + a);
      default:
        return matmul(matmul(a, a, {.transpose_a = true}) * 0.1, w);
    }
  }

  Value reduction(Value a) {
    const std::int64_t axis = below(2);
    const bool keepdims = chance(0.5);
    Value y;
    switch (below(5)) {
      case 0:
        y = mean(a, axis, true);
        break;
      case 1:
        y = sum(tanh(a), axis, true) * 0.3;
        break;
      case 2:
        y = max(a, axis, true);
        break;
      case 3:
        y = min(a, axis, true);
        break;
      default:
        y = logsumexp(a, axis, true);
        break;
    }
    return axis == 0 && !keepdims ? squeeze(y, 0) : y;
  }

  Value normalization(Value a) {
    switch (below(8)) {
      case 0:
        return softmax(a);
      case 1:
        return log(softmax(a));
      case 2:
        return exp(log_softmax(a, 0));
      case 3:
        return a - logsumexp(a, -1, true);
      case 4: {
        const Value e = exp(tanh(a) - max(tanh(a), -1, true));
        return e / sum(e, -1, true);
      }
      case 5: {
        const Value centered = a - mean(a, -1, true);
        const Value variance = mean(square(tanh(centered)), -1, true);
        return tanh(centered) / sqrt(variance + 0.1) * variables_[1] + variables_[1];
      }
      case 6:
        return a * rsqrt(expand_dims(mean(square(tanh(a)), -1), 1) + 0.3);
      default:
        return a * mean(square(tanh(a) - tanh(matrix())));
    }
  }

  Value movement(Value a) {
    switch (below(9)) {
      case 0:
        return reshape_like(reshape(a, {-1}), a);
      case 1:
        return transpose(transpose(a));
      case 2:
        return squeeze(expand_dims(a, 1), 1);
      case 3:
        return slice(a, {{}, {1, 3}});
      case 4:
        return concat(std::vector<Value>{a, slice(a, {{}, {0, 2, 1}})}, 1);
      case 5:
        return pad(slice(a, {{}, {0, 2}}), {0, 1}, {0, 1}, 0.5);
      case 6:
        return slice(a, {{}, {{}, {}, -1}});
      case 7:
        return broadcast_like(variables_[1], a);
      default:
        return tile(slice(a, {{}, {0, 2}}), {1, 2});
    }
  }

  Value decorated(Value x) {
    switch (below(6)) {
      case 0:
        return identity(x);
      case 1:
        return stop_gradient(x);
      case 2:
        return cast(cast(x, DType::f64), dtype_);
      case 3:
        return dropout(x, 0.25);
      case 4:
        return dropout(relu(x), 0.5);
      default:
        return cast(greater(x, 0.37), dtype_);
    }
  }

  /// Only values that meet every other by broadcasting enter the pool.
  void keep(Value x) {
    const Shape& shape = x.shape();
    const int rank = shape.rank();
    const bool columns = rank == 0 || shape[rank - 1] == 1 || shape[rank - 1] == kColumns;
    const bool rows = rank < 2 || (rank == 2 && (shape[0] == kUnknown || shape[0] == 1));
    if (columns && rows) values_.push_back(x);
    if (!columns && rank == 2) values_.push_back(sum(x, 1, true) * 0.2);
  }

  void add_step() {
    switch (below(10)) {
      case 0:
      case 1:
      case 2:
        return keep(unary(any()));
      case 3:
      case 4:
        return keep(binary(any(), any()));
      case 5:
        return keep(binary(any(), constant()));
      case 6:
        return keep(contraction(tanh(matrix())));
      case 7:
        return keep(reduction(matrix()));
      case 8:
        return keep(chance(0.5) ? normalization(matrix()) : movement(matrix()));
      default:
        return keep(decorated(any()));
    }
  }

  /// A loss, its gradients and one of several rules of update for each variable.
  void add_training() {
    const Value labels = cast(result_.feeds[0].first * 0.0 + 1.0, DType::i32);
    Value loss;
    if (chance(0.5)) {
      loss = mean(sparse_softmax_cross_entropy(matrix(), slice_labels(labels)));
    } else {
      loss = mean(square(tanh(matrix())));
    }
    result_.fetches.push_back(loss);
    const std::vector<Value> xs(variables_.begin(), variables_.end());
    const std::vector<Value> slopes = gradients(loss, xs);
    const int rule = below(3);
    for (std::size_t i = 0; i < variables_.size(); ++i) update(rule, variables_[i], slopes[i]);
  }

  static Value slice_labels(Value labels) { return max(labels, 1); }

  void update(int rule, const Variable& variable, Value gradient) {
    Value step = gradient * 0.1;
    if (rule > 0) {
      const Tensor initial = data(variable.shape());
      const Variable momentum = result_.graph.variable(initial, "", false);
      result_.variables.emplace_back(momentum, initial);
      const Value updated = momentum * 0.9 + gradient * (1 - 0.9);
      result_.targets.push_back(assign(momentum, updated));
      step = rule == 1 ? updated * 0.1
                       : updated * result_.graph.constant(Tensor::full(dtype_, {}, 0.01)) /
                             (sqrt(square(gradient) + 0.1) + 1e-3);
    }
    result_.targets.push_back(assign_sub(variable, step));
  }

  RandomKey key_;
  std::uint64_t drawn_ = 0;
  DType dtype_ = DType::f32;
  RandomGraph result_;
  std::vector<Value> values_;
  std::vector<Variable> variables_;
};

}  // namespace

RandomGraph random_graph(std::uint64_t seed) { return Generator(seed).run(); }

}  // namespace tegula::test
