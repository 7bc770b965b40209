// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What one run of the workload is worth: by how much it moves each counter. See workload.h for what it does.
#pragma once

#include "core/counters.hpp"
#include "places.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <tuple>

namespace ktally::test {

using Worth = std::map<Counter, std::uint64_t>;
using Error = std::tuple<std::string, std::int32_t>; // operation, errno
using Errors = std::map<Error, std::uint64_t>;

// All counters, while the return program is on; its start and its end are in it.
Worth workload_worth(Backend backend);

// The errors among that, by operation and errno.
Errors workload_errors(Backend backend);

// Runs it with its files in `directory`, and waits for its end. Throws std::runtime_error if something in it did not do
// what it was meant to. `before_exec` is done by the new process before it becomes the workload, uncounted.
void run_workload(Abi abi, const std::filesystem::path &directory, void (*before_exec)() = nullptr);

} // namespace ktally::test
