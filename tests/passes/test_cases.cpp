// Runs the before/after pairs of tests/passes/*.txt. A case starts with `# pass: what it shows`,
// then the graph under `before` and the expected one under `after`, or `unchanged`.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/passes/pass_manager.hpp"
#include "tests/support/canonical_text.hpp"

using namespace tegula;

namespace {

struct Case {
  std::string file;
  int line = 0;
  std::string pass;
  std::string title;
  std::string before;
  std::string after;
};

std::vector<Case> read_cases(const std::filesystem::path& path) {
  std::vector<Case> cases;
  std::ifstream stream(path);
  std::string* part = nullptr;
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number) {
    if (line.starts_with("# ")) {
      const std::size_t colon = line.find(": ");
      if (colon == std::string::npos) continue;
      cases.push_back({path.filename().string(), number, line.substr(2, colon - 2),
                       line.substr(colon + 2), "", ""});
      part = nullptr;
    } else if (line == "before") {
      part = &cases.back().before;
    } else if (line == "after") {
      part = &cases.back().after;
    } else if (line == "unchanged") {
      cases.back().after = cases.back().before;
    } else if (!line.empty()) {
      REQUIRE_MESSAGE(part != nullptr, path.filename().string() << ":" << number);
      *part += line + "\n";
    }
  }
  return cases;
}

std::vector<Case> all_cases() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(TEGULA_SOURCE_DIR "/tests/passes")) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<Case> cases;
  for (const auto& file : files) {
    for (Case& one : read_cases(file)) cases.push_back(std::move(one));
  }
  return cases;
}

Graph run_pass(const Graph& graph, const std::string& name) {
  if (name == "optimize") return optimize(graph).graph;
  for (const Pass& pass : all_passes()) {
    if (pass.name == name) return pass.run(graph);
  }
  throw NotFound("no pass \"" + name + "\"");
}

void check(const Case& one) {
  const std::string where = one.file + ":" + std::to_string(one.line) + " " + one.title;
  try {
    const Graph before = Graph::from_text(one.before);
    const std::string text = before.to_text();
    const Graph expected = Graph::from_text(one.after);
    const Graph actual = run_pass(before, one.pass);
    actual.verify();
    const std::string wanted = test::canonical_text(expected);
    const std::string got = test::canonical_text(actual);
    CHECK_MESSAGE(wanted == got, where << "\n" << test::difference(wanted, got));
    CHECK_MESSAGE(before.to_text() == text, where << ": the pass changed its input");
    if (one.pass == "dce") CHECK_MESSAGE(actual.nodes().size() == expected.nodes().size(), where);
  } catch (const Error& error) {
    FAIL_CHECK(where << ": " << std::string(error.what()));
  }
}

}  // namespace

TEST_CASE("every pass turns the graph before into the graph after") {
  const std::vector<Case> cases = all_cases();
  CHECK(cases.size() >= 50);
  for (const Pass& pass : all_passes()) {
    const bool shown =
        std::ranges::any_of(cases, [&](const Case& one) { return one.pass == pass.name; });
    CHECK_MESSAGE(shown, "there is no case for the pass " << pass.name);
  }
  for (const Case& one : cases) check(one);
}
