// The pass manager, extraction, and the plan of an MNIST training step.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "tegula/core/error.hpp"
#include "tegula/graph/channels.hpp"
#include "tegula/graph/gradients.hpp"
#include "tegula/graph/op_def.hpp"
#include "tegula/graph/ops.hpp"
#include "tegula/passes/pass_manager.hpp"
#include "tests/support/canonical_text.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace tegula;

namespace {

/// Sets an environment variable while it lives.
class EnvironmentVariable {
 public:
  EnvironmentVariable(const char* name, const std::string& value) : name_(name) {
    setenv(name, value.c_str(), 1);
  }
  ~EnvironmentVariable() { unsetenv(name_); }

 private:
  const char* name_;
};

template <typename Exception, typename Work>
std::string message_of(Work&& work) {
  try {
    work();
  } catch (const Exception& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

Graph small_graph() {
  return Graph::from_text(
      "%x = placeholder f32[2,3]\n%o = constant f32[] 1\n%y = mul %x, %o\n%z = tanh %y\n"
      "%w = exp %z\nfetch %w\n");
}

/// The number of nodes of each op.
std::map<std::string, int> op_counts(const Graph& graph) {
  std::map<std::string, int> counts;
  for (const Node& node : graph.nodes()) ++counts[node.op().name];
  return counts;
}

/// 784-128-relu-dropout-10, sparse cross-entropy, Adam (Kingma and Ba, 2015), batches of 32.
Graph mnist_training_step() {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {-1, 784}, "x");
  const Value labels = graph.placeholder(DType::i32, {-1}, "labels");
  std::vector<Variable> parameters;
  const auto parameter = [&](const Shape& shape, const char* name) {
    parameters.push_back(graph.variable(ValueType{DType::f32, shape}, name));
    return parameters.back();
  };
  const Value hidden =
      dropout(relu(matmul(x, parameter({784, 128}, "w1")) + parameter({128}, "b1")), 0.2);
  const Value logits = matmul(hidden, parameter({128, 10}, "w2")) + parameter({10}, "b2");
  const Value loss = mean(sparse_softmax_cross_entropy(logits, labels));
  const Variable iterations = graph.variable(Tensor::scalar(std::int64_t{0}), "iterations", false);
  const Variable rate = graph.variable(Tensor::scalar(0.001f), "rate", false);
  const Value step = cast(iterations, DType::f32) + 1.0;
  const Value alpha = rate * sqrt(1.0 - pow(0.999, step)) / (1.0 - pow(0.9, step));
  const std::vector<Value> xs(parameters.begin(), parameters.end());
  const std::vector<Value> slopes = gradients(loss, xs);
  std::vector<Value> targets = {assign_add(iterations, Tensor::scalar(std::int64_t{1}))};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Variable& p = parameters[i];
    const Variable m = graph.variable(p.type(), p.node().name() + "/m", false);
    const Variable v = graph.variable(p.type(), p.node().name() + "/v", false);
    const Value momentum = m + (slopes[i] - m) * (1 - 0.9);
    const Value velocity = v + (square(slopes[i]) - v) * (1 - 0.999);
    targets.push_back(assign(m, momentum));
    targets.push_back(assign(v, velocity));
    targets.push_back(assign(p, p - momentum * alpha / (sqrt(velocity) + 1e-7)));
  }
  const Value feeds[] = {x, labels};
  const Shape shapes[] = {{32, 784}, {32}};
  return extract(feeds, shapes, std::vector<Value>{loss}, targets);
}

}  // namespace

TEST_CASE(
    "the optimized MNIST training step has no kernel of its own for bias, activation, dropout "
    "and updates") {
  const Graph optimized = optimize(mnist_training_step()).graph;
  INFO(optimized.to_text());
  std::map<std::string, int> counts = op_counts(optimized);
  CHECK(counts["multi_cluster"] == 1);
  // Hidden layer, logits, gradient of the hidden layer, gradients and updates of both weights.
  CHECK(counts["fused_matmul"] == 5);
  CHECK(counts["matmul"] == 0);
  for (const char* op :
       {"relu", "dropout", "where", "greater", "sqrt", "sub", "div", "broadcast_to"}) {
    CHECK_MESSAGE(counts[op] == 0, op);
  }
  for (const Node& node : optimized.nodes()) {
    if (node.op().name != "multi_cluster") continue;
    CHECK(node.attrs().get<std::int64_t>("segments") == 2);  // the biases
    CHECK(node.attrs().get<std::int64_t>("shared") == 1);
    CHECK(node.output_count() == 6);
  }
  CHECK(optimized.targets().size() == 13);
}

TEST_CASE(
    "statistics, their gradient's sums and all elements of batch normalization take a pass each") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {8, 5, 5, 3}, "x");
  const Value scale = graph.placeholder(DType::f32, {3}, "scale");
  const Value offset = graph.placeholder(DType::f32, {3}, "offset");
  const Value slope = graph.placeholder(DType::f32, {8, 5, 5, 3}, "slope");
  const ChannelMoments batch = channel_moments(x);
  const Value y = normalize_channels(x, batch.mean, rsqrt(batch.variance + 1e-3) * scale, offset);
  std::vector<Value> fetches = gradients(sum(y * slope), {x, scale, offset});
  fetches.push_back(y);
  const Value feeds[] = {x, scale, offset, slope};
  const Shape shapes[] = {x.shape(), scale.shape(), offset.shape(), slope.shape()};
  const Graph optimized = optimize(extract(feeds, shapes, fetches, {})).graph;
  INFO(optimized.to_text());
  int visits = 0;
  for (const Node& node : optimized.nodes()) {
    const auto is_batch = [](const auto& value) { return value.shape().rank() == 4; };
    visits += !node.inputs().empty() && std::ranges::any_of(node.inputs(), is_batch) ? 1 : 0;
  }
  CHECK(visits == 3);
}

TEST_CASE("reports count nodes before and after every pass that ran") {
  const OptimizedGraph optimized = optimize(small_graph());
  REQUIRE(optimized.reports.size() == all_passes().size());
  for (std::size_t i = 0; i < optimized.reports.size(); ++i) {
    CHECK(optimized.reports[i].pass == all_passes()[i].name);
    if (i > 0) CHECK(optimized.reports[i].nodes_before == optimized.reports[i - 1].nodes_after);
  }
  CHECK(optimized.reports.front().nodes_before == 5);
  CHECK(optimized.reports.back().nodes_after == 2);
}

TEST_CASE("passes can be switched off one by one and all together") {
  CHECK(test::canonical_text(optimize(small_graph(), PassOptions::none()).graph) ==
        test::canonical_text(small_graph()));
  CHECK(optimize(small_graph(), PassOptions::none()).reports.empty());
  const OptimizedGraph without = optimize(small_graph(), {.disabled = {"fuse_elementwise"}});
  CHECK(op_counts(without.graph)["tanh"] == 1);
  CHECK(without.reports.size() == all_passes().size() - 1);
  const std::string message =
      message_of<NotFound>([] { optimize(small_graph(), {.disabled = {"fuse"}}); });
  CHECK(contains(message, "\"fuse\""));
  for (const Pass& pass : all_passes()) CHECK(contains(message, pass.name));
}

TEST_CASE("TEGULA_DUMP writes the graph before and after each pass") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path();
  {
    EnvironmentVariable dump("TEGULA_DUMP", path);
    optimize(small_graph());
  }
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    names.push_back(entry.path().filename().string());
  }
  CHECK(names.size() == 2 * (all_passes().size() + 1));
  std::ranges::sort(names);
  CHECK(contains(names.front(), "before.dot"));
  CHECK(contains(names.back(), std::string(all_passes().back().name) + ".txt"));
  EnvironmentVariable dump("TEGULA_DUMP", path + "/missing");
  const std::string message = message_of<IoError>([] { optimize(small_graph()); });
  CHECK(contains(message, "TEGULA_DUMP"));
  CHECK(contains(message, "missing"));
}

TEST_CASE("passes keep names and locations") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {2, 3}, "x");
  const Value y = tanh(x * 1.0);
  const SourceLocation line = y.node().location();
  const Value z = exp(y).named("result");
  graph.set_fetches({z});
  const Graph optimized = optimize(graph).graph;
  REQUIRE(optimized.find("x") != nullptr);
  const Node* result = optimized.find("result");
  REQUIRE(result != nullptr);
  CHECK(result->op().name == "cluster");
  CHECK(result->location().to_string() == z.node().location().to_string());
  CHECK(line.known());
}

TEST_CASE("extraction takes what is needed and makes feeds placeholders of concrete shape") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {-1, 3}, "x");
  const Value h = tanh(x).named("h");
  const Value y = exp(h).named("y");
  neg(y).named("unused");
  const auto text = [&](Value feed, const Shape& shape) {
    return extract(std::vector{feed}, std::vector{shape}, std::vector{y}, {}).to_text();
  };
  CHECK(text(x, {5, 3}) == "%x = placeholder f32[5,3]\n%h = tanh %x\n%y = exp %h\nfetch %y\n");
  CHECK(text(h, {5, 3}) == "%h = placeholder f32[5,3]\n%y = exp %h\nfetch %y\n");
  CHECK(text(y, {5, 3}) == "%y = placeholder f32[5,3]\nfetch %y\n");
  const std::string message = message_of<ShapeError>([&] { text(x, {5, 4}); });
  CHECK(contains(message, "\"x:0\""));
  CHECK(contains(message, "[5,4]"));
  CHECK(contains(message, "[?,3]"));
  const Value twice[] = {x, x};
  const Shape shapes[] = {{5, 3}, {5, 3}};
  CHECK_THROWS_AS(extract(twice, shapes, std::vector{y}, {}), InvalidArgument);
}

TEST_CASE("one fed output of several leaves the others to be computed") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {4}, "x");
  const std::vector<Value> parts = split(x, {1, 3});
  const Value feeds[] = {x, parts[1]};
  const Shape shapes[] = {{4}, {3}};
  const Graph extracted = extract(feeds, shapes, parts, {});
  extracted.verify();
  CHECK(extracted.fetches()[0].node().op().name == "split");
  CHECK(extracted.fetches()[1].node().op().name == "placeholder");
}

TEST_CASE("passes are linear: 100,000 nodes in seconds") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {4}, "x");
  Value y = x;
  for (int i = 0; i < 50'000; ++i) y = i % 3 == 0 ? tanh(y) : y + x;
  Value sums = sum(x);
  for (int i = 0; i < 16'000; ++i) sums = sums + sum(y * sums);
  graph.set_fetches({y, sums});
  CHECK(graph.nodes().size() > 95'000);
  const Graph optimized = optimize(graph).graph;
  CHECK(optimized.nodes().size() < 60'000);
}
