// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The processes of the running kernel: many short ones in the accounts, zombies and descriptors as /proc shows them.
#include "accounts_fixture.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <iterator>
#include <thread>
#include <vector>

namespace ktally::test {
namespace {

// Zombies and descriptors are the same on every backend.
class ProcessesOfKernel : public AccountsOfKernel {};
INSTANTIATE_TEST_SUITE_P(Tracepoint, ProcessesOfKernel, testing::Values(Backend::tracepoint), backend_name);

// As fast as they can come and go.
TEST_P(ProcessesOfKernel, OfWhichThereAreTwentyThousandShortOnesAreAllCounted)
{
    constexpr std::uint64_t processes = 20'000;
    Cgroup unit{"ktally-many"};
    Actor actor{unit, [](Stage &) {
                    const int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
                    char byte = 0;
                    for (std::uint64_t count = 0; count < processes; ++count)
                        in_a_vforked_child([&] { syscall(SYS_read, zero, &byte, 1); });
                }};
    actor.finish();
    const Calls calls = of_cgroup(unit.id());
    EXPECT_THAT(calls[KTALLY_READ], made(processes));
    EXPECT_THAT(calls[KTALLY_FORK], made(processes));
    EXPECT_THAT(calls[KTALLY_EXIT], made(processes + 1));
    EXPECT_THAT(calls[KTALLY_OPEN], made(1));
}

std::vector<std::uint32_t> pids_of(const std::vector<Process> &processes)
{
    std::vector<std::uint32_t> pids;
    std::ranges::transform(processes, std::back_inserter(pids), &Process::pid);
    std::ranges::sort(pids);
    return pids;
}

TEST_P(ProcessesOfKernel, AreZombiesAsProcSaysFromTheirEndUntilTheyAreReaped)
{
    const auto zombies = [this] { return pids_of(accounts().processes(zombies_only)); };
    ASSERT_EQ(zombies(), zombies_of_proc());
    const pid_t one = unreaped_child([] { _exit(3); }), other = unreaped_child([] { raise(SIGKILL); });
    EXPECT_EQ(zombies(), zombies_of_proc());
    ASSERT_TRUE(process(one) && process(other));
    EXPECT_EQ(process(one)->wait_status, 3 << 8);
    EXPECT_EQ(process(one)->parent, static_cast<std::uint32_t>(getpid()));
    EXPECT_EQ(process(one)->parent_name, process(getpid())->name);
    EXPECT_EQ(process(other)->wait_status, SIGKILL);
    waitpid(one, nullptr, 0);
    EXPECT_EQ(zombies(), zombies_of_proc());
    waitpid(other, nullptr, 0);
    EXPECT_EQ(zombies(), zombies_of_proc());
}

TEST_P(ProcessesOfKernel, AreNoZombiesWhileAThreadLives)
{
    Cgroup unit{"ktally-leader"};
    Actor actor{unit, [](Stage &stage) {
                    std::thread{[&stage] {
                        stage.await(1);
                        _exit(0);
                    }}.detach();
                    syscall(SYS_exit, 0);
                }};
    eventually_zombie_leader(actor.pid());
    const auto is_zombie = [&] {
        return std::ranges::count(pids_of(accounts().processes(zombies_only)), actor.pid()) == 1;
    };
    EXPECT_FALSE(is_zombie());
    actor.stage().reach(1);
    actor.await_end();
    EXPECT_TRUE(is_zombie());
    actor.finish();
    EXPECT_FALSE(is_zombie());
}

TEST_P(ProcessesOfKernel, HaveTheDescriptorsThatProcShows)
{
    for (const Process &each : accounts().processes(all_processes)) {
        const auto shown = descriptors_of_proc(each.pid);
        if (shown && each.pid != static_cast<std::uint32_t>(getpid())) { // which has one more open to see its own
            EXPECT_EQ(each.descriptors, *shown) << each.name;
        }
    }
}

TEST_P(ProcessesOfKernel, HaveDescriptorsOfEveryKind)
{
    const std::uint32_t before = process(getpid())->descriptors;
    std::array<int, 2> pipe_ends{}, sockets{};
    ASSERT_EQ(pipe(pipe_ends.data()), 0);
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets.data()), 0);
    const int event = eventfd(0, 0), file = open("/dev/null", O_RDONLY);
    EXPECT_EQ(process(getpid())->descriptors, before + 6);
    for (int fd : {pipe_ends[0], pipe_ends[1], sockets[0], sockets[1], event, file})
        close(fd);
    EXPECT_EQ(process(getpid())->descriptors, before);
}

TEST_P(ProcessesOfKernel, HaveDescriptorsInTablesOfEverySize)
{
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    const std::uint32_t before = process(getpid())->descriptors;
    for (const int number : {63, 64, 1023, 1024, 4000, static_cast<int>(limit.rlim_cur) - 1}) {
        if (fcntl(number, F_GETFD) >= 0)
            continue;
        ASSERT_EQ(dup2(STDERR_FILENO, number), number);
        EXPECT_EQ(process(getpid())->descriptors, before + 1) << number;
        close(number);
    }
    EXPECT_EQ(process(getpid())->descriptor_limit, limit.rlim_cur);
}

TEST_P(ProcessesOfKernel, HaveASharedTableAndThoseOfTheirThreads)
{
    Cgroup unit{"ktally-tables"};
    Actor actor{unit, [](Stage &stage) {
                    std::thread{[&stage] {
                        unshare(CLONE_FILES);
                        open("/dev/null", O_RDONLY);
                        stage.reach(1);
                        stage.await(2);
                    }}.join();
                }};
    actor.stage().await(1);
    const auto main_thread = descriptors_of_proc(static_cast<std::uint32_t>(actor.pid()));
    ASSERT_TRUE(main_thread);
    EXPECT_EQ(process(actor.pid())->descriptors, 2 * *main_thread + 1);
    actor.stage().reach(2);
    actor.finish();
}

} // namespace
} // namespace ktally::test
