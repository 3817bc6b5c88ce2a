#pragma once
// Functions: graphs with parameters and results, which are attributes of ops with bodies.

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "tegula/core/random.hpp"
#include "tegula/core/tensor.hpp"
#include "tegula/graph/graph.hpp"

namespace tegula {

/// What an op with a body computes. Its graph holds no variables, and nothing is added to it any
/// more. Text form, as an attribute: `{%x = placeholder f32[]; %y = neg %x; fetch %y}`.
struct Function {
  Graph graph;
  /// The graph's placeholders in the order of their ids.
  std::vector<Value> parameters;
  std::vector<Value> results;
};

using FunctionPointer = std::shared_ptr<const Function>;

/// The function with these parameters and results of a graph, with what the results need and no
/// more. Throws InvalidArgument for a result that depends on another placeholder or on a variable.
TEGULA_API FunctionPointer make_function(std::span<const Value> parameters,
                                         std::span<const Value> results);
/// The same computation for parameters of these types, which are compatible with the declared ones.
TEGULA_API FunctionPointer specialized(const FunctionPointer& function,
                                       std::span<const ValueType> parameters);
/// The function's results in `graph`, with `arguments` for its parameters.
TEGULA_API std::vector<Value> inlined(const Function& function, Graph graph,
                                      std::span<const Value> arguments);
/// Types of the results for parameters of these types. Throws ShapeError or DTypeError.
TEGULA_API std::vector<ValueType> infer_results(const Function& function,
                                                std::span<const ValueType> parameters);
/// The results by the ops' reference evaluation.
TEGULA_API std::vector<Tensor> evaluate(const Function& function, std::span<const Tensor> arguments,
                                        const RandomKey& key = {});
/// Whether a function that is an attribute of the node, or the node itself, draws random numbers.
TEGULA_API bool draws_random(const Node& node);
/// The key of a loop's iteration: bodies draw other numbers in each.
TEGULA_API RandomKey key_of_iteration(const RandomKey& key, std::int64_t iteration);

/// While alive, what this thread builds in `outer`, or in a graph around it, becomes part of a
/// function: values from outside are captured, constants copied. Variables stay outside.
class TEGULA_API FunctionScope {
 public:
  explicit FunctionScope(const Graph& outer);
  ~FunctionScope();
  FunctionScope(const FunctionScope&) = delete;
  FunctionScope& operator=(const FunctionScope&) = delete;

  /// The graph of the function.
  const Graph& graph() const { return graph_; }
  Value parameter(const ValueType& type, std::string_view name = "");
  /// The value within the function: itself, or the parameter that stands for it.
  Value inside(const Value& value);
  /// Values outside that parameters stand for, in the order of those.
  const std::vector<Value>& captured() const { return captured_; }
  /// Parameters first, then those that stand for `captured`; every result is taken inside.
  FunctionPointer finish(std::span<const Value> results);

  /// The innermost scope of this thread that `graph` is the function of, or lies outside of. Null
  /// where there is none.
  static FunctionScope* around(const Graph& graph);
  /// The graph around all functions.
  const Graph& outermost() const;

  /// While alive, this thread builds outside of functions.
  class TEGULA_API Outside {
   public:
    Outside();
    ~Outside();
    Outside(const Outside&) = delete;
    Outside& operator=(const Outside&) = delete;

   private:
    FunctionScope* innermost_;
  };

 private:
  Graph graph_;
  Graph outer_graph_;
  FunctionScope* outer_;
  std::vector<Value> parameters_;
  std::vector<Value> captured_;
  std::vector<Value> stand_ins_;  // one for each of `captured_`
};

}  // namespace tegula
