// Tegula from C++: `fit` and calls of models, compiled graphs, and what making plans costs.

#include <memory>

#include "mlp.hpp"

namespace {

using namespace tegula;
using compare::Call;
using compare::Json;
using compare::Mlp;

/// Runs into results that are there already.
Call run_into(Executable executable, std::vector<Tensor> feeds) {
  std::vector<Tensor> results = executable.run(feeds);
  return [=]() mutable { executable.run_into(feeds, results); };
}

/// The graph that peers/tegula.py made of an expression.
Call expression(const Json& details) {
  const Graph graph = Graph::from_text(details.at("graph").get<std::string>());
  std::vector<Value> places;
  std::vector<Tensor> feeds;
  const Json& shapes = details.at("shapes");
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    places.push_back(graph.value("x" + std::to_string(i) + ":0"));
    const Shape shape = places.back().shape();
    feeds.push_back(places.back().dtype() == DType::f32
                        ? compare::random_tensor(shape)
                        : compare::class_indices(shape[0], shapes[i][2]));
  }
  auto session = std::make_shared<Session>(graph);
  const Value fetch = graph.value("result:0");
  Call call = run_into(session->compile(places, std::span(&fetch, 1)), feeds);
  return [session, call] { call(); };
}

Call epoch(const Json& details) {
  auto model = std::make_shared<nn::Sequential>(compare::layers_of(Mlp(details.at("mlp"))));
  const std::int64_t batch = details.at("batch");
  return [=, train = compare::samples(details)] {
    model->fit(train, {.batch_size = batch, .verbose = nn::Verbose::silent});
  };
}

Call step(const Json& details) {
  const compare::MlpGraph mlp(Mlp(details.at("mlp")), true);
  const data::Dataset batch = compare::samples(details);
  auto session = std::make_shared<Session>(mlp.graph);
  const Value feeds[] = {mlp.x, mlp.y};
  Call call =
      run_into(session->compile(feeds, std::span(&mlp.loss, 1), mlp.updates), {batch.x, batch.y});
  return [session, call] { call(); };
}

Call inference(const Json& details, const std::string& mode) {
  const Tensor x = compare::samples(details).x->clone();
  if (mode == "call") {
    auto model = std::make_shared<nn::Sequential>(compare::layers_of(Mlp(details.at("mlp"))));
    return [=] { model->call(x, false); };
  }
  const compare::MlpGraph mlp(Mlp(details.at("mlp")), false);
  auto session = std::make_shared<Session>(mlp.graph);
  Call call = run_into(session->compile({mlp.x}, {mlp.outputs}), {x});
  return [session, call] { call(); };
}

/// From nothing to a plan that is ready to run a training step.
Call plan(const Json& details) {
  const Mlp network(details.at("mlp"));
  const std::int64_t batch = details.at("batch");
  return [=] {
    const compare::MlpGraph mlp(network, true);
    Session session(mlp.graph);
    const Value feeds[] = {mlp.x, mlp.y};
    Executable step = session.compile(feeds, std::span(&mlp.loss, 1), mlp.updates);
    const Shape shapes[] = {{batch, network.inputs()},
                            network.classes ? Shape{batch} : Shape{batch, network.outputs()}};
    step.optimized(shapes);
  };
}

/// A chain of elementwise nodes over one number.
struct Chain {
  Graph graph;
  Value x = graph.placeholder(DType::f32, {1}, "x");
  Value y = x;

  explicit Chain(std::int64_t nodes) {
    for (std::int64_t i = 0; i < nodes; ++i) y = tanh(y);
  }
};

SessionOptions options_of(bool passes) {
  SessionOptions options;
  if (!passes) options.passes = PassOptions::none();
  return options;
}

Call chain_plan(const Json& details, bool passes) {
  const std::int64_t nodes = details.at("parameters").at("nodes");
  return [=] {
    const Chain chain(nodes);
    Session session(chain.graph, options_of(passes));
    const Shape shapes[] = {{1}};
    session.compile({chain.x}, {chain.y}).optimized(shapes);
  };
}

Call chain_run(const Json& details) {
  const Chain chain(details.at("parameters").at("nodes"));
  auto session = std::make_shared<Session>(chain.graph, options_of(false));
  Call call = run_into(session->compile({chain.x}, {chain.y}), {Tensor::full(DType::f32, {1}, 1)});
  return [session, call] { call(); };
}

Call prepare(const Json& details, const std::string& mode) {
  const std::string kind = details.at("kind");
  if (kind == "expression" || kind == "gemm") return expression(details);
  if (kind == "epoch") return epoch(details);
  if (kind == "step") return step(details);
  if (kind == "inference") return inference(details, mode);
  if (kind == "plan") return plan(details);
  if (kind == "chain_plan") return chain_plan(details, true);
  if (kind == "chain_plan_unfused") return chain_plan(details, false);
  if (kind == "chain_run") return chain_run(details);
  throw InvalidArgument("unknown kind of case '" + kind + "'");
}

}  // namespace

int main(int, char** words) {
  set_thread_count(std::stoi(words[1]));
  return compare::serve(prepare);
}
