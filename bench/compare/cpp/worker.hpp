#pragma once
// What ../worker.py is for peers in Python: answers the driver's requests, one JSON object a line.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace compare {

using Json = nlohmann::json;
/// Does a case's work once and waits for its end.
using Call = std::function<void()>;
/// The call for a case (see ../case.py) in one of the peer's modes. Throws what it cannot do.
using Prepare = std::function<Call(const Json& details, const std::string& mode)>;

/// Seconds per call.
inline double time_calls(const Call& call, std::int64_t calls) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  for (std::int64_t i = 0; i < calls; ++i) call();
  return std::chrono::duration<double>(Clock::now() - begin).count() / static_cast<double>(calls);
}

struct Prepared {
  Call call;
  double estimate = 0;
};

inline Json answer(const Json& request, const Prepare& prepare,
                   std::map<std::string, Prepared>& prepared) {
  const std::string what = request.at("do");
  if (what == "start") return Json::object();
  if (what == "drop") {
    prepared.clear();
    return Json::object();
  }
  const std::string mode = request.at("mode");
  if (what == "prepare") {
    Call call = prepare(request.at("details"), mode);
    const double first = time_calls(call, 1);
    const double estimate = first < 1 ? time_calls(call, 1) : first;
    prepared[mode] = {std::move(call), estimate};
    return {{"seconds", first}};
  }
  Prepared& item = prepared.at(mode);
  // Wakes threads and fills caches; longer calls do not notice.
  if (item.estimate < 0.02) item.call();
  const double wanted = static_cast<double>(request.at("seconds")) / std::max(item.estimate, 1e-8);
  const auto calls = std::clamp<std::int64_t>(static_cast<std::int64_t>(wanted), 1, 1'000'000);
  item.estimate = time_calls(item.call, calls);
  return {{"seconds", item.estimate}, {"calls", calls}};
}

inline int serve(const Prepare& prepare) {
  std::map<std::string, Prepared> prepared;
  for (std::string line; std::getline(std::cin, line);) {
    Json reply;
    try {
      reply = answer(Json::parse(line), prepare, prepared);
    } catch (const std::exception& error) {
      reply = {{"error", error.what()}};
    }
    std::cout << reply.dump() << std::endl;
  }
  return 0;
}

}  // namespace compare
