// SPDX-License-Identifier: LGPL-2.1-or-later
//
// SharedNumbers: the numbers of the server's source and the accounts, in a file that the test and the server both map.
// The test plays the kernel and writes; the server reads.
#pragma once

#include "core/counters.hpp"
#include "core/source.hpp"

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

using SharedCalls = std::array<std::atomic<std::uint64_t>, KTALLY_CALLS>;
using SharedName = std::array<char, 64>;

struct SharedCgroup {
    std::atomic<std::uint64_t> id; // 0: no such cgroup, as below
    std::atomic<std::uint64_t> parent;
    SharedName name; // written before the id
    std::atomic<bool> gone;
    SharedCalls calls;
};

struct SharedTask {
    std::atomic<std::uint32_t> pid;
    std::atomic<std::uint64_t> cgroup;
    SharedCalls calls;
    SharedCalls ended; // by threads of that process
};

struct SharedProcess {
    std::atomic<std::uint32_t> pid;
    std::atomic<std::uint32_t> parent;
    std::atomic<std::uint32_t> uid;
    std::atomic<std::uint64_t> cgroup;
    std::atomic<std::uint64_t> start;
    std::atomic<bool> zombie;
    std::atomic<std::int32_t> wait_status;
    std::atomic<std::uint32_t> descriptors;
    std::atomic<std::uint64_t> descriptor_limit;
    std::atomic<std::uint64_t> descriptor_table;
    SharedName name;
    SharedName parent_name;
};

// What core/accounts.hpp asks for; there is a cgroup of the machine, too, which has id 1.
struct SharedAccounts {
    std::array<SharedCgroup, 600> cgroups;
    std::array<SharedTask, 600> tasks;
    std::array<SharedProcess, 100> processes;
    std::atomic<std::uint64_t> changes; // of cgroups
    std::atomic<std::uint64_t> unattributed;
    std::atomic<std::uint32_t> state;          // a ProbeState
    std::atomic<std::int32_t> error;           // errno with which reading cgroups fails; 0: it doesn't
    std::atomic<std::int32_t> processes_error; // the same of processes
    std::atomic<std::uint64_t> readings;       // how often the server asked for cgroups; it writes this
};

struct SharedNumbers {
    std::array<std::atomic<std::uint64_t>, counter_count> totals;
    std::array<SharedError, 4> errors;
    std::atomic<std::int32_t> attach_error; // errno with which attaching fails; 0: it doesn't
    std::atomic<std::uint32_t> attached;
    SharedAccounts accounts;
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
