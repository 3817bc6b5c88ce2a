#pragma once
// An open file descriptor that closes itself.

#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

namespace tegula::detail {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Descriptor() {
    if (valid()) ::close(value_);
  }

  bool valid() const { return value_ >= 0; }
  int get() const { return value_; }

 private:
  int value_ = -1;
};

/// Whether `path` leads to what is open.
inline bool is_at(const Descriptor& opened, const std::string& path) {
  struct stat held {
  }, named{};
  return ::fstat(opened.get(), &held) == 0 && ::stat(path.c_str(), &named) == 0 &&
         held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

}  // namespace tegula::detail
