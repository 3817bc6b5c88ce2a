// Safetensors files.

#include "tegula/io/safetensors.hpp"

#include <algorithm>

#include "tests/fuzz/targets.hpp"

namespace tegula::fuzz {

namespace {

void run(std::string_view input) {
  const io::Safetensors contents = io::parse_safetensors(input);
  const io::Safetensors again = io::parse_safetensors(io::to_safetensors(contents));
  require(again.metadata == contents.metadata, "metadata is written as it was read");
  require(again.tensors.size() == contents.tensors.size(), "all tensors are written");
  for (const io::NamedTensor& tensor : contents.tensors) {
    require(identical(again.at(tensor.name), tensor.tensor), "tensors are written as read");
  }
}

}  // namespace

const Target safetensors = {"safetensors", run, mutate_safetensors};

}  // namespace tegula::fuzz
