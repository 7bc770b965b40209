// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Counting goes on whatever happens to the daemon. Other programs run on these machines, so the truth is told by a
// second ktallyd, on a bus of its own, that nothing happens to: all that the first shows must have moved by as much as
// what the second does. Beside it four threads make calls of which it is known how many there were.
#include "eventually.hpp"
#include "hammer.hpp"
#include "loaded_programs.hpp"
#include "running_daemon.hpp"
#include "service_fixture.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <thread>

namespace ktally::test {
namespace {

using testing::HasSubstr;

constexpr int many = 20;
constexpr unsigned threads = 4;

// A client that looks all the time, and remembers whether it ever saw a counter go backwards.
class Reader {
public:
    Reader() : thread_{[this] { read(); }} {}
    ~Reader() { stop(); }

    void stop()
    {
        stop_ = true;
        if (thread_.joinable())
            thread_.join();
    }
    std::uint64_t answers() const { return answers_; }
    const std::string &backwards() const { return backwards_; } // empty: never

private:
    void read()
    {
        DaemonClient client;
        client.connect();
        Totals last{};
        while (!stop_) {
            try {
                const Totals now = client.totals();
                for (const CounterRow &counter : counters)
                    if (const auto index = static_cast<std::size_t>(counter.counter); now[index] < last[index])
                        backwards_ += std::string{counter.property} + ' ' + std::to_string(last[index]) + " then " +
                                      std::to_string(now[index]) + '\n';
                last = now;
                ++answers_;
                std::this_thread::sleep_for(200ms); // leaves some of the CPU to the others
            } catch (const sdbus::Error &) {
                // Nobody has the name just now.
            }
        }
    }

    std::atomic<bool> stop_ = false;
    std::atomic<std::uint64_t> answers_ = 0;
    std::string backwards_;
    std::thread thread_;
};

class Restart : public Service {
protected:
    void SetUp() override
    {
        Service::SetUp();
        before_ = loaded_programs();
        configure("Interval=100ms\n" + backend_);
        drop_in("[Unit]\nStartLimitIntervalSec=0\n"); // twenty within a minute are more than the unit allows
    }

    std::uint64_t start_timestamp()
    {
        return client_.properties("Manager").at("StartTimestampMonotonicUSec").get<std::uint64_t>();
    }

    bool return_active() { return client_.properties("Manager").at("ReturnProgramActive").get<bool>(); }

    // By how much the two daemons differ, for each counter at a moment when it did not move.
    Totals lead(DaemonClient &reference)
    {
        Totals lead{};
        for (const CounterRow &row : counters) {
            const bool stood_still = eventually(
                [&] {
                    const std::uint64_t before = reference.total(row.counter), here = client_.total(row.counter);
                    lead[static_cast<std::size_t>(row.counter)] = here - before;
                    return before == reference.total(row.counter);
                },
                machine_patience);
            EXPECT_TRUE(stood_still) << row.property;
        }
        return lead;
    }

    // Counts through so many calls of happen(), which does something to the daemon of that pid.
    template <typename Happen> void expect_nothing_lost(int times, Happen happen)
    {
        start();
        client_.set_return_program(true);
        const std::uint64_t started = start_timestamp();
        RunningDaemon reference{"Interval=1h\nReturnProgram=yes\n" + backend_};
        ASSERT_TRUE(reference.ready()) << reference.log();
        const Totals lead_before = lead(reference);
        const Totals before = client_.totals();
        auto owed = client_.missed(), owed_by_reference = reference.missed();
        Reader reader;
        Hammer hammer{threads, scratch_.path(), 50ms};
        const auto reader_sees_this_one = [&reader] {
            const std::uint64_t answers = reader.answers();
            return eventually([&] { return reader.answers() > answers; }, machine_patience);
        };
        ASSERT_TRUE(reader_sees_this_one());
        pid_t pid = main_pid();
        for (int time = 0; time < times; ++time) {
            happen(pid);
            pid = successor(pid);
            ASSERT_NE(pid, 0);
            ASSERT_TRUE(reader_sees_this_one());
        }
        const Worth worth = hammer.stop();
        reader.stop();
        EXPECT_EQ(reader.backwards(), "");
        EXPECT_GT(reader.answers(), static_cast<std::uint64_t>(times));
        EXPECT_EQ(start_timestamp(), started);
        EXPECT_TRUE(return_active());
        const Totals lead_after = lead(reference);
        const Totals after = client_.totals();
        auto owes = client_.missed(), reference_owes = reference.missed();
        for (const CounterRow &counter : counters) {
            const auto index = static_cast<std::size_t>(counter.counter);
            const std::string name{std::string{counter.interface} + '.' + std::string{counter.property}};
            const auto lost = static_cast<std::int64_t>(lead_before[index] - lead_after[index]);
            // What the kernel would not let either look at; nothing for calls of functions.
            const auto here = static_cast<std::int64_t>(owes[name] - owed[name]);
            const auto there = static_cast<std::int64_t>(reference_owes[name] - owed_by_reference[name]);
            const bool bytes = counter.unit == Unit::bytes; // who knows how many were in a call not looked at
            if (!bytes || (here == 0 && there == 0)) {
                EXPECT_LE(lost, here) << name;
                EXPECT_GE(lost, -there) << name;
            }
            const auto known = worth.find(counter.counter);
            const auto forgiven = static_cast<std::uint64_t>(here) * (bytes ? Hammer::bytes_a_call : 1);
            EXPECT_GE(after[index] - before[index] + forgiven, known->second) << name;
            RecordProperty(name, std::to_string(lead_after[index] - lead_before[index] + known->second) + ' ' +
                                     std::to_string(known->second));
        }
        EXPECT_EQ(after[fsyncs_] - before[fsyncs_], worth.at(Counter::Fsyncs)); // nobody else calls it here
        std::cout << name_ << ": " << times << " times, " << worth.at(Counter::Writes) << " writes by " << threads
                  << " threads, " << reader.answers() << " answers to a reader\n";
    }

    static constexpr auto fsyncs_ = static_cast<std::size_t>(Counter::Fsyncs);
    const std::string name_ = testing::UnitTest::GetInstance()->current_test_info()->name();
    std::string backend_; // Backend= of the configuration
    TemporaryDirectory scratch_;
    std::set<unsigned> before_, ours_; // BPF programs
};

TEST_F(Restart, LosesNothing)
{
    expect_nothing_lost(many, [](pid_t) { output({"systemctl", "restart", "ktallyd"}); });
}

TEST_F(Restart, ByKillLosesNothing)
{
    expect_nothing_lost(many, [](pid_t pid) { kill(pid, SIGKILL); });
}

TEST_F(Restart, ByTheWatchdogLosesNothing)
{
    drop_in("[Service]\nWatchdogSec=1s\n");
    expect_nothing_lost(many, [](pid_t pid) { kill(pid, SIGSTOP); });
    EXPECT_GE(entries("MESSAGE_ID=01c323d54b1f4d64a7387e9d5923aced").size(), std::size_t{many});
}

class RestartWithKprobes : public Restart {
protected:
    void SetUp() override
    {
        if (!std::filesystem::exists("/sys/bus/event_source/devices/kprobe"))
            GTEST_SKIP() << "this kernel has no kprobes";
        backend_ = "Backend=kprobe\n";
        Restart::SetUp();
    }
    void TearDown() override
    {
        if (IsSkipped())
            return;
        Restart::TearDown();
        output({"sysctl", "--quiet", "--write", "kernel.perf_event_paranoid=" + paranoid_});
    }

    const std::string paranoid_ = text_of("/proc/sys/kernel/perf_event_paranoid");
};

TEST_F(RestartWithKprobes, TakesASettingOfTheMachineAndLosesNothing)
{
    output({"sysctl", "--quiet", "--write", "kernel.perf_event_paranoid=3"});
    start();
    EXPECT_THAT(entries("KTALLY_COUNTER=Files.Opened").at(0), HasSubstr("Permission denied"));
    stop();
    output({"sysctl", "--quiet", "--write", "kernel.perf_event_paranoid=2"});
    expect_nothing_lost(3, [](pid_t pid) { kill(pid, SIGKILL); });
    EXPECT_EQ(client_.backend(), "kprobe");
    stop();
    EXPECT_TRUE(eventually([this] { return loaded_programs() == before_; }, machine_patience));
}

TEST_F(Restart, KeepsTheReturnProgramOff)
{
    start();
    client_.set_return_program(true);
    client_.set_return_program(false);
    output({"systemctl", "restart", "ktallyd"});
    EXPECT_FALSE(return_active());
    const Totals before = client_.totals();
    EXPECT_EQ(open("/no/such/file", O_RDONLY), -1);
    const auto errors = static_cast<std::size_t>(Counter::OpenErrors);
    EXPECT_EQ(client_.totals()[errors], before[errors]);
}

TEST_F(Restart, KeepsTheHoldOfAClientThatIsStillThere)
{
    start();
    Child holder{{"ktallyctl", "hold", "--", "sleep", "infinity"}, {}};
    ASSERT_TRUE(eventually([&] { return return_active(); }, machine_patience));
    output({"systemctl", "restart", "ktallyd"});
    EXPECT_TRUE(return_active());
    using Holds = std::vector<std::map<std::string, sdbus::Variant>>;
    EXPECT_EQ(client_.properties("Manager").at("ReturnProgramHolds").get<Holds>().size(), 1u);
    holder.signal(SIGTERM);
    EXPECT_TRUE(eventually([&] { return !return_active(); }, machine_patience));
}

TEST_F(Restart, EndsTheHoldOfAClientThatLeftMeanwhile)
{
    drop_in("[Service]\nRestartSec=2s\n");
    start();
    auto holder =
        std::make_unique<Child>(std::vector<std::string>{"ktallyctl", "hold", "--", "sleep", "infinity"}, Output{});
    ASSERT_TRUE(eventually([&] { return return_active(); }, machine_patience));
    const pid_t pid = main_pid();
    kill(pid, SIGKILL);
    holder->signal(SIGKILL);
    holder.reset();
    ASSERT_NE(successor(pid), 0);
    EXPECT_FALSE(return_active());
}

TEST_F(Restart, StopReleasesEverything)
{
    start();
    client_.set_return_program(true);
    const auto ours = [this] {
        std::set<unsigned> left;
        std::ranges::set_difference(ours_, before_, std::inserter(left, left.end()));
        return left;
    };
    ours_ = loaded_programs();
    EXPECT_FALSE(ours().empty());
    EXPECT_NE(show("NFileDescriptorStore"), "0");
    const auto begin = std::chrono::steady_clock::now();
    stop();
    std::cout << "systemctl stop took "
              << std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin).count()
              << " ms\n";
    EXPECT_EQ(show("NFileDescriptorStore"), "0");
    const bool gone = eventually(
        [&] {
            const auto now = loaded_programs();
            std::erase_if(ours_, [&](unsigned id) { return !now.contains(id); });
            return ours().empty();
        },
        machine_patience);
    EXPECT_TRUE(gone) << ours().size() << " programs left";
}

TEST_F(Restart, AnotherBuildStartsAfreshAndSaysSo)
{
    start();
    const std::uint64_t started = start_timestamp();
    // Another build: one letter of what the BPF objects say of their source.
    const std::filesystem::path program = ktallyd_program(), kept = program.string() + ".kept";
    std::filesystem::copy_file(program, kept);
    std::string bytes = text_of(program);
    const auto name = bytes.find("/entry.bpf.c");
    ASSERT_NE(name, std::string::npos);
    bytes[name + 1] = 'E';
    std::filesystem::remove(program);
    std::ofstream{program, std::ios::binary} << bytes;
    std::filesystem::permissions(program, std::filesystem::perms{0755});
    output({"systemctl", "restart", "ktallyd"});
    std::filesystem::rename(kept, program);
    EXPECT_GT(start_timestamp(), started);
    const auto refused = entries("MESSAGE_ID=3cfe32ddadd848efb4e1ca150f135e63");
    ASSERT_EQ(refused.size(), 1u);
    EXPECT_NE(refused.front().find("another build or configuration"), std::string::npos) << refused.front();
}

TEST_F(Restart, RefusesWhatSomebodyElsePutIntoTheStore)
{
    start();
    const std::uint64_t started = start_timestamp();
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    setenv("NOTIFY_SOCKET", "/run/systemd/notify", 1);
    for (const char *name : {"stranger", "return-program", "kernel/tp_exec-link"}) {
        const pid_t pid = main_pid();
        const std::string stored = show("NFileDescriptorStore");
        const std::string state = std::string{"FDSTORE=1\nFDPOLL=0\nFDNAME="} + name;
        ASSERT_GT(sd_pid_notify_with_fds(pid, 0, state.c_str(), &null, 1), 0);
        ASSERT_TRUE(eventually([&] { return show("NFileDescriptorStore") != stored; }, machine_patience));
        kill(pid, SIGKILL);
        ASSERT_NE(successor(pid), 0);
    }
    unsetenv("NOTIFY_SOCKET");
    close(null);
    const auto refused = entries("MESSAGE_ID=3cfe32ddadd848efb4e1ca150f135e63");
    ASSERT_EQ(refused.size(), 3u);
    EXPECT_NE(refused[0].find("stranger: it is nothing that ktallyd leaves"), std::string::npos) << refused[0];
    EXPECT_NE(refused[1].find("return-program: there is more than one"), std::string::npos) << refused[1];
    EXPECT_NE(refused[2].find("kernel/tp_exec-link is there more than once"), std::string::npos) << refused[2];
    EXPECT_GT(start_timestamp(), started);
    output({"systemctl", "restart", "ktallyd"});
    EXPECT_EQ(entries("MESSAGE_ID=3cfe32ddadd848efb4e1ca150f135e63").size(), 3u);
}

} // namespace
} // namespace ktally::test
