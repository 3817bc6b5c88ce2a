#pragma once
// Symbol visibility of the public interface.

/// Marks a symbol that applications may link against. `TEGULA_STATIC` is defined by the build for
/// static libraries; `TEGULA_BUILDING` only while the shared library itself is compiled.
#if defined(TEGULA_STATIC)
#define TEGULA_API
#elif defined(_WIN32)
#if defined(TEGULA_BUILDING)
#define TEGULA_API __declspec(dllexport)
#else
#define TEGULA_API __declspec(dllimport)
#endif
#else
#define TEGULA_API __attribute__((visibility("default")))
#endif
