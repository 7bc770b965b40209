// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/source.hpp"

#include <gtest/gtest.h>

namespace ktally {
namespace {

Probe active(Counter counter, const char *source)
{
    return {counter, source, ProbeState::active, ""};
}

TEST(BackendSummary, IsEmptyWithoutProbes)
{
    EXPECT_EQ(backend_summary({}), "");
}

TEST(BackendSummary, IsTheOneBackendOfAll)
{
    EXPECT_EQ(backend_summary({active(Counter::Opened, "fentry:do_sys_openat2"),
                               active(Counter::Reads, "fentry:vfs_read+vfs_readv")}),
              "fentry");
}

TEST(BackendSummary, JoinsSeveralMostPreferredFirst)
{
    EXPECT_EQ(
        backend_summary({active(Counter::Opened, "tracepoint:sys_enter"), active(Counter::Closed, "kprobe:close_fd"),
                         active(Counter::Reads, "fentry:vfs_read+vfs_readv")}),
        "fentry+kprobe+tracepoint");
}

TEST(BackendSummary, NamesABackendOnce)
{
    EXPECT_EQ(
        backend_summary({active(Counter::Opened, "kprobe:do_sys_openat2"), active(Counter::Closed, "kprobe:close_fd")}),
        "kprobe");
}

TEST(BackendSummary, LeavesOutWhatIsATracepointOnEveryBackend)
{
    EXPECT_EQ(backend_summary({active(Counter::Opened, "fentry:do_sys_openat2"),
                               active(Counter::Forks, "tracepoint:task_newtask"),
                               active(Counter::Exits, "tracepoint:sched_process_exit")}),
              "fentry");
}

TEST(BackendSummary, LeavesOutTheReturnProgram)
{
    EXPECT_EQ(backend_summary({active(Counter::Opened, "fentry:do_sys_openat2"),
                               active(Counter::OpenErrors, "tracepoint:sys_exit")}),
              "fentry");
}

TEST(BackendSummary, LeavesOutAbsentProbes)
{
    EXPECT_EQ(backend_summary({active(Counter::Opened, "fentry:do_sys_openat2"),
                               {Counter::Closed, "", ProbeState::absent, "this kernel has no function close_fd"}}),
              "fentry");
}

TEST(ProbeState, HasANameForClients)
{
    EXPECT_EQ(name(ProbeState::active), "active");
    EXPECT_EQ(name(ProbeState::off), "off");
    EXPECT_EQ(name(ProbeState::absent), "absent");
}

} // namespace
} // namespace ktally
