// oneDNN: dnnl_sgemm, and the matmul primitive on plain row-major memory; with all threads or one.

#include <omp.h>

#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "gemm.hpp"

namespace {

using compare::Call;
using compare::Gemm;
using dnnl::memory;

Call sgemm(const Gemm& g, int threads) {
  return [g, threads] {
    omp_set_num_threads(threads);
    dnnl::sgemm(g.ta ? 'T' : 'N', g.tb ? 'T' : 'N', g.m, g.n, g.k, 1.0f, g.a.get(), g.lda(),
                g.b.get(), g.ldb(), 0.0f, g.c.get(), g.n);
  };
}

Call matmul(const Gemm& g, int threads) {
  omp_set_num_threads(threads);
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  const auto describe = [](std::int64_t rows, std::int64_t cols, bool transposed) {
    return memory::desc({rows, cols}, memory::data_type::f32,
                        transposed ? memory::dims{1, rows} : memory::dims{cols, 1});
  };
  const dnnl::matmul::primitive_desc descriptor(
      engine, describe(g.m, g.k, g.ta), describe(g.k, g.n, g.tb), describe(g.m, g.n, false));
  const dnnl::matmul primitive(descriptor);
  const std::unordered_map<int, memory> arguments = {
      {DNNL_ARG_SRC, memory(descriptor.src_desc(), engine, g.a.get())},
      {DNNL_ARG_WEIGHTS, memory(descriptor.weights_desc(), engine, g.b.get())},
      {DNNL_ARG_DST, memory(descriptor.dst_desc(), engine, g.c.get())}};
  return [g, threads, primitive, arguments, stream = dnnl::stream(engine)]() mutable {
    omp_set_num_threads(threads);
    primitive.execute(stream, arguments);
    stream.wait();
  };
}

}  // namespace

int main(int, char** words) {
  const int threads = std::atoi(words[1]);
  return compare::serve([=](const compare::Json& details, const std::string& mode) -> Call {
    const int used = mode.find("1 thread") == std::string::npos ? threads : 1;
    const Gemm gemm(details);
    return mode.starts_with("sgemm") ? sgemm(gemm, used) : matmul(gemm, used);
  });
}
