// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The table of counters. One row makes a counter: its D-Bus interface and property, what it is a number of, and the
// range of counted calls (abi.h) it adds up. A second table says where the kernel can be asked about each call.
// Adding a counter means a row here, a program in bpf/ and a line of XML in dbus/; everything else follows.
#pragma once

#include "abi.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ktally {

enum class Unit : std::uint8_t { calls, errors, bytes };

// X(property, unit, first call, last call). Calls are counted by the entry program, errors and bytes by return.
#define KTALLY_FILES(X)                                                                                                \
    X(Opened, calls, KTALLY_OPEN, KTALLY_OPEN)                                                                         \
    X(Closed, calls, KTALLY_CLOSE, KTALLY_CLOSE)                                                                       \
    X(OpenErrors, errors, KTALLY_OPEN, KTALLY_OPEN)                                                                    \
    X(CloseErrors, errors, KTALLY_CLOSE, KTALLY_CLOSE)

#define KTALLY_VFS(X)                                                                                                  \
    X(Reads, calls, KTALLY_READ, KTALLY_READV)                                                                         \
    X(Writes, calls, KTALLY_WRITE, KTALLY_WRITEV)                                                                      \
    X(Unlinks, calls, KTALLY_UNLINK, KTALLY_UNLINK)                                                                    \
    X(Fsyncs, calls, KTALLY_FSYNC, KTALLY_FSYNC)                                                                       \
    X(Creates, calls, KTALLY_CREATE, KTALLY_CREATE)                                                                    \
    X(ReadBytes, bytes, KTALLY_READ, KTALLY_READV)                                                                     \
    X(WriteBytes, bytes, KTALLY_WRITE, KTALLY_WRITEV)                                                                  \
    X(ReadErrors, errors, KTALLY_READ, KTALLY_READV)                                                                   \
    X(WriteErrors, errors, KTALLY_WRITE, KTALLY_WRITEV)                                                                \
    X(UnlinkErrors, errors, KTALLY_UNLINK, KTALLY_UNLINK)                                                              \
    X(FsyncErrors, errors, KTALLY_FSYNC, KTALLY_FSYNC)

#define KTALLY_PROCESSES(X)                                                                                            \
    X(Forks, calls, KTALLY_FORK, KTALLY_FORK)                                                                          \
    X(ThreadsCreated, calls, KTALLY_THREAD, KTALLY_THREAD)                                                             \
    X(Execs, calls, KTALLY_EXEC, KTALLY_EXEC)                                                                          \
    X(Exits, calls, KTALLY_EXIT, KTALLY_EXIT)                                                                          \
    X(TasksExited, calls, KTALLY_TASK_EXIT, KTALLY_TASK_EXIT)                                                          \
    X(TasksReleased, calls, KTALLY_RELEASE, KTALLY_RELEASE)                                                            \
    X(ForkErrors, errors, KTALLY_FORK, KTALLY_FORK)

enum class Counter : std::uint8_t {
#define X(property, unit, first, last) property,
    KTALLY_FILES(X) KTALLY_VFS(X) KTALLY_PROCESSES(X)
#undef X
};

struct CounterRow {
    Counter counter;
    std::string_view interface; // without the "org.ktally1." in front
    std::string_view property;
    Unit unit;
    ktally_call first;
    ktally_call last;
};

inline constexpr auto counters = std::to_array<CounterRow>({
#define X(property, unit, first, last) {Counter::property, "Files", #property, Unit::unit, first, last},
    KTALLY_FILES(X)
#undef X
#define X(property, unit, first, last) {Counter::property, "Vfs", #property, Unit::unit, first, last},
        KTALLY_VFS(X)
#undef X
#define X(property, unit, first, last) {Counter::property, "Processes", #property, Unit::unit, first, last},
            KTALLY_PROCESSES(X)
#undef X
});

inline constexpr std::size_t counter_count = counters.size();

constexpr const CounterRow &row(Counter counter)
{
    return counters[static_cast<std::size_t>(counter)];
}

// What a property shows when its counter has no source on this kernel: a number that nobody takes for a count, as
// systemd does for values it cannot tell.
inline constexpr std::uint64_t absent_total = UINT64_MAX;

// The totals of all counters, by Counter.
using Totals = std::array<std::uint64_t, counter_count>;

// A further function that counts as the same call. What the kernel does not have cannot be called and is left out.
struct Sibling {
    std::string_view name;
    std::string_view function;
};

// Where the kernel can be asked about one counted call. The names of a function are by preference: the first that the
// running kernel has. Programs are called <hook>_<name>: fentry_close, kprobe_close, fexit_close.
struct Hook {
    std::string_view name;
    std::array<std::string_view, 2> functions;        // at their entry
    std::array<std::string_view, 2> return_functions; // at their return
    std::string_view tracepoint;                      // when no function can be hooked
    std::array<Sibling, 3> siblings = {};
};

// By ktally_call.
inline constexpr std::array<Hook, KTALLY_CALLS> hooks{{
    {"open", {"do_sys_openat2"}, {"do_sys_openat2"}, "sys_enter"},
    {"close", {"file_close_fd", "close_fd"}, {"file_close_fd", "close_fd"}, "sys_enter"},
    {"read", {"vfs_read"}, {"vfs_read"}, "sys_enter"},
    {"readv", {"vfs_readv"}, {"vfs_readv"}, "sys_enter"},
    {"write", {"vfs_write"}, {"vfs_write"}, "sys_enter"},
    {"writev", {"vfs_writev"}, {"vfs_writev"}, "sys_enter"},
    {"unlink", {"vfs_unlink"}, {"vfs_unlink"}, "sys_enter"},
    // Not vfs_fsync_range: the compiler inlines it into one of these or both (5.10, 6.1, 7.2).
    {"fsync",
     {"__x64_sys_fsync"},
     {"__x64_sys_fsync"},
     "sys_enter",
     {{{"fdatasync", "__x64_sys_fdatasync"},
       {"ia32_fsync", "__ia32_sys_fsync"},
       {"ia32_fdatasync", "__ia32_sys_fdatasync"}}}},
    {"create", {"vfs_open"}, {}, "sys_exit"},
    {"fork", {}, {"kernel_clone"}, "task_newtask"},
    {"thread", {}, {}, "task_newtask"},
    {"exec", {}, {}, "sched_process_exec"},
    {"exit", {}, {}, "sched_process_exit"},
    {"task_exit", {}, {}, "sched_process_exit"},
    {"release", {"release_task"}, {}, "sched_process_free"},
}};

// Whether that is the name of a function or tracepoint in the table.
constexpr bool is_hooked(std::string_view name)
{
    for (const Hook &hook : hooks) {
        for (std::string_view each : {hook.functions[0], hook.functions[1], hook.return_functions[0],
                                      hook.return_functions[1], hook.tracepoint, std::string_view{"sys_exit"}})
            if (!each.empty() && each == name)
                return true;
        for (const Sibling &sibling : hook.siblings)
            if (!sibling.function.empty() && sibling.function == name)
                return true;
    }
    return false;
}

// How a function is hooked, in the order in which it is tried.
enum class Backend : std::uint8_t { fentry, kprobe, tracepoint };
inline constexpr std::array backends{Backend::fentry, Backend::kprobe, Backend::tracepoint};

constexpr std::string_view name(Backend backend)
{
    constexpr std::array<std::string_view, 3> names{"fentry", "kprobe", "tracepoint"};
    return names[static_cast<std::size_t>(backend)];
}

// Whether each run of a call's programs is one count. The others look at what they see and count only some of it: new
// files among the opened, user tasks among the released, and by tracepoint some syscalls among all.
constexpr bool counts_every_run(ktally_call call, Backend backend)
{
    if (backend == Backend::tracepoint)
        return call == KTALLY_EXEC;
    return call != KTALLY_CREATE && call != KTALLY_RELEASE;
}

// The operations whose errors are counted, by ktally_operation: the name clients see and the property they add up to.
struct OperationRow {
    std::string_view name;
    Counter counter;
};

inline constexpr std::array<OperationRow, KTALLY_OPERATIONS> operations{{
    {"open", Counter::OpenErrors},
    {"close", Counter::CloseErrors},
    {"read", Counter::ReadErrors},
    {"write", Counter::WriteErrors},
    {"unlink", Counter::UnlinkErrors},
    {"fsync", Counter::FsyncErrors},
    {"fork", Counter::ForkErrors},
}};

} // namespace ktally
