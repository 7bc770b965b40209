// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who did it, by equality: each cgroup and each process has just what its tasks did, however they come, go, move and
// end. With the real programs on the running kernel, in this process; what runs beside does not run in these cgroups.
#include "accounts_fixture.hpp"
#include "preemption.hpp"
#include "shared.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <thread>

namespace ktally::test {
namespace {

// One backend after the other.
INSTANTIATE_TEST_SUITE_P(Fentry, AccountsOfKernel, testing::Values(Backend::fentry), backend_name);
INSTANTIATE_TEST_SUITE_P(Kprobe, AccountsOfKernel, testing::Values(Backend::kprobe), backend_name);
INSTANTIATE_TEST_SUITE_P(Tracepoint, AccountsOfKernel, testing::Values(Backend::tracepoint), backend_name);

TEST_P(AccountsOfKernel, HaveWhatShortLivedProcessesDid)
{
    constexpr std::uint64_t processes = 1000;
    Cgroup unit{"ktally-short"};
    Actor actor{unit, [](Stage &) {
                    for (std::uint64_t count = 0; count < processes; ++count)
                        in_a_child([] { read_zero(1); });
                }};
    actor.finish();
    const Calls calls = of_cgroup(unit.id());
    EXPECT_THAT(calls[KTALLY_READ], made(processes));
    EXPECT_THAT(calls[KTALLY_FORK], made(processes));
    EXPECT_THAT(calls[KTALLY_EXIT], made(processes + 1));
    EXPECT_THAT(calls[KTALLY_TASK_EXIT], made(processes + 1));
}

TEST_P(AccountsOfKernel, HaveWhatALiveProcessDidWithoutItsEnd)
{
    Cgroup unit{"ktally-live"};
    Actor actor{unit, [](Stage &stage) {
                    read_zero(123);
                    stage.reach(1);
                    stage.await(2);
                }};
    actor.stage().await(1);
    EXPECT_THAT(of_cgroup(unit.id())[KTALLY_READ], made(123));
    EXPECT_THAT(of_process(actor.pid())[KTALLY_READ], made(123));
    EXPECT_EQ(process(actor.pid())->cgroup, unit.id());
    actor.stage().reach(2);
    actor.finish();
    EXPECT_THAT(of_cgroup(unit.id())[KTALLY_READ], made(123));
    EXPECT_THAT(of_process(actor.pid())[KTALLY_READ], made(0));
}

TEST_P(AccountsOfKernel, FollowAProcessThatIsMoved)
{
    Cgroup before{"ktally-before"}, after{"ktally-after"};
    Actor actor{before, [](Stage &stage) {
                    read_zero(100);
                    stage.reach(1);
                    stage.await(2);
                    read_zero(23);
                    stage.reach(3);
                    stage.await(4);
                }};
    actor.stage().await(1);
    after.take(actor.pid());
    EXPECT_THAT(of_cgroup(before.id())[KTALLY_READ], made(100));
    EXPECT_THAT(of_cgroup(after.id())[KTALLY_READ], made(0));
    actor.stage().reach(2);
    actor.stage().await(3);
    EXPECT_THAT(of_cgroup(before.id())[KTALLY_READ], made(100));
    EXPECT_THAT(of_cgroup(after.id())[KTALLY_READ], made(23));
    EXPECT_THAT(of_process(actor.pid())[KTALLY_READ], made(123)) << "what it did before is its own as well";
    actor.stage().reach(4);
    actor.finish();
}

// As systemd's children do. The write that moves it belongs to where it was.
TEST_P(AccountsOfKernel, FollowAProcessThatMovesItself)
{
    Cgroup before{"ktally-before"}, after{"ktally-after"};
    const int procs = open((after.path() / "cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_GE(procs, 0);
    Actor actor{before, [procs](Stage &) {
                    read_zero(100);
                    (void)!write(procs, "0", 1);
                    read_zero(23);
                }};
    actor.finish();
    close(procs);
    EXPECT_THAT(of_cgroup(before.id())[KTALLY_READ], made(100));
    EXPECT_THAT(of_cgroup(before.id())[KTALLY_WRITE], made(1));
    EXPECT_THAT(of_cgroup(after.id())[KTALLY_READ], made(23));
    EXPECT_THAT(of_cgroup(after.id())[KTALLY_WRITE], made(0));
    EXPECT_THAT(of_cgroup(after.id())[KTALLY_EXIT], made(1));
}

TEST_P(AccountsOfKernel, FollowAProcessThatIsMovedHundredTimesWhileItReads)
{
    Cgroup before{"ktally-before"}, after{"ktally-after"};
    constexpr std::uint64_t reads = 20'000;
    Actor actor{before, [](Stage &stage) {
                    for (std::uint64_t turn = 0; turn < reads / 100; ++turn) {
                        read_zero(100);
                        sched_yield();
                    }
                    stage.reach(1);
                    stage.await(2);
                }};
    for (int turn = 0; turn < 100; ++turn)
        (turn % 2 == 0 ? after : before).take(actor.pid());
    actor.stage().await(1);
    EXPECT_THAT(of_cgroup(before.id())[KTALLY_READ] + of_cgroup(after.id())[KTALLY_READ], made(reads));
    actor.stage().reach(2);
    actor.finish();
    EXPECT_THAT(of_cgroup(before.id())[KTALLY_READ] + of_cgroup(after.id())[KTALLY_READ], made(reads));
}

TEST_P(AccountsOfKernel, KeepWhatThreadsDidThatEndBeforeWithAndAfterTheirLeader)
{
    Cgroup unit{"ktally-threads"};
    Actor actor{unit, [](Stage &stage) {
                    std::thread{[] { read_zero(1); }}.join();
                    std::thread{[&stage] {
                        read_zero(10);
                        stage.reach(1);
                        stage.await(2);
                        read_zero(100);
                        stage.reach(3);
                        stage.await(4);
                        _exit(0);
                    }}.detach();
                    stage.await(1);
                    read_zero(1000);
                    syscall(SYS_exit, 0); // this thread only
                }};
    actor.stage().await(1);
    eventually_zombie_leader(actor.pid());
    EXPECT_THAT(of_process(actor.pid())[KTALLY_READ], made(1011));
    actor.stage().reach(2);
    actor.stage().await(3);
    EXPECT_THAT(of_process(actor.pid())[KTALLY_READ], made(1111));
    EXPECT_THAT(of_cgroup(unit.id())[KTALLY_READ], made(1111));
    EXPECT_THAT(of_cgroup(unit.id())[KTALLY_EXIT], made(0));
    actor.stage().reach(4);
    actor.finish();
    const Calls calls = of_cgroup(unit.id());
    EXPECT_THAT(calls[KTALLY_READ], made(1111));
    EXPECT_THAT(calls[KTALLY_THREAD], made(2));
    EXPECT_THAT(calls[KTALLY_EXIT], made(1));
    EXPECT_THAT(calls[KTALLY_TASK_EXIT], made(3));
    EXPECT_THAT(of_process(actor.pid())[KTALLY_READ], made(0));
}

// One reads as fast as it can, and another comes in the middle.
TEST_P(AccountsOfKernel, OwnUpToWhatAPreemptedReaderDid)
{
    Cgroup unit{"ktally-preempted"};
    const Shared<std::uint64_t> reads;
    const std::uint64_t before = source_->total(Counter::Reads);
    Actor actor{unit, [&](Stage &) {
                    const int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
                    char byte = 0;
                    constexpr int preemptions = 5000;
                    *reads = while_preempted(
                        preemptions, [&] { syscall(SYS_read, zero, &byte, 1); }, [] {});
                    *reads += preemptions;
                }};
    actor.finish();
    EXPECT_GT(*reads, 5000u);
    EXPECT_THAT(of_cgroup(unit.id())[KTALLY_READ], made(*reads));
    if (counts_every_run(KTALLY_READ, GetParam())) {
        EXPECT_GE(source_->total(Counter::Reads) - before, *reads);
    }
}

// A task whose end comes in the middle of another's has its account closed when it is freed.
TEST_P(AccountsOfKernel, HaveWhatTasksDidWhoseEndsPreemptOthers)
{
    constexpr std::uint64_t preemptions = 3000, writes = 20;
    Cgroup unit{"ktally-ends"};
    Actor actor{unit, [&](Stage &) {
                    const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
                    while_preempted(
                        preemptions, [&] { in_a_vforked_child([] {}); },
                        [&] {
                            in_a_vforked_child([null] {
                                for (std::uint64_t count = 0; count < writes; ++count)
                                    (void)!write(null, "", 1);
                            });
                        });
                }};
    actor.finish();
    // Nothing else writes, so that no write comes in the middle of another; by tracepoint, all calls are one program's.
    const testing::Matcher<std::uint64_t> written =
        GetParam() == Backend::tracepoint ? made(preemptions * writes) : testing::Eq(preemptions * writes);
    eventually([&] { return testing::Value(of_cgroup(unit.id())[KTALLY_WRITE], written); });
    EXPECT_THAT(of_cgroup(unit.id())[KTALLY_WRITE], written);
}

TEST_P(AccountsOfKernel, StayWithAProcessOfWhichAThreadExecutesAProgram)
{
    Cgroup unit{"ktally-exec"};
    Actor actor{unit, [](Stage &stage) {
                    read_zero(100);
                    std::thread{[&stage] {
                        read_zero(23);
                        stage.reach(1);
                        stage.await(2);
                        execl("/proc/self/exe", "waits", "--gtest_also_run_disabled_tests",
                              "--gtest_filter=DISABLED_Program.Waits", nullptr);
                    }}.join();
                }};
    actor.stage().await(1);
    EXPECT_THAT(of_process(actor.pid())[KTALLY_READ], made(123));
    actor.stage().reach(2);
    EXPECT_TRUE(eventually([&] { return of_process(actor.pid())[KTALLY_EXEC] == 1; }));
    EXPECT_GE(of_process(actor.pid())[KTALLY_READ], 123u);
    kill(actor.pid(), SIGKILL);
    actor.finish();
}

// What that thread executes.
TEST(DISABLED_Program, Waits)
{
    pause();
}

TEST_P(AccountsOfKernel, OfARemovedCgroupGoOnInItsParent)
{
    Cgroup slice{"ktally-slice"};
    std::uint64_t id = 0;
    {
        Cgroup unit{"ktally-slice/unit"};
        id = unit.id();
        Actor actor{unit, [](Stage &) { read_zero(77); }};
        actor.finish();
        EXPECT_THAT(of_cgroup(slice.id())[KTALLY_READ], made(0));
    }
    const auto gone = entry(id);
    ASSERT_TRUE(gone);
    EXPECT_TRUE(gone->gone);
    EXPECT_EQ(gone->name, "unit");
    EXPECT_EQ(gone->parent, slice.id());
    EXPECT_THAT(gone->calls[KTALLY_READ], made(77));
    EXPECT_THAT(of_cgroup(slice.id())[KTALLY_READ], made(77));
}

// Who was in it has left: for a task that is released later there would be nobody to count for.
TEST_P(AccountsOfKernel, OfAForgottenCgroupStayInItsParent)
{
    Cgroup slice{"ktally-slice"}, elsewhere{"ktally-elsewhere"};
    std::optional<Cgroup> unit{"ktally-slice/unit"};
    const std::uint64_t id = unit->id();
    Actor actor{*unit, [](Stage &stage) {
                    read_zero(77);
                    stage.reach(1);
                    stage.await(2);
                    read_zero(5);
                }};
    actor.stage().await(1);
    elsewhere.take(actor.pid());
    actor.stage().reach(2);
    actor.finish();
    unit.reset();
    ASSERT_TRUE(entry(id));
    EXPECT_TRUE(entry(id)->gone);
    accounts().forget_cgroup(id);
    EXPECT_FALSE(entry(id));
    EXPECT_THAT(of_cgroup(slice.id())[KTALLY_READ], made(77));
}

// Its next call finds out that it has moved, when there is no such cgroup any more.
TEST_P(AccountsOfKernel, OfARemovedCgroupGetWhatComesLate)
{
    Cgroup slice{"ktally-slice"}, elsewhere{"ktally-elsewhere"};
    std::optional<Cgroup> unit{"ktally-slice/unit"};
    const std::uint64_t id = unit->id();
    Actor actor{*unit, [](Stage &stage) {
                    read_zero(50);
                    stage.reach(1);
                    stage.await(2);
                    read_zero(5);
                }};
    actor.stage().await(1);
    elsewhere.take(actor.pid());
    unit.reset();
    EXPECT_THAT(of_cgroup(id)[KTALLY_READ], made(50));
    actor.stage().reach(2);
    actor.finish();
    EXPECT_THAT(of_cgroup(id)[KTALLY_READ], made(50));
    EXPECT_THAT(of_cgroup(slice.id())[KTALLY_READ], made(50));
    EXPECT_THAT(of_cgroup(elsewhere.id())[KTALLY_READ], made(5));
}

TEST_P(AccountsOfKernel, KnowTheirCgroupsByNameAndParent)
{
    const std::string name = "ktally-name\\x2dwith@escapes." + std::string(200, 'n');
    Cgroup slice{"ktally-slice"}, unit{"ktally-slice/" + name};
    const std::uint64_t changes = accounts().cgroup_changes();
    ASSERT_TRUE(entry(unit.id()));
    EXPECT_EQ(entry(unit.id())->name, name);
    EXPECT_EQ(entry(unit.id())->parent, slice.id());
    EXPECT_EQ(entry(slice.id())->parent, accounts().root_cgroup());
    Cgroup another{"ktally-another"};
    EXPECT_NE(accounts().cgroup_changes(), changes);
}

// Nobody was in it when counting began.
TEST_P(AccountsOfKernel, KnowCgroupsBelowOneThatWasEmpty)
{
    source_.reset();
    store_.kept.clear();
    Cgroup slice{"ktally-empty"};
    start();
    unattributed_before_ = skipped_before_ = 0;
    EXPECT_FALSE(entry(slice.id()));
    Cgroup middle{"ktally-empty/middle"}, unit{"ktally-empty/middle/unit"};
    Actor actor{unit, [](Stage &) { read_zero(9); }};
    actor.finish();
    EXPECT_THAT(of_cgroup(unit.id())[KTALLY_READ], made(9));
    ASSERT_TRUE(entry(unit.id()) && entry(middle.id()) && entry(slice.id()));
    EXPECT_EQ(entry(middle.id())->parent, slice.id());
    EXPECT_EQ(entry(slice.id())->name, "ktally-empty");
}

TEST_P(AccountsOfKernel, OfTheNextInstanceGoOn)
{
    Cgroup unit{"ktally-next"};
    Actor actor{unit, [](Stage &stage) {
                    read_zero(10);
                    stage.reach(1);
                    stage.await(2);
                    read_zero(20);
                    stage.reach(3);
                    stage.await(4);
                }};
    actor.stage().await(1);
    source_.reset();
    actor.stage().reach(2);
    actor.stage().await(3);
    start();
    EXPECT_TRUE(source_->beginning().adopted);
    EXPECT_THAT(of_cgroup(unit.id())[KTALLY_READ], made(30));
    EXPECT_THAT(of_process(actor.pid())[KTALLY_READ], made(30));
    actor.stage().reach(4);
    actor.finish();
    EXPECT_THAT(of_cgroup(unit.id())[KTALLY_READ], made(30));
}

} // namespace
} // namespace ktally::test
