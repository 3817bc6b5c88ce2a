// The network of mnist.cpp at graph level: placeholders, variables, gradients, and Adam from ops.
// For the same seed it prints the same losses, because it draws the same random numbers: the ops
// that draw stand in the same order, and the batches are shuffled alike.
//
//   mnist_graph [--epochs N] [--seed N] [--data FOLDER]

#include <algorithm>
#include <cstdio>
#include <exception>

#include "../options.hpp"

using namespace tegula;

namespace {

constexpr std::int64_t kBatchSize = 32;

/// Kingma and Ba, "Adam: a method for stochastic optimization", 2015, in the efficient form that
/// ends section 2. Returns the assignments of one step.
std::vector<Value> adam(Graph& graph, Value loss, const std::vector<Variable>& weights) {
  const double rate = 0.001, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;
  const Variable steps = graph.variable(zeros({}), "steps", false);
  const Value step = steps + 1.0;
  const Value alpha = rate * sqrt(1.0 - pow(beta_2, step)) / (1.0 - pow(beta_1, step));
  std::vector<Value> assignments = {assign(steps, step)};
  const std::vector<Value> values(weights.begin(), weights.end());
  const std::vector<Value> slopes = gradients(loss, values);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const Value weight = weights[i], slope = slopes[i];
    const Variable m = graph.variable(zeros(weight.shape()), "m", false);
    const Variable v = graph.variable(zeros(weight.shape()), "v", false);
    const Value mean = m + (slope - m) * (1 - beta_1);
    const Value variance = v + (square(slope) - v) * (1 - beta_2);
    assignments.push_back(assign(m, mean));
    assignments.push_back(assign(v, variance));
    assignments.push_back(assign(weight, weight - mean * alpha / (sqrt(variance) + epsilon)));
  }
  return assignments;
}

Tensor take(const Tensor& source, std::span<const data::RowIndex> rows) {
  Tensor result(source.dtype(), source.rows(0, static_cast<std::int64_t>(rows.size())).shape());
  data::gather_rows(source, rows, result);
  return result;
}

void run(std::map<std::string, std::string> options) {
  const auto [train, test] = data::mnist(options["--data"]);
  const std::uint64_t seed = std::stoull(options["--seed"]);

  Graph graph;
  const Value x = graph.placeholder(DType::f32, {-1, 784}, "x");
  const Value y = graph.placeholder(DType::i32, {-1}, "y");
  const Variable kernel_1 = graph.variable(glorot_uniform({784, 128}), "kernel_1");
  const Variable bias_1 = graph.variable(zeros({128}), "bias_1");
  const Variable kernel_2 = graph.variable(glorot_uniform({128, 10}), "kernel_2");
  const Variable bias_2 = graph.variable(zeros({10}), "bias_2");

  // One network, two uses: with dropout to train it, without to test it.
  const Value hidden = relu(matmul(x, kernel_1) + bias_1);
  const Value train_logits = matmul(dropout(hidden, 0.2), kernel_2) + bias_2;
  const Value test_logits = matmul(hidden, kernel_2) + bias_2;

  // Sums over an epoch are variables too; they are reset between epochs.
  const Variable loss_sum = graph.variable(zeros({}), "loss_sum", false);
  const Variable hits = graph.variable(zeros({}), "hits", false);
  const auto count = [&](Value logits, Value loss) {
    const Value right = equal(argmax(logits), cast(y, DType::i64));
    return std::vector<Value>{assign_add(loss_sum, loss * element_count(x, 0)),
                              assign_add(hits, sum(cast(right, DType::f32)))};
  };
  const Value train_loss = mean(sparse_softmax_cross_entropy(train_logits, y));
  std::vector<Value> train_targets = count(train_logits, train_loss);
  for (const Value& assignment : adam(graph, train_loss, {kernel_1, bias_1, kernel_2, bias_2})) {
    train_targets.push_back(assignment);
  }
  const Value test_loss = mean(sparse_softmax_cross_entropy(test_logits, y));

  Session session(graph, {.passes = {}, .seed = seed});
  const Value feeds[] = {x, y};
  Executable train_step = session.compile(feeds, {}, train_targets);
  Executable test_step = session.compile(feeds, {}, count(test_logits, test_loss));
  const Variable sums[] = {loss_sum, hits};

  data::Batches batches(train.size(), kBatchSize);
  for (std::int64_t epoch = 0; epoch < std::stoll(options["--epochs"]); ++epoch) {
    session.initialize(sums);
    batches.start_epoch(seed, static_cast<std::uint64_t>(epoch));
    for (std::int64_t i = 0; i < batches.count(); ++i) {
      const Tensor batch[] = {take(train.x, batches[i]), take(train.y, batches[i])};
      train_step.run_into(batch, {});
    }
    const auto size = static_cast<double>(train.size());
    std::printf("epoch %d: accuracy: %.4f - loss: %.4f", static_cast<int>(epoch + 1),
                session.get(hits).item() / size, session.get(loss_sum).item() / size);

    session.initialize(sums);
    for (std::int64_t row = 0; row < test.size(); row += kBatchSize) {
      const data::Dataset part = test.slice(row, std::min(row + kBatchSize, test.size()));
      const Tensor batch[] = {part.x, part.y};
      test_step.run_into(batch, {});
    }
    const auto test_size = static_cast<double>(test.size());
    std::printf(" - val_accuracy: %.4f - val_loss: %.4f\n", session.get(hits).item() / test_size,
                session.get(loss_sum).item() / test_size);
  }
}

}  // namespace

int main(int count, char** words) {
  try {
    run(parse(count, words,
              {{"--epochs", "5"}, {"--seed", "1"}, {"--data", "examples/mnist/data"}}));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
