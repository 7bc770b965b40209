// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Accounts: who did it. Calls are counted a second time by the task that makes them; a task that ends, or moves to
// another cgroup, has what it counted added to its cgroup's. The kernel is one; the tests bring another.
#pragma once

#include "abi.h"
#include "core/counters.hpp"
#include "core/source.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace ktally {

// By ktally_call. KTALLY_EXIT, KTALLY_TASK_EXIT and KTALLY_RELEASE are counted by cgroup only.
using Calls = std::array<std::uint64_t, KTALLY_CALLS>;

struct CgroupAccount {
    std::uint64_t id;     // inode number of its directory
    std::uint64_t parent; // 0: the root of the hierarchy
    std::string name;     // of its directory
    bool gone;            // removed; what it counted is also in its nearest ancestor that is not
    Calls calls;          // of what ended or left here, and of removed cgroups below
};

// What tasks counted that is not yet added to a cgroup.
struct TaskAccount {
    std::uint32_t pid; // of the process (thread group)
    std::uint64_t cgroup;
    Calls calls;
};

// What a process counted that none of its tasks has any more: threads that ended before it, and cgroups that they left.
// It was added to the cgroups too.
struct EndedThreads {
    std::uint32_t pid;
    Calls calls;
};

struct Process {
    std::uint32_t pid;
    std::uint32_t parent;
    std::uint32_t uid;              // real
    std::uint64_t cgroup;           // id
    std::chrono::nanoseconds start; // CLOCK_BOOTTIME; tells processes apart that have a pid one after the other
    bool zombie;                    // all its threads have exited and nobody has reaped it
    std::int32_t wait_status;       // of a zombie, see waitpid(2)
    std::uint32_t descriptors;      // open; UINT32_MAX if there are too many to count
    std::uint64_t descriptor_limit; // RLIMIT_NOFILE, soft
    std::uint64_t descriptor_table; // the same for those that share one; 0: none
    std::string name;               // comm
    std::string parent_name;
};

inline constexpr std::uint32_t all_processes = 0;
inline constexpr std::uint32_t zombies_only = KTALLY_ZOMBIES_ONLY; // their descriptors need not be counted

// This kernel lets nobody look at its processes, and why.
class ProcessesAbsent : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class Accounts {
public:
    virtual ~Accounts() = default;

    // Of accounting, whose counter is none: the mechanism ("task_storage", "hash"), whether it counts, and why not.
    struct Mechanism {
        std::string source;
        ProbeState state;
        std::string reason;
    };
    virtual Mechanism mechanism() const = 0;

    // The cgroup that is / here, 0 if there is no cgroup v2. Others than those below it are not this machine's.
    virtual std::uint64_t root_cgroup() const = 0;

    // In this order they show nothing twice: what tasks() no longer has, cgroups() may not have had yet.
    virtual std::vector<CgroupAccount> cgroups() const = 0;
    virtual std::vector<EndedThreads> ended_threads() const = 0;
    virtual std::vector<TaskAccount> tasks() const = 0;

    // Increases whenever a cgroup comes or goes. Costs nothing.
    virtual std::uint64_t cgroup_changes() const = 0;

    // A removed cgroup that no task counts for any more.
    virtual void forget_cgroup(std::uint64_t id) = 0;

    // The zombies that ktallyd can see, and the other processes with at least that many descriptors. Throws
    // ProcessesAbsent.
    virtual std::vector<Process> processes(std::uint32_t min_descriptors) const = 0;
};

} // namespace ktally
