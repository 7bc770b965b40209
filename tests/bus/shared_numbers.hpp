// SPDX-License-Identifier: LGPL-2.1-or-later
//
// SharedNumbers: the numbers of the server's source, in a file that the test and the server both map. The test plays
// the kernel and writes; the server reads.
#pragma once

#include "core/counters.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>

namespace ktally::test {

struct SharedError {
    std::atomic<std::uint32_t> operation;
    std::atomic<std::int32_t> error;
    std::atomic<std::uint64_t> count; // 0: no such row
};

struct SharedNumbers {
    std::array<std::atomic<std::uint64_t>, counter_count> totals;
    std::array<SharedError, 4> errors;
    std::atomic<std::int32_t> attach_error; // errno with which attaching fails; 0: it doesn't
    std::atomic<std::uint32_t> attached;
};

// The counter that the server's kernel does not have.
inline constexpr Counter absent_counter = Counter::Creates;

class SharedFile {
public:
    // Makes the file if it is not there. Throws std::system_error.
    explicit SharedFile(const std::filesystem::path &file);
    SharedFile(const SharedFile &) = delete;
    SharedFile &operator=(const SharedFile &) = delete;
    ~SharedFile();

    SharedNumbers &numbers() const { return *numbers_; }
    std::atomic<std::uint64_t> &total(Counter counter) const
    {
        return numbers_->totals[static_cast<std::size_t>(counter)];
    }

private:
    SharedNumbers *numbers_;
};

} // namespace ktally::test
