#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/cpu/movement.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/parallel.hpp"

using namespace tegula;
using namespace tegula::kernels;

namespace {

using Index = std::int64_t;
using Indices = std::vector<Index>;

Index count_of(const Indices& extents) {
  return std::accumulate(extents.begin(), extents.end(), Index{1}, std::multiplies<>());
}

/// Position of an element in a dense row-major array.
Index position(const Indices& extents, const Indices& index) {
  Index result = 0;
  for (std::size_t i = 0; i < extents.size(); ++i) result = result * extents[i] + index[i];
  return result;
}

/// The index of the `position`-th element.
Indices index_of(const Indices& extents, Index position) {
  Indices index(extents.size());
  for (std::size_t i = extents.size(); i-- > 0;) {
    index[i] = position % extents[i];
    position /= extents[i];
  }
  return index;
}

/// Elements of 1, 2, 4 or 8 bytes, all different as far as their size allows.
class Array {
 public:
  Array(Index count, std::size_t element_size, bool numbered)
      : element_size_(element_size),
        bytes_(static_cast<std::size_t>(count) * element_size + 1, 0xEE) {
    for (Index i = 0; numbered && i < count; ++i)
      set(i, static_cast<std::uint64_t>(i) * 2654435761u + 1);
  }
  void* data() { return bytes_.data(); }
  const void* data() const { return bytes_.data(); }
  std::uint64_t get(Index i) const {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes_.data() + static_cast<std::size_t>(i) * element_size_, element_size_);
    return value;
  }
  void set(Index i, std::uint64_t value) {
    std::memcpy(bytes_.data() + static_cast<std::size_t>(i) * element_size_, &value, element_size_);
  }
  bool end_untouched() const { return bytes_.back() == 0xEE; }

 private:
  std::size_t element_size_;
  std::vector<unsigned char> bytes_;
};

constexpr std::size_t kElementSizes[] = {1, 2, 4, 8};

/// Runs `move(src, dst, element_size)` for each element size and compares dst with
/// `expected(src, index in dst)`.
void check_movement(const Indices& src_extents, const Indices& dst_extents,
                    const std::function<void(const void*, void*, std::size_t)>& move,
                    const std::function<std::uint64_t(const Array&, const Indices&)>& expected) {
  for (const std::size_t element_size : kElementSizes) {
    const Array src(count_of(src_extents), element_size, true);
    Array dst(count_of(dst_extents), element_size, false);
    move(src.data(), dst.data(), element_size);
    const std::uint64_t mask = element_size == 8 ? ~0ull : (1ull << 8 * element_size) - 1;
    int wrong = 0;
    for (Index i = 0; i < count_of(dst_extents); ++i) {
      if (dst.get(i) != (expected(src, index_of(dst_extents, i)) & mask)) ++wrong;
    }
    INFO("element size ", element_size);
    CHECK(wrong == 0);
    CHECK(dst.end_untouched());
  }
}

}  // namespace

TEST_CASE("transpose moves every element to its permuted index") {
  struct Case {
    Indices extents;
    std::vector<int> permutation;
  };
  const Case cases[] = {
      {{}, {}},
      {{5}, {0}},
      {{3, 4}, {1, 0}},
      {{0, 4}, {1, 0}},
      {{1, 7}, {1, 0}},
      {{33, 65}, {1, 0}},
      {{700, 300}, {1, 0}},
      {{2, 3, 4}, {2, 0, 1}},
      {{2, 3, 4}, {0, 2, 1}},
      {{5, 40, 37}, {0, 2, 1}},
      {{17, 3, 35}, {2, 1, 0}},
      {{4, 5, 6, 7}, {2, 3, 0, 1}},
      {{4, 5, 6, 7}, {0, 1, 2, 3}},
      {{4, 1, 6, 7}, {3, 1, 2, 0}},
      {{2, 3, 2, 3, 2, 3, 2, 3}, {7, 5, 3, 1, 6, 4, 2, 0}},
  };
  for (const auto& [extents, permutation] : cases) {
    Indices result;
    for (const int axis : permutation) result.push_back(extents[static_cast<std::size_t>(axis)]);
    check_movement(
        extents, result,
        [&](const void* src, void* dst, std::size_t size) {
          transpose(extents, permutation, src, dst, size);
        },
        [&](const Array& src, const Indices& index) {
          Indices from(index.size());
          for (std::size_t i = 0; i < index.size(); ++i) {
            from[static_cast<std::size_t>(permutation[i])] = index[i];
          }
          return src.get(position(extents, from));
        });
  }
}

TEST_CASE("broadcast_to repeats axes of one element and adds axes in front") {
  struct Case {
    Indices from;
    Indices to;
  };
  const Case cases[] = {{{}, {3, 4}},
                        {{4}, {3, 4}},
                        {{3, 1}, {3, 4}},
                        {{1, 4}, {0, 4}},
                        {{1}, {1}},
                        {{2, 1, 3}, {5, 2, 4, 3}},
                        {{1, 5, 1}, {6, 5, 7}},
                        {{1000}, {300, 1000}},
                        {{300, 1}, {300, 1000}}};
  for (const auto& [from, to] : cases) {
    check_movement(
        from, to,
        [&](const void* src, void* dst, std::size_t size) {
          broadcast_to(from, to, src, dst, size);
        },
        [&](const Array& src, const Indices& index) {
          Indices at(from.size());
          for (std::size_t i = 0; i < from.size(); ++i) {
            at[i] = from[i] == 1 ? 0 : index[i + to.size() - from.size()];
          }
          return src.get(position(from, at));
        });
  }
}

TEST_CASE(
    "slice takes every step-th element, backwards for negative steps; unslice puts them back") {
  struct Case {
    Indices whole;
    Indices begin;
    Indices step;
    Indices part;
  };
  const Case cases[] = {
      {{10}, {2}, {3}, {3}},
      {{10}, {9}, {-1}, {10}},
      {{10}, {8}, {-3}, {3}},
      {{10}, {5}, {1}, {0}},
      {{6, 8}, {1, 0}, {2, 1}, {3, 8}},
      {{6, 8}, {5, 7}, {-2, -3}, {3, 3}},
      {{4, 5, 6}, {0, 4, 2}, {1, -1, 2}, {4, 5, 2}},
      {{500, 400}, {499, 1}, {-1, 3}, {500, 133}},
      {{500, 400}, {10, 0}, {1, 1}, {480, 400}},
  };
  for (const auto& [whole, begin, step, part] : cases) {
    const auto source_of = [&](const Indices& index) {
      Indices at(index.size());
      for (std::size_t i = 0; i < index.size(); ++i) at[i] = begin[i] + index[i] * step[i];
      return position(whole, at);
    };
    check_movement(
        whole, part,
        [&](const void* src, void* dst, std::size_t size) {
          slice(whole, begin, step, part, src, dst, size);
        },
        [&](const Array& src, const Indices& index) { return src.get(source_of(index)); });

    std::vector<Index> origin(static_cast<std::size_t>(count_of(whole)), -1);
    for (Index i = 0; i < count_of(part); ++i) {
      origin[static_cast<std::size_t>(source_of(index_of(part, i)))] = i;
    }
    check_movement(
        part, whole,
        [&](const void* src, void* dst, std::size_t size) {
          unslice(whole, begin, step, part, src, dst, size);
        },
        [&](const Array& src, const Indices& index) {
          const Index from = origin[static_cast<std::size_t>(position(whole, index))];
          return from < 0 ? 0 : src.get(from);
        });
  }
}

TEST_CASE("pad surrounds with the value") {
  struct Case {
    Indices extents;
    Indices before;
    Indices after;
  };
  const Case cases[] = {{{3}, {2}, {1}},
                        {{}, {}, {}},
                        {{0}, {2}, {0}},
                        {{2, 3}, {1, 0}, {0, 2}},
                        {{2, 3, 4}, {0, 1, 2}, {3, 0, 1}},
                        {{300, 200}, {7, 9}, {1, 0}}};
  for (const auto& [extents, before, after] : cases) {
    Indices result;
    for (std::size_t i = 0; i < extents.size(); ++i) {
      result.push_back(before[i] + extents[i] + after[i]);
    }
    const std::uint64_t value = 0x1122334455667788u;
    check_movement(
        extents, result,
        [&](const void* src, void* dst, std::size_t size) {
          pad(extents, before, after, &value, src, dst, size);
        },
        [&](const Array& src, const Indices& index) {
          Indices at(index.size());
          for (std::size_t i = 0; i < index.size(); ++i) {
            at[i] = index[i] - before[i];
            if (at[i] < 0 || at[i] >= extents[i]) return value;
          }
          return src.get(position(extents, at));
        });
  }
}

TEST_CASE("tile repeats along every axis") {
  struct Case {
    Indices extents;
    Indices multiples;
  };
  const Case cases[] = {{{3}, {4}},          {{3}, {0}},
                        {{2, 3}, {2, 1}},    {{2, 3}, {1, 3}},
                        {{2, 3}, {2, 2}},    {{1, 3, 1}, {4, 2, 5}},
                        {{100, 70}, {3, 9}}, {{2, 2, 2, 2, 2, 2, 2, 2}, {2, 1, 2, 1, 2, 1, 2, 2}}};
  for (const auto& [extents, multiples] : cases) {
    Indices result;
    for (std::size_t i = 0; i < extents.size(); ++i) result.push_back(extents[i] * multiples[i]);
    check_movement(
        extents, result,
        [&](const void* src, void* dst, std::size_t size) {
          tile(extents, multiples, src, dst, size);
        },
        [&](const Array& src, const Indices& index) {
          Indices at(index.size());
          for (std::size_t i = 0; i < index.size(); ++i) at[i] = index[i] % extents[i];
          return src.get(position(extents, at));
        });
  }
}

TEST_CASE("concat joins parts along an axis and split takes them apart") {
  struct Case {
    Index outer;
    Indices sizes;
    Index inner;
  };
  const Case cases[] = {{1, {3}, 1},    {1, {3, 0, 2}, 1},      {4, {1, 2, 3}, 1}, {4, {2, 5}, 3},
                        {0, {2, 5}, 3}, {200, {300, 1, 99}, 7}, {1, {}, 1}};
  for (const auto& [outer, sizes, inner] : cases) {
    const Index total = std::accumulate(sizes.begin(), sizes.end(), Index{0});
    for (const std::size_t element_size : kElementSizes) {
      std::vector<Array> parts;
      std::vector<Array> pieces;
      std::vector<const void*> part_pointers;
      std::vector<void*> piece_pointers;
      for (const Index size : sizes) {
        parts.emplace_back(outer * size * inner, element_size, true);
        pieces.emplace_back(outer * size * inner, element_size, false);
      }
      for (std::size_t i = 0; i < parts.size(); ++i) {
        part_pointers.push_back(parts[i].data());
        piece_pointers.push_back(pieces[i].data());
      }
      Array joined(outer * total * inner, element_size, false);
      concat(outer, sizes, inner, part_pointers.data(), joined.data(), element_size);
      int wrong = 0;
      for (Index o = 0; o < outer; ++o) {
        Index at = o * total * inner;
        for (std::size_t i = 0; i < parts.size(); ++i) {
          for (Index j = 0; j < sizes[i] * inner; ++j, ++at) {
            if (joined.get(at) != parts[i].get(o * sizes[i] * inner + j)) ++wrong;
          }
        }
      }
      CHECK(wrong == 0);
      CHECK(joined.end_untouched());
      if (!piece_pointers.empty()) piece_pointers[0] = nullptr;
      split(outer, sizes, inner, joined.data(), piece_pointers.data(), element_size);
      for (std::size_t i = 1; i < parts.size(); ++i) {
        for (Index j = 0; j < outer * sizes[i] * inner; ++j) {
          if (pieces[i].get(j) != parts[i].get(j)) ++wrong;
        }
        CHECK(pieces[i].end_untouched());
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE_TEMPLATE("gather copies rows and names the first index out of range", Position,
                   std::int32_t, std::int64_t) {
  struct Case {
    Index outer;
    Index size;
    Index inner;
    Index count;
  };
  for (const auto& [outer, size, inner, count] :
       {Case{1, 5, 1, 7}, Case{1, 5, 3, 7}, Case{3, 5, 1, 4}, Case{3, 5, 2, 4}, Case{2, 9, 17, 0},
        Case{2, 9, 0, 4}, Case{4, 60, 300, 500}, Case{1, 60000, 1, 90000}}) {
    std::vector<Position> indices;
    for (Index i = 0; i < count; ++i) indices.push_back(static_cast<Position>((i * 7 + 3) % size));
    check_movement(
        {outer, size, inner}, {outer, count, inner},
        [&](const void* src, void* dst, std::size_t element_size) {
          CHECK(gather(outer, size, inner, indices.data(), count, src, dst, element_size) ==
                kAllInRange);
        },
        [&](const Array& src, const Indices& at) {
          return src.get(position(
              {outer, size, inner},
              {at[0], static_cast<Index>(indices[static_cast<std::size_t>(at[1])]), at[2]}));
        });
  }
  const std::vector<float> src = {1, 2, 3};
  std::vector<float> dst(3);
  for (const Position bad : {Position{-1}, Position{3}}) {
    const Position indices[] = {0, bad, 7};
    CHECK(gather(1, 3, 1, indices, 3, src.data(), dst.data(), 4) == 1);
    CHECK(scatter_add(1, 3, 1, indices, 3, src.data(), dst.data()) == 1);
  }
}

TEST_CASE_TEMPLATE("scatter_add sums rows in the order of the indices", Value, float, double,
                   std::int32_t, std::int64_t) {
  struct Case {
    Index outer;
    Index size;
    Index inner;
    Index count;
  };
  const int threads_before = thread_count();
  for (const auto& [outer, size, inner, count] :
       {Case{1, 4, 1, 9}, Case{2, 4, 3, 9}, Case{1, 4, 3, 0}, Case{3, 50, 2500, 70}}) {
    std::vector<std::int64_t> indices;
    for (Index i = 0; i < count; ++i) indices.push_back((i * i + 1) % size);
    std::vector<Value> src(static_cast<std::size_t>(outer * count * inner));
    for (std::size_t i = 0; i < src.size(); ++i) {
      src[i] = static_cast<Value>(static_cast<double>(i * 37 % 101) / 3.0);
    }
    std::vector<Value> expected(static_cast<std::size_t>(outer * size * inner), Value{});
    for (Index o = 0; o < outer; ++o) {
      for (Index i = 0; i < count; ++i) {
        for (Index j = 0; j < inner; ++j) {
          expected[static_cast<std::size_t>(
              (o * size + indices[static_cast<std::size_t>(i)]) * inner + j)] +=
              src[static_cast<std::size_t>((o * count + i) * inner + j)];
        }
      }
    }
    for (const int threads : {1, 2}) {
      set_thread_count(threads);
      std::vector<Value> dst(expected.size(), Value{9});
      CHECK(scatter_add(outer, size, inner, indices.data(), count, src.data(), dst.data()) ==
            kAllInRange);
      CHECK(dst == expected);
    }
  }
  set_thread_count(threads_before);
}

TEST_CASE("one_hot marks the index and leaves rows of other indices off") {
  const std::vector<std::int32_t> indices = {2, 0, -1, 3, 1};
  for (const std::size_t element_size : kElementSizes) {
    const std::uint64_t on = 0x0807060504030201u;
    const std::uint64_t off = 0x1817161514131211u;
    Array dst(15, element_size, false);
    one_hot(indices.data(), 5, 3, &on, &off, dst.data(), element_size);
    for (Index i = 0; i < 15; ++i) {
      std::uint64_t expected = 0;
      std::memcpy(&expected, indices[static_cast<std::size_t>(i / 3)] == i % 3 ? &on : &off,
                  element_size);
      CHECK(dst.get(i) == expected);
    }
    CHECK(dst.end_untouched());
  }
}

TEST_CASE("fill sets every element, also of large arrays") {
  for (const Index count : {0, 1, 1000, 600001}) {
    std::vector<float> dst(static_cast<std::size_t>(count) + 1, 1.0f);
    const float value = 2.5f;
    fill(&value, dst.data(), count, sizeof(float));
    CHECK(std::all_of(dst.begin(), dst.end() - 1, [](float x) { return x == 2.5f; }));
    CHECK(dst.back() == 1.0f);
  }
}

TEST_CASE("unusual element sizes and too many axes are refused") {
  const Indices extents(9, 1);
  CHECK_THROWS_AS(fill(nullptr, nullptr, 1, 3), InvalidArgument);
  CHECK_THROWS_WITH(strided_copy(extents, nullptr, extents, nullptr, extents, 4),
                    "an array of 9 axes cannot be moved; at most 8 are supported");
}
