// Timing kernels.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/core/file.hpp"
#include "tegula/graph/ops.hpp"
#include "tegula/runtime/profiler.hpp"
#include "tegula/runtime/session.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace tegula;

namespace {

constexpr MachinePeak kPeak{.gflops = 100, .gigabytes_per_second = 10};

}  // namespace

TEST_CASE("a profiler counts calls and sums costs while it is attached") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {-1, 8}, "x");
  const Variable w = g.variable(Tensor::full(DType::f32, {8, 4}, 1), "w");
  const Value y = matmul(x, w).named("product");
  Session session(g);
  const Tensor fed = Tensor::full(DType::f32, {16, 8}, 1);
  Profiler profiler({.peak = kPeak});
  session.run({{x, fed}}, y);
  session.set_profiler(&profiler);
  for (int i = 0; i < 3; ++i) session.run({{x, fed}}, y);
  session.set_profiler(nullptr);
  session.run({{x, fed}}, y);

  const std::vector<KernelProfile> kernels = profiler.kernels();
  REQUIRE(kernels.size() == 1);
  CHECK(kernels[0].kernel.node == "product");
  CHECK(kernels[0].calls == 3);
  CHECK(kernels[0].seconds > 0);
  CHECK(kernels[0].kernel.flops == 2.0 * 16 * 8 * 4);
  CHECK(kernels[0].kernel.bytes == 4.0 * (16 * 8 + 8 * 4 + 16 * 4));
  CHECK(profiler.table().find("product") != std::string::npos);
  CHECK(profiler.table().find("100.0 GFLOP/s, 10.0 GB/s") != std::string::npos);
  profiler.clear();
  CHECK(profiler.kernels().empty());
}

TEST_CASE("the trace is JSON that lists every call in order") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {2}, "x");
  const Value y = matmul(reshape(exp(x), {1, 2}), reshape(x, {2, 1})).named("quoted \"name\"");
  Session session(g);
  Profiler profiler({.peak = kPeak, .max_events = 3});
  session.set_profiler(&profiler);
  const Tensor fed = Tensor::from<float>({1, 2});
  for (int i = 0; i < 2; ++i) session.run({{x, fed}}, y);

  const test::TemporaryFolder folder;
  const std::string path = folder.path("trace.json");
  profiler.write_trace(path);
  const auto trace = nlohmann::json::parse(read_file(path, 1 << 20));
  const auto& events = trace.at("traceEvents");
  REQUIRE(events.size() == 3);  // two runs of two kernels, cut off at the limit
  double last = -1;
  for (const auto& event : events) {
    CHECK(event.at("ph") == "X");
    CHECK(event.at("dur").get<double>() >= 0);
    CHECK(event.at("ts").get<double>() > last);
    last = event.at("ts");
  }
  CHECK(events[1].at("args").at("node") == "quoted \"name\"");
  CHECK_THROWS_AS(profiler.write_trace(folder.path("missing/trace.json")), IoError);
}

TEST_CASE("the machine's peak is plausible") {
  const MachinePeak peak = measure_machine_peak();
  CHECK(peak.gflops > 0.01);
  CHECK(peak.gflops < 1e6);
  CHECK(peak.gigabytes_per_second > 0.01);
  CHECK(peak.gigabytes_per_second < 1e5);
}
