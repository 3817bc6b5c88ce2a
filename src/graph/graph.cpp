#include "tegula/graph/graph.hpp"

#include <algorithm>

#include "src/core/similar_names.hpp"
#include "src/graph/storage.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula {

namespace {

thread_local SourceLocation current_location;

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

/// Runs `work`; errors keep their class and gain the node's context.
template <typename Work>
decltype(auto) with_context(const OpDef& op, const std::string& name, std::span<const Value> inputs,
                            const SourceLocation& location, Work&& work) {
  const auto explain = [&](const Error& error) {
    return build_error(op, name, inputs, location, error.what());
  };
  try {
    return work();
  } catch (const ShapeError& error) {
    throw ShapeError(explain(error));
  } catch (const DTypeError& error) {
    throw DTypeError(explain(error));
  } catch (const NotFound& error) {
    throw NotFound(explain(error));
  } catch (const InvalidArgument& error) {
    throw InvalidArgument(explain(error));
  }
}

}  // namespace

std::string ValueType::to_string() const {
  return std::string(tegula::to_string(dtype)) + shape.to_string();
}

namespace {

/// What a value says of itself needs a node. Unchecked where graphs are rewritten: `Value::node`.
Node& node_of(Node* node) {
  if (node == nullptr) throw InvalidArgument("an empty value belongs to no graph and has no type");
  return *node;
}

}  // namespace

Graph Value::graph() const { return node_of(node_).graph(); }

const ValueType& Value::type() const {
  const std::span<const ValueType> outputs = node_of(node_).outputs();
  if (index_ >= 0 && index_ < std::ssize(outputs)) return outputs[static_cast<std::size_t>(index_)];
  throw InvalidArgument(node_->describe() + " has no output " + std::to_string(index_));
}

std::string Value::name() const { return node_of(node_).name() + ":" + std::to_string(index_); }

Value Value::named(std::string_view name) const {
  node_of(node_).storage_->rename(*node_, name);
  return *this;
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

Node& Graph::add_node(const OpDef& op, std::span<const Value> inputs, Attrs attrs,
                      std::string_view name, SourceLocation location) {
  const SourceLocation outer = LocationScope::current();
  if (outer.known()) location = outer;
  detail::NodeName unique =
      storage_->unique_name(storage_->scope + (name.empty() ? op.name : std::string(name)));
  return with_context(op, unique.text, inputs, location, [&]() -> Node& {
    check_arity(op, inputs.size());
    check_inputs(inputs);
    Attrs complete = complete_attrs(op, std::move(attrs));
    std::vector<ValueType> outputs = infer(op, inputs, complete);
    return storage_->append(inputs, {.op = &op,
                                     .name = std::move(unique.text),
                                     .name_hash = unique.hash,
                                     .outputs = std::move(outputs),
                                     .attrs = std::move(complete),
                                     .location = location});
  });
}

Node& Graph::add_copy(const Node& original, std::span<const Value> inputs) {
  const OpDef& op = original.op();
  return with_context(op, original.name(), inputs, original.location(), [&]() -> Node& {
    check_arity(op, inputs.size());
    check_inputs(inputs);
    const bool free = storage_->by_name.find(original.name(), original.body_->name_hash) == nullptr;
    const bool same_types = std::ranges::equal(
        inputs, original.inputs(),
        [](const Value& input, const Value& before) { return input.type() == before.type(); });
    if (free && same_types) return storage_->append(inputs, original.body_);
    detail::NodeBody body = *original.body_;
    if (!free) storage_->set_name(body, body.name);
    if (!same_types) body.outputs = infer(op, inputs, body.attrs);
    return storage_->append(inputs, std::move(body));
  });
}

void Graph::reserve(std::size_t nodes) { storage_->by_name.reserve(nodes); }

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

const std::deque<Node>& Graph::nodes() const { return storage_->nodes; }

Node& Graph::node(int id) const { return storage_->nodes[static_cast<std::size_t>(id)]; }

Node* Graph::find(std::string_view name) const {
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
  const auto position = storage_->initial_values.find(&variable.node());
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
  storage_->initial_values[&variable.node()] = initial;
}

const std::vector<Value>& Graph::fetches() const { return storage_->fetches; }
void Graph::set_fetches(std::vector<Value> fetches) { storage_->fetches = std::move(fetches); }
const std::vector<Value>& Graph::targets() const { return storage_->targets; }
void Graph::set_targets(std::vector<Value> targets) { storage_->targets = std::move(targets); }

std::int64_t Graph::next_op_id() { return storage_->random_ops++; }
std::int64_t Graph::op_id_count() const { return storage_->random_ops; }

OpIdScope::OpIdScope(Graph graph, std::int64_t first)
    : graph_(std::move(graph)), outside_(graph_.storage_->random_ops) {
  graph_.storage_->random_ops = first;
}

OpIdScope::~OpIdScope() {
  std::int64_t& next = graph_.storage_->random_ops;
  next = std::max(next, outside_);
}

NameScope::NameScope(Graph graph, std::string_view scope)
    : graph_(std::move(graph)), previous_(graph_.storage_->scope) {
  graph_.storage_->scope += std::string(scope) + "/";
}

NameScope::~NameScope() { graph_.storage_->scope = previous_; }

LocationScope::LocationScope(SourceLocation location) : previous_(current_location) {
  if (location.known()) current_location = location;
}

LocationScope::~LocationScope() { current_location = previous_; }

SourceLocation LocationScope::current() { return current_location; }

}  // namespace tegula
