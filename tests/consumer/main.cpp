// Uses Tegula as an application does: one include, one link target.
#include <cstdio>
#include <tegula/tegula.hpp>

int main() {
  const tegula::Shape shape{2, 3};
  std::printf("%s\n", shape.to_string().c_str());
}
