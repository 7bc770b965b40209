// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who did it, on a machine with real systemd: units with known workloads, by equality. What systemd itself does in a
// unit's cgroup before the program runs is the same for two units that differ in the workload only, so the difference
// of two units is compared: of reads, for systemd moves its child from both sides, and whether the child's own write to
// cgroup.procs comes before or after that is a matter of luck.
#include "client.hpp"
#include "eventually.hpp"
#include "message.hpp"
#include "service_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

namespace ktally::test {
namespace {

using nlohmann::json;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// systemd-run would take $ for a variable of its own.
std::vector<std::string> bash(std::string script)
{
    for (std::size_t dollar = script.find('$'); dollar != script.npos; dollar = script.find('$', dollar + 2))
        script.insert(dollar, "$");
    return {"bash", "-c", script};
}

constexpr std::uint64_t few = 100, many = 1100;

std::vector<std::string> dd(std::uint64_t calls)
{
    return {"dd", "if=/dev/zero", "of=/dev/null", "bs=1", "count=" + std::to_string(calls), "status=none"};
}

class Accounting : public Service {
protected:
    void SetUp() override
    {
        Service::SetUp();
        configure("Interval=100ms\nZombieGraceSec=500ms\n");
        start();
        if (std::get<2>(client_.accounting()) == "absent")
            GTEST_SKIP() << std::get<3>(client_.accounting());
    }

    void TearDown() override
    {
        if (!started_.empty()) {
            of_all_started({"systemctl", "kill", "--signal=KILL"});
            of_all_started({"systemctl", "stop"});
            of_all_started({"systemctl", "reset-failed"});
        }
        Service::TearDown();
    }

    // Runs a command as a unit to its end.
    void run_unit(const std::string &unit, std::vector<std::string> command,
                  const std::vector<std::string> &options = {})
    {
        std::vector<std::string> all{"systemd-run", "--quiet", "--wait", "--collect", "--unit=" + unit};
        all.insert(all.end(), options.begin(), options.end());
        all.insert(all.end(), command.begin(), command.end());
        output(all);
    }

    // The same, but does not wait for its end, which comes with the test's.
    void start_unit(const std::string &unit, const std::string &script, const std::vector<std::string> &options = {})
    {
        std::vector<std::string> all{"systemd-run", "--quiet", "--collect", "--unit=" + unit};
        all.insert(all.end(), options.begin(), options.end());
        const auto command = bash(script);
        all.insert(all.end(), command.begin(), command.end());
        started_.push_back(unit);
        output(all);
    }

    // A counter of a unit; nothing if there is no such unit.
    std::optional<std::uint64_t> counter(const std::string &unit, const std::string &interface,
                                         const std::string &property)
    {
        const Client client;
        const Reply found = client.manager("GetUnit", "s", unit.c_str());
        if (!found.error().empty())
            return std::nullopt;
        return client.number(("org.ktally1." + interface).c_str(), property.c_str(), found.path());
    }

    std::string pid_of(const std::string &unit)
    {
        std::string pid = output({"systemctl", "show", "--value", "--property=MainPID", unit});
        pid.pop_back();
        return pid;
    }

    std::uint64_t reads(const std::string &unit) { return counter(unit, "Vfs", "Reads").value_or(0); }

    std::uint64_t zombies() { return client_.properties("Processes").at("ZombiesCurrent").get<std::uint64_t>(); }

    void of_all_started(std::vector<std::string> command)
    {
        command.insert(command.end(), started_.begin(), started_.end());
        finished(command);
    }

    std::vector<std::string> started_;
};

TEST_F(Accounting, OfAUnitIsWhatItsProcessesDid)
{
    run_unit("ktally-few.service", dd(few));
    run_unit("ktally-many.service", dd(many));
    const auto less = counter("ktally-few.service", "Vfs", "Reads"),
               more = counter("ktally-many.service", "Vfs", "Reads");
    ASSERT_TRUE(less && more) << "a unit stays for 30 s";
    EXPECT_EQ(*more - *less, many - few);
    for (const char *property : {"Forks", "Execs", "Exits", "TasksExited"})
        EXPECT_EQ(counter("ktally-few.service", "Processes", property),
                  counter("ktally-many.service", "Processes", property))
            << property;
    EXPECT_EQ(counter("ktally-many.service", "Processes", "Exits"), 1u);
}

TEST_F(Accounting, OfAUnitHasAThousandShortLivedProcesses)
{
    const auto processes = [](int count) {
        return bash("for ((i = 0; i < " + std::to_string(count) + "; i++)); do (:); done");
    };
    run_unit("ktally-none.service", processes(0));
    run_unit("ktally-thousand.service", processes(1000));
    EXPECT_EQ(*counter("ktally-thousand.service", "Processes", "Forks") -
                  *counter("ktally-none.service", "Processes", "Forks"),
              1000u);
    EXPECT_EQ(*counter("ktally-thousand.service", "Processes", "Exits") -
                  *counter("ktally-none.service", "Processes", "Exits"),
              1000u);
}

TEST_F(Accounting, KnowsTemplatesAndEscapedNames)
{
    const std::string unit = "ktally-test@dev-disk\\x2d1.service";
    run_unit(unit, dd(few));
    const auto first = reads(unit);
    ASSERT_GE(first, few);
    EXPECT_THAT(output({"ktallyctl", "units", "--no-pager"}), HasSubstr(unit));
}

TEST_F(Accounting, OfASliceHasItsUnitsThoseTooThatLivedShorterThanASample)
{
    run_unit("ktally-first.service", dd(few), {"--slice=ktally.slice"});
    const auto before = reads("ktally.slice");
    const auto one = reads("ktally-first.service");
    ASSERT_EQ(before, one);
    configure("Interval=1h\n");
    output({"systemctl", "reload", "ktallyd"});
    run_unit("ktally-second.service", dd(many), {"--slice=ktally.slice"});
    EXPECT_EQ(reads("ktally.slice") - before, one + many - few);
}

TEST_F(Accounting, OfAUnitHasItsOwnCgroupsBelow)
{
    const auto script = [](std::uint64_t calls) {
        return bash("cd /sys/fs/cgroup/$(cut -d: -f3 /proc/self/cgroup | tail -n 1) && mkdir below && "
                    "echo $$ >below/cgroup.procs && exec dd if=/dev/zero of=/dev/null bs=1 status=none count=" +
                    std::to_string(calls));
    };
    run_unit("ktally-few.service", script(few), {"--property=Delegate=yes"});
    run_unit("ktally-many.service", script(many), {"--property=Delegate=yes"});
    EXPECT_EQ(reads("ktally-many.service") - reads("ktally-few.service"), many - few);
}

TEST_F(Accounting, FollowsProcessesThatMoveToAnotherUnit)
{
    start_unit("ktally-to.service", "kill -STOP $$");
    ASSERT_TRUE(eventually(
        [&] { return text_of("/proc/" + pid_of("ktally-to.service") + "/stat").find(") T ") != std::string::npos; },
        machine_patience))
        << "it makes no calls any more";
    const auto group = [](const std::string &unit) {
        std::string text = output({"systemctl", "show", "--value", "--property=ControlGroup", unit});
        text.pop_back();
        return text;
    };
    const auto before = reads("ktally-to.service");
    const std::string target = "/sys/fs/cgroup" + group("ktally-to.service") + "/cgroup.procs";
    const auto script = [&](std::uint64_t calls) {
        return bash("dd if=/dev/zero of=/dev/null bs=1 status=none count=" + std::to_string(calls) + "; echo $$ >" +
                    target + "; dd if=/dev/zero of=/dev/null bs=1 status=none count=50");
    };
    run_unit("ktally-few.service", script(few));
    const auto once = reads("ktally-to.service") - before;
    run_unit("ktally-many.service", script(many));
    EXPECT_EQ(reads("ktally-many.service") - reads("ktally-few.service"), many - few);
    EXPECT_EQ(reads("ktally-to.service") - before, 2 * once);
    EXPECT_GE(once, 50u);
}

TEST_F(Accounting, KnowsTheUnitsOfAUser)
{
    std::filesystem::create_directories("/run/systemd/user");
    output({"systemctl", "start", "user@1000.service"});
    started_.push_back("user@1000.service");
    for (const auto &[name, calls] : {std::pair{"ktally-few", few}, std::pair{"ktally-many", many}}) {
        std::ofstream{"/run/systemd/user/" + std::string{name} + ".service"}
            << "[Service]\nType=oneshot\nExecStart=dd if=/dev/zero of=/dev/null bs=1 status=none count=" << calls
            << '\n';
        output({"setpriv", "--reuid=alice", "--regid=alice", "--clear-groups", "env", "XDG_RUNTIME_DIR=/run/user/1000",
                "systemctl", "--user", "start", name});
    }
    const auto less = counter("user@1000.service/ktally-few.service", "Vfs", "Reads"),
               more = counter("user@1000.service/ktally-many.service", "Vfs", "Reads");
    ASSERT_TRUE(less && more);
    EXPECT_EQ(*more - *less, many - few);
    EXPECT_GE(reads("user@1000.service"), *more + *less);
}

TEST_F(Accounting, OfUnitsGoesOnWhenTheDaemonIsRestarted)
{
    run_unit("ktally-first.service", dd(few), {"--slice=ktally.slice"});
    const auto unit = reads("ktally-first.service"), slice = reads("ktally.slice");
    output({"systemctl", "restart", "ktallyd"});
    EXPECT_EQ(reads("ktally-first.service"), unit);
    EXPECT_EQ(reads("ktally.slice"), slice);
}

TEST_F(Accounting, FindsTheUnitOfAProcess)
{
    start_unit("ktally-here.service", "exec sleep infinity");
    const std::string pid = pid_of("ktally-here.service");
    EXPECT_THAT(
        output({"busctl", "call", "org.ktally1", "/org/ktally1", "org.ktally1.Manager", "GetUnitByPID", "u", pid}),
        HasSubstr("/org/ktally1/unit/ktally_2dhere_2eservice"));
    EXPECT_THAT(output({"ktallyctl", "unit", "--no-pager", pid}), HasSubstr("ktally-here.service"));
}

TEST_F(Accounting, FindsTheProcessThatReadsMost)
{
    start_unit("ktally-reads.service", "exec dd if=/dev/zero of=/dev/null bs=1 status=none");
    start_unit("ktally-idle.service", "exec sleep infinity");
    EXPECT_TRUE(eventually(
        [] {
            const json rows = json::parse(output({"ktallyctl", "processes", "--json=short", "-n", "1"}));
            return !rows.empty() && rows[0]["unit"] == "ktally-reads.service";
        },
        machine_patience));
}

// sleep reaps nobody: the child that the shell left it, and that ends when the shell is sleep, stays a zombie.
TEST_F(Accounting, NamesTheParentOfAZombie)
{
    start_unit("ktally-careless.service", "until read -r name </proc/$$/comm && [[ $name == sleep ]]; do :; done & "
                                          "exec sleep infinity");
    json zombie;
    const auto listed = [&] {
        const json rows = json::parse(output({"ktallyctl", "zombies", "--json=short"}));
        const auto found = std::ranges::find_if(
            rows, [](const json &row) { return row.value("unit", "") == "ktally-careless.service"; });
        if (found == rows.end())
            return false;
        zombie = *found;
        return true;
    };
    ASSERT_TRUE(eventually([&] { return listed() && zombie["parent_command"] == "sleep"; }, machine_patience))
        << zombie;
    EXPECT_EQ(counter("ktally-careless.service", "Processes", "ZombiesCurrent"), 1u);
    EXPECT_GE(zombies(), 1u);
    const std::string match = "MESSAGE_ID=" + std::string{message::zombie};
    EXPECT_TRUE(eventually([&] { return !entries(match).empty(); }, machine_patience));
    EXPECT_THAT(entries(match).front(), HasSubstr("sleep"));
    output({"systemctl", "stop", "ktally-careless.service"});
    EXPECT_TRUE(eventually([&] { return !listed(); }, machine_patience));
}

// The leak must be seen in each of the twelve samples, wherefore they are as far apart as an emulated CPU needs.
TEST_F(Accounting, SuspectsALeakAndNotWhatOpensAndCloses)
{
    configure("Interval=1s\nLeakSamples=12\n");
    output({"systemctl", "reload", "ktallyd"});
    start_unit("ktally-leaks.service",
               "ulimit -n 512; for ((i = 1; ; i++)); do exec {fd}</dev/null; ((i % 100)) && exec {fd}<&-; "
               "((i % 500)) || sleep 0.02; done",
               {"--property=LimitNOFILE=512"});
    start_unit(
        "ktally-busy.service",
        "for ((;;)); do fds=(); for ((i = 0; i < 60 + RANDOM % 60; i++)); do exec {fd}</dev/null; fds+=($fd); done; "
        "sleep 0.01; for fd in \"${fds[@]}\"; do exec {fd}<&-; done; done");
    const std::string match = "MESSAGE_ID=" + std::string{message::leak};
    EXPECT_TRUE(eventually([&] { return !entries(match).empty(); }, machine_patience));
    for (const std::string &said : entries(match))
        EXPECT_THAT(said, HasSubstr("ktally-leaks.service"));
}

} // namespace
} // namespace ktally::test
