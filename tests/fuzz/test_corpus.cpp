// The kept inputs of the fuzzers, found crashes among them.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "tests/fuzz/targets.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace tegula;

namespace {

const fuzz::Target* const kTargets[] = {&fuzz::attributes,  &fuzz::csv,         &fuzz::dlpack,
                                        &fuzz::format_path, &fuzz::graph_text,  &fuzz::gzip,
                                        &fuzz::idx,         &fuzz::json,        &fuzz::mnist,
                                        &fuzz::objects,     &fuzz::safetensors, &fuzz::saved_model};

}  // namespace

TEST_CASE("every kept input of a fuzzer is accepted or refused by an error of ours") {
  const std::filesystem::path corpus =
      std::filesystem::path(TEGULA_SOURCE_DIR) / "tests/fuzz/corpus";
  for (const fuzz::Target* target : kTargets) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(corpus / target->name)) {
      files.push_back(entry.path());
    }
    CHECK_MESSAGE(!files.empty(), target->name);
    std::sort(files.begin(), files.end());
    for (const std::filesystem::path& file : files) {
      const std::string input = test::read_bytes(file.string());
      CHECK_NOTHROW_MESSAGE(fuzz::run(*target, input), file.string());
    }
  }
}
