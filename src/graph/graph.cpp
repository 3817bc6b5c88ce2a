#include "tegula/graph/graph.hpp"

#include <algorithm>
#include <limits>
#include <mutex>

#include "src/core/rethrow.hpp"
#include "src/core/similar_names.hpp"
#include "src/graph/storage.hpp"
#include "tegula/graph/function.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula {

namespace {

thread_local SourceLocation current_location;
thread_local const BuildErrorScope* current_error_scope = nullptr;
/// Innermost scopes of this thread, whatever their graphs.
thread_local NameScope* innermost_name_scope = nullptr;
thread_local OpIdScope* innermost_op_id_scope = nullptr;

std::string types_text(std::span<const Value> inputs) {
  std::string text = "(";
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    text += (i == 0 ? "" : ", ") + inputs[i].type().to_string();
  }
  return text + ")";
}

std::string built_at(const SourceLocation& location) {
  return location.known() ? "\n  built at: " + location.to_string() : "";
}

/// The message of every error about a node under construction: what the op's own rule found wrong,
/// then what was given and where.
std::string build_error(const OpDef& op, const std::string& name, std::span<const Value> inputs,
                        const SourceLocation& location, std::string_view problem) {
  if (const BuildErrorScope* scope = BuildErrorScope::current()) {
    return scope->text({op, inputs, problem});
  }
  return op.name + " \"" + name + "\": " + std::string(problem) + "\n  given: " + op.name +
         types_text(inputs) + built_at(location);
}

void check_arity(const OpDef& op, std::size_t given) {
  const std::size_t expected = op.inputs.size();
  if (op.variadic ? given >= expected : given == expected) return;
  throw InvalidArgument("takes " + std::string(op.variadic ? "at least " : "") +
                        std::to_string(expected) + " inputs, got " + std::to_string(given));
}

/// Fills in defaults; refuses unknown names, missing values and values of another type.
Attrs complete_attrs(const OpDef& op, Attrs attrs) {
  for (const auto& [name, value] : attrs) {
    const auto known = std::find_if(op.attrs.begin(), op.attrs.end(),
                                    [&](const AttrDef& attr) { return attr.name == name; });
    if (known == op.attrs.end()) throw NotFound("has no attribute \"" + name + "\"");
    if (known->value.index() != value.index()) {
      throw InvalidArgument("attribute \"" + name + "\" cannot be " + to_string(value));
    }
  }
  for (const AttrDef& attr : op.attrs) {
    if (attrs.has(attr.name)) continue;
    if (attr.required) throw InvalidArgument("needs the attribute \"" + attr.name + "\"");
    attrs.set(attr.name, attr.value);
  }
  return attrs;
}

std::vector<ValueType> infer(const OpDef& op, std::span<const Value> inputs, const Attrs& attrs) {
  const detail::InputTypes types(inputs);
  return op.infer({types, attrs});
}

/// Runs `work`; errors keep their class and gain the node's context. `name()` is the node's name.
template <typename Name, typename Work>
decltype(auto) with_context(const OpDef& op, const Name& name, std::span<const Value> inputs,
                            const SourceLocation& location, Work&& work) {
  const auto explain = [&](const Error& error) {
    return build_error(op, name(), inputs, location, error.what());
  };
  try {
    return work();
  } catch (const Error&) {
    detail::rethrow_with(explain);
  }
}

}  // namespace

std::string ValueType::to_string() const {
  return std::string(tegula::to_string(dtype)) + shape.to_string();
}

void Value::throw_empty() {
  throw InvalidArgument("an empty value belongs to no graph and has no type");
}

Graph Value::graph() const { return node().graph(); }

const ValueType& Value::type() const {
  const std::span<const ValueType> outputs = node().outputs();
  if (index_ >= 0 && index_ < std::ssize(outputs)) return outputs[static_cast<std::size_t>(index_)];
  throw InvalidArgument(node_->describe() + " has no output " + std::to_string(index_));
}

std::string Value::name() const { return node().name() + ":" + std::to_string(index_); }

Value Value::named(std::string_view name) const {
  detail::GraphStorage& storage = *node().storage_;
  const std::lock_guard guard(storage.mutex);
  storage.rename(*node_, name);
  return *this;
}

void Node::throw_no_input(int index) const {
  throw InvalidArgument(describe() + " has no input " + std::to_string(index));
}

Node& NodeList::prepare() {
  const std::size_t count = size_.load(std::memory_order_relaxed);
  if (count >= std::numeric_limits<int>::max() / 2) throw RunError("a graph has too many nodes");
  const std::size_t place = count / kFirstChunk + 1;
  std::unique_ptr<Node[]>& chunk = chunks_[static_cast<std::size_t>(std::bit_width(place)) - 1];
  if (chunk == nullptr) chunk = std::make_unique<Node[]>(kFirstChunk * std::bit_floor(place));
  return at_index(count);
}

void NodeList::throw_no_node(std::size_t id) const {
  throw InvalidArgument("the graph has " + std::to_string(size()) + " nodes, and none with id " +
                        std::to_string(static_cast<std::int64_t>(id)));
}

Graph Node::graph() const { return Graph(storage_->shared_from_this()); }

std::string Node::describe() const {
  std::string text = op().name + " \"" + name() + "\" " + types_text(inputs_);
  if (location().known()) text += ", built at " + location().to_string();
  return text;
}

InitialValue::InitialValue(const Tensor& value)
    : type{value.dtype(), value.shape()},
      build([value](Graph& graph) { return graph.constant(value); }) {}

InitialValue::InitialValue(Value value)
    : type(value.type()), build([value](Graph&) { return value; }) {}

Graph::Graph() : storage_(std::make_shared<detail::GraphStorage>()) {}

void Graph::check_inputs(std::span<const Value> inputs) const {
  for (const Value& input : inputs) {
    if (!input) throw InvalidArgument("an input is an empty value");
    if (input.node().storage_ == storage_.get()) continue;
    throw InvalidArgument("the input \"" + input.name() + "\" belongs to another graph");
  }
}

namespace {

/// Inputs as values within a function.
std::vector<Value> inside(FunctionScope& scope, std::span<const Value> values) {
  std::vector<Value> results;
  for (const Value& value : values) results.push_back(scope.inside(value));
  return results;
}

/// Where a node that is built in `graph` belongs: into the function that this thread builds, unless
/// it is state or an input of the graph. Null: into `graph` as it is.
FunctionScope* function_for(const Graph& graph, const OpDef& op) {
  if (op.name == "variable" || op.name == "placeholder") return nullptr;
  FunctionScope* const scope = FunctionScope::around(graph);
  if (scope != nullptr && op.stateful) {
    throw InvalidArgument(
        "a branch or the body of a loop cannot assign a variable; give the new value as a result, "
        "and assign it after the branch or loop");
  }
  return scope;
}

}  // namespace

Node& Graph::add_node(const OpDef& op, std::span<const Value> inputs, Attrs attrs,
                      std::string_view name, SourceLocation location) {
  if (FunctionScope* const scope = function_for(*this, op)) {
    return Graph(scope->graph())
        .build(op, inside(*scope, inputs), std::move(attrs), name, location);
  }
  return build(op, inputs, std::move(attrs), name, location);
}

Node& Graph::build(const OpDef& op, std::span<const Value> inputs, Attrs attrs,
                   std::string_view name, SourceLocation location) {
  const SourceLocation outer = LocationScope::current();
  if (outer.known()) location = outer;
  std::string wanted = NameScope::prefix_in(*this) + (name.empty() ? op.name : std::string(name));
  const auto unique_name = [&] {
    const std::lock_guard guard(storage_->mutex);
    return storage_->unique_name(wanted).text;
  };
  return with_context(op, unique_name, inputs, location, [&]() -> Node& {
    check_arity(op, inputs.size());
    check_inputs(inputs);
    Attrs complete = complete_attrs(op, std::move(attrs));
    std::vector<ValueType> outputs = infer(op, inputs, complete);
    const std::lock_guard guard(storage_->mutex);
    detail::NodeName unique = storage_->unique_name(std::move(wanted));
    return storage_->append(inputs, {.op = &op,
                                     .name = std::move(unique.text),
                                     .name_hash = unique.hash,
                                     .outputs = std::move(outputs),
                                     .attrs = std::move(complete),
                                     .location = location});
  });
}

Node& Graph::add_copy(const Node& original, std::span<const Value> inputs) {
  if (FunctionScope* const scope = function_for(*this, original.op())) {
    return Graph(scope->graph()).copy(original, inside(*scope, inputs));
  }
  return copy(original, inputs);
}

Node& Graph::copy(const Node& original, std::span<const Value> inputs) {
  const OpDef& op = original.op();
  const detail::NodeBody& source = original.body();
  const auto name = [&] { return source.name; };
  return with_context(op, name, inputs, source.location, [&]() -> Node& {
    check_arity(op, inputs.size());
    check_inputs(inputs);
    const bool same_types = std::ranges::equal(
        inputs, original.inputs(),
        [](const Value& input, const Value& before) { return input.type() == before.type(); });
    std::vector<ValueType> outputs;
    if (!same_types) outputs = infer(op, inputs, source.attrs);
    const std::lock_guard guard(storage_->mutex);
    const bool free = storage_->by_name.find(source.name, source.name_hash) == nullptr;
    const bool shares = free && same_types && &source == original.first_body_.get();
    if (shares) return storage_->append(inputs, original.first_body_);
    detail::NodeBody body = source;
    if (!free) storage_->set_name(body, body.name);
    if (!same_types) body.outputs = std::move(outputs);
    return storage_->append(inputs, std::move(body));
  });
}

void Graph::reserve(std::size_t nodes) {
  const std::lock_guard guard(storage_->mutex);
  storage_->by_name.reserve(nodes);
}

Value Graph::placeholder(DType dtype, const Shape& shape, std::string_view name,
                         std::source_location location) {
  return add_node(find_op("placeholder"), {}, {{"dtype", dtype}, {"shape", shape}}, name, location)
      .output();
}

Value Graph::constant(const Tensor& value, std::string_view name, std::source_location location) {
  return add_node(find_op("constant"), {}, {{"value", value}}, name, location).output();
}

Variable Graph::variable(const InitialValue& initial, std::string_view name, bool trainable,
                         std::source_location location) {
  if (!initial.build) throw InvalidArgument("a variable needs an initial value or a type");
  const FunctionScope::Outside outside;
  const Variable variable = this->variable(initial.type, name, trainable, location);
  LocationScope scope(variable.node().location());
  set_initial_value(variable, initial.build(*this));
  return variable;
}

Variable Graph::variable(const ValueType& type, std::string_view name, bool trainable,
                         std::source_location location) {
  Node& node = add_node(find_op("variable"), {},
                        {{"dtype", type.dtype}, {"shape", type.shape}, {"trainable", trainable}},
                        name, location);
  return Variable(node.output());
}

Variable Graph::variable(const SharedVariable& shared, std::string_view name, bool trainable,
                         std::source_location location) {
  if (!shared) throw InvalidArgument("a variable that shares another's value needs that one");
  const auto known = [&]() -> Node* {
    const std::lock_guard guard(storage_->mutex);
    const auto found = storage_->sharing.find(shared.state().get());
    return found == storage_->sharing.end() ? nullptr : found->second;
  };
  if (Node* node = known()) return Variable(node->output());
  const Variable made = variable(shared.type(), name, trainable, location);
  const std::lock_guard guard(storage_->mutex);
  storage_->shared.emplace(&made.node(), shared);
  storage_->sharing.emplace(shared.state().get(), &made.node());
  return made;
}

SharedVariable Graph::shared(const Value& variable) const {
  const Node& node = variable.node();
  const std::lock_guard guard(storage_->mutex);
  const auto found = storage_->shared.find(&node);
  return found == storage_->shared.end() ? SharedVariable() : found->second;
}

const NodeList& Graph::nodes() const { return storage_->nodes; }

Node* Graph::find(std::string_view name) const {
  const std::lock_guard guard(storage_->mutex);
  return storage_->by_name.find(name, detail::hash_of_name(name));
}

Value Graph::value(std::string_view name) const {
  const std::size_t colon = name.rfind(':');
  const std::string_view node_name = name.substr(0, colon);
  Node* node = find(node_name);
  if (node == nullptr) {
    std::vector<std::string> names;
    for (const Node& known : nodes()) names.push_back(known.name());
    throw NotFound("the graph has no node \"" + std::string(node_name) + "\"" +
                   did_you_mean(node_name, names));
  }
  int index = 0;
  if (colon != std::string_view::npos) {
    const std::string digits(name.substr(colon + 1));
    const bool number = !digits.empty() && digits.size() < 9 &&
                        digits.find_first_not_of("0123456789") == std::string::npos;
    index = number ? std::stoi(digits) : -1;
  }
  if (index < 0 || index >= node->output_count()) {
    throw NotFound("\"" + std::string(name) + "\" does not exist: node \"" + node->name() +
                   "\" has " + std::to_string(node->output_count()) + " outputs");
  }
  return node->output(index);
}

std::vector<Variable> Graph::variables() const {
  std::vector<Variable> result;
  const std::lock_guard guard(storage_->mutex);
  for (Node* node : storage_->variables) result.emplace_back(node->output());
  return result;
}

std::vector<Variable> Graph::trainable_variables() const {
  std::vector<Variable> result = variables();
  std::erase_if(result, [](const Variable& variable) {
    return !variable.node().attrs().get<bool>("trainable");
  });
  return result;
}

Value Graph::initial_value(const Value& variable) const {
  const Node& node = variable.node();
  const std::lock_guard guard(storage_->mutex);
  const auto position = storage_->initial_values.find(&node);
  return position == storage_->initial_values.end() ? Value() : position->second;
}

void Graph::set_initial_value(const Value& variable, const Value& initial) {
  const ValueType& expected = variable.type();
  const auto problem = [&] {
    return "the initial value of variable \"" + variable.node().name() + "\" is " +
           initial.type().to_string() + ", but the variable is " + expected.to_string() +
           built_at(variable.node().location());
  };
  if (initial.dtype() != expected.dtype) throw DTypeError(problem());
  if (!compatible(initial.shape(), expected.shape)) throw ShapeError(problem());
  const std::lock_guard guard(storage_->mutex);
  storage_->initial_values[&variable.node()] = initial;
}

void Graph::attach(std::shared_ptr<void> something) {
  const std::lock_guard guard(storage_->mutex);
  storage_->attached.swap(something);
}

std::shared_ptr<void> Graph::attached() const {
  const std::lock_guard guard(storage_->mutex);
  return storage_->attached;
}

std::vector<Value> Graph::fetches() const {
  const std::lock_guard guard(storage_->mutex);
  return storage_->fetches;
}

void Graph::set_fetches(std::vector<Value> fetches) {
  const std::lock_guard guard(storage_->mutex);
  storage_->fetches = std::move(fetches);
}

std::vector<Value> Graph::targets() const {
  const std::lock_guard guard(storage_->mutex);
  return storage_->targets;
}

void Graph::set_targets(std::vector<Value> targets) {
  const std::lock_guard guard(storage_->mutex);
  storage_->targets = std::move(targets);
}

std::int64_t Graph::next_op_id() {
  if (const FunctionScope* const function = FunctionScope::around(*this)) {
    const FunctionScope::Outside outside;
    return Graph(function->outermost()).next_op_id();
  }
  if (OpIdScope* const scope = OpIdScope::in(*this)) return scope->next_++;
  const std::lock_guard guard(storage_->mutex);
  return storage_->random_ops++;
}

std::int64_t Graph::op_id_count() const {
  if (const FunctionScope* const function = FunctionScope::around(*this)) {
    const FunctionScope::Outside outside;
    return function->outermost().op_id_count();
  }
  if (const OpIdScope* const scope = OpIdScope::in(*this)) return scope->next_;
  const std::lock_guard guard(storage_->mutex);
  return storage_->random_ops;
}

OpIdScope::OpIdScope(Graph graph, std::int64_t first)
    : graph_(std::move(graph)), next_(first), outer_(innermost_op_id_scope) {
  innermost_op_id_scope = this;
}

OpIdScope::~OpIdScope() {
  innermost_op_id_scope = outer_;
  OpIdScope* const enclosing = in(graph_);
  const std::lock_guard guard(graph_.storage_->mutex);
  std::int64_t& next = enclosing != nullptr ? enclosing->next_ : graph_.storage_->random_ops;
  next = std::max(next, next_);
}

OpIdScope* OpIdScope::in(const Graph& graph) {
  OpIdScope* scope = innermost_op_id_scope;
  while (scope != nullptr && !(scope->graph_ == graph)) scope = scope->outer_;
  return scope;
}

NameScope::NameScope(Graph graph, std::string_view scope)
    : graph_(std::move(graph)),
      prefix_(prefix_in(graph_) + std::string(scope) + "/"),
      outer_(innermost_name_scope) {
  innermost_name_scope = this;
}

NameScope::~NameScope() { innermost_name_scope = outer_; }

std::string NameScope::prefix_in(const Graph& graph) {
  for (const NameScope* scope = innermost_name_scope; scope != nullptr; scope = scope->outer_) {
    if (scope->graph_ == graph) return scope->prefix_;
  }
  return "";
}

LocationScope::LocationScope(SourceLocation location) : previous_(current_location) {
  if (location.known()) current_location = location;
}

LocationScope::~LocationScope() { current_location = previous_; }

SourceLocation LocationScope::current() { return current_location; }

BuildErrorScope::BuildErrorScope(Text text) : text_(std::move(text)), outer_(current_error_scope) {
  current_error_scope = this;
}

BuildErrorScope::~BuildErrorScope() { current_error_scope = outer_; }

const BuildErrorScope* BuildErrorScope::current() { return current_error_scope; }

}  // namespace tegula
