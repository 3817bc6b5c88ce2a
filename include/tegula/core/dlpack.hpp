#pragma once
// Exchange of tensors with other libraries without copies: DLPack, version 0.8 of its C interface,
// which every library understands. The structures are laid out as its specification says.

#include <cstdint>
#include <memory>

#include "tegula/core/export.hpp"
#include "tegula/core/tensor.hpp"

namespace tegula {

struct DLPackDevice {
  std::int32_t type;
  std::int32_t id;
};

struct DLPackType {
  std::uint8_t code;
  std::uint8_t bits;
  std::uint16_t lanes;
};

struct DLPackTensor {
  void* data;
  DLPackDevice device;
  std::int32_t rank;
  DLPackType dtype;
  std::int64_t* shape;
  std::int64_t* strides;  // in elements; null: row-major
  std::uint64_t byte_offset;
};

struct DLPackManaged {
  DLPackTensor tensor;
  void* context;
  void (*deleter)(DLPackManaged*);
};

/// The tensor's memory for another library, which calls `deleter` when it needs it no longer.
TEGULA_API DLPackManaged* to_dlpack(const Tensor& tensor);

/// The elements that `source` describes, whose memory `owner` keeps: shared where they stand in
/// row-major order on addresses that suit their dtype, else copied. Throws DTypeError for unknown
/// dtypes, ShapeError for shapes that no tensor has, InvalidArgument for other devices, missing
/// memory and sizes or strides that no memory has.
TEGULA_API Tensor from_dlpack(const DLPackTensor& source, std::shared_ptr<void> owner);

}  // namespace tegula
