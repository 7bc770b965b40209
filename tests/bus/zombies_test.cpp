// SPDX-License-Identifier: LGPL-2.1-or-later
#include "accounts_fixture.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>
#include <tuple>
#include <vector>

namespace ktally::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char *processes = "org.ktally1.Processes";

class Zombies : public AccountsTest {
protected:
    explicit Zombies(const char *grace = "0") { configuration_ += std::string{"ZombieGraceSec="} + grace + '\n'; }

    // pid, parent's pid, comm, parent's comm, unit, wait status, since when
    using Row =
        std::tuple<std::uint32_t, std::uint32_t, std::string, std::string, std::string, std::int32_t, std::uint64_t>;

    std::uint64_t current() const { return root_->number(processes, "ZombiesCurrent"); }
    std::vector<Row> list(const Client &client) const
    {
        const Reply reply = client.call(processes, "ListZombies", "");
        EXPECT_EQ(reply.error(), "") << reply.text();
        std::vector<Row> rows;
        sd_bus_message *message = reply.message.get();
        sd_bus_message_enter_container(message, 'a', "(uusssit)");
        std::uint32_t pid = 0, parent = 0;
        const char *name = nullptr, *parent_name = nullptr, *unit = nullptr;
        std::int32_t status = 0;
        std::uint64_t since = 0;
        while (sd_bus_message_read(message, "(uusssit)", &pid, &parent, &name, &parent_name, &unit, &status, &since) >
               0)
            rows.emplace_back(pid, parent, name, parent_name, unit, status, since);
        return rows;
    }
    std::vector<std::uint32_t> pids() const
    {
        std::vector<std::uint32_t> pids;
        for (const Row &row : list(*root_))
            pids.push_back(std::get<0>(row));
        return pids;
    }
    std::vector<std::vector<std::string>> told(const char *member) const
    {
        std::vector<std::vector<std::string>> told;
        for (const Signal &signal : root_->signals())
            if (signal.member == member)
                told.push_back(signal.arguments);
        return told;
    }
    // What the machine's ZombiesCurrent was said to be.
    std::vector<std::uint64_t> changes() const
    {
        std::vector<std::uint64_t> changes;
        for (const Signal &signal : root_->signals())
            if (const auto change = signal.changed.find("ZombiesCurrent");
                change != signal.changed.end() && signal.path == "/org/ktally1")
                changes.push_back(change->second.value());
        return changes;
    }
    bool see_samples(long count)
    {
        const auto seen = [this] { return std::ranges::count(root_->signals(), "SampleTaken", &Signal::member); };
        const auto before = seen();
        return root_->until([&] { return seen() >= before + count; });
    }
};

TEST_F(Zombies, AreCountedAtOnce)
{
    EXPECT_EQ(current(), 0u);
    SharedProcess &dead = zombie(21, root_cgroup);
    zombie(22, root_cgroup);
    process(23, root_cgroup);
    EXPECT_EQ(current(), 2u);
    dead.pid = 0;
    EXPECT_EQ(current(), 1u);
}

TEST_F(Zombies, AreListedWithTheirParentsAndUnits)
{
    SharedProcess &dead = zombie(21, cgroup("cron.service", cgroup("system.slice")));
    dead.parent = 7;
    dead.wait_status = 9; // killed
    zombie(22, cgroup("payload", cgroup("docker.service")));
    std::vector<Row> rows = list(*root_);
    ASSERT_THAT(rows, SizeIs(2));
    EXPECT_EQ(rows[0], (Row{21, 7, "dead", "parent", "cron.service", 9, std::get<6>(rows[0])}));
    EXPECT_EQ(rows[1], (Row{22, 1, "dead", "parent", "docker.service", 256, std::get<6>(rows[1])}));
}

TEST_F(Zombies, AreListedForEveryUser)
{
    zombie(21, root_cgroup);
    EXPECT_THAT(list(Client{nobody}), SizeIs(1));
}

TEST_F(Zombies, AreZombiesSinceTheyWereFirstSeen)
{
    zombie(21, root_cgroup);
    const std::vector<Row> first = list(*root_);
    ASSERT_THAT(first, SizeIs(1));
    EXPECT_GT(std::get<6>(first[0]), 0u);
    root_->watch();
    ASSERT_TRUE(see_samples(2));
    EXPECT_EQ(list(*root_), first);
}

TEST_F(Zombies, MayHaveAnyBytesForAName)
{
    SharedProcess &dead = zombie(21, root_cgroup);
    dead.name[0] = '\xff';
    EXPECT_EQ(std::get<2>(list(*root_).at(0)), "\xef\xbf\xbd"
                                               "ead");
}

TEST_F(Zombies, AreSignalledWithTheSampleThatSeesAnotherNumber)
{
    root_->watch();
    SharedProcess &dead = zombie(21, root_cgroup);
    ASSERT_TRUE(root_->until([this] { return !changes().empty(); }));
    ASSERT_TRUE(see_samples(2));
    EXPECT_THAT(changes(), ElementsAre(1));
    dead.pid = 0;
    ASSERT_TRUE(root_->until([this] { return changes().size() >= 2; }));
    EXPECT_THAT(changes(), ElementsAre(1, 0));
}

TEST_F(Zombies, AppearWithTheirParent)
{
    root_->watch();
    SharedProcess &dead = zombie(21, root_cgroup);
    dead.parent = 7;
    ASSERT_TRUE(root_->until([this] { return !told("ZombieAppeared").empty(); }));
    ASSERT_TRUE(see_samples(2));
    EXPECT_THAT(told("ZombieAppeared"), ElementsAre(ElementsAre("21", "7", "dead", "parent")));
    EXPECT_THAT(told("ZombieReaped"), IsEmpty());
}

TEST_F(Zombies, AreReapedAfterTheyAppeared)
{
    root_->watch();
    SharedProcess &dead = zombie(21, root_cgroup);
    ASSERT_TRUE(root_->until([this] { return !told("ZombieAppeared").empty(); }));
    dead.pid = 0;
    ASSERT_TRUE(root_->until([this] { return !told("ZombieReaped").empty(); }));
    ASSERT_TRUE(see_samples(2));
    EXPECT_THAT(told("ZombieReaped"), ElementsAre(ElementsAre("21")));
}

TEST_F(Zombies, AppearBeforeTheSampleIsTaken)
{
    root_->watch();
    zombie(21, root_cgroup);
    ASSERT_TRUE(root_->until([this] { return !told("ZombieAppeared").empty(); }));
    ASSERT_TRUE(see_samples(1));
    const auto appeared = std::ranges::find(root_->signals(), "ZombieAppeared", &Signal::member);
    EXPECT_EQ((appeared - 1)->member, "PropertiesChanged");
    EXPECT_EQ((appeared + 1)->member, "SampleTaken");
}

TEST_F(Zombies, AreInTheLogWithTheUnitOfTheParent)
{
    process(7, cgroup("careless.service"), "careless");
    zombie(21, cgroup("payload")).parent = 7;
    EXPECT_TRUE(eventually([this] {
        return log().find("process 21 (dead) has ended and is not reaped by its parent, process 7 (parent, "
                          "careless.service)\n") != std::string::npos;
    })) << log();
}

TEST_F(Zombies, OfAFactoryAreNotToldOfOneByOne)
{
    root_->watch();
    ASSERT_TRUE(see_samples(1));
    for (std::uint32_t pid = 101; pid <= 190; ++pid)
        zombie(pid, root_cgroup);
    EXPECT_TRUE(eventually([this] { return log().find("more processes have ended") != std::string::npos; })) << log();
    ASSERT_TRUE(see_samples(3));
    EXPECT_EQ(current(), 90u);
    EXPECT_THAT(list(*root_), SizeIs(90));
    // They can be in two samples.
    EXPECT_LE(told("ZombieAppeared").size(), 20u);
    EXPECT_GE(told("ZombieAppeared").size(), 10u);
}

TEST_F(Zombies, AreSeenWithoutAccounting)
{
    accounts().state = static_cast<std::uint32_t>(ProbeState::absent);
    root_->watch();
    zombie(21, cgroup("late.service")); // which is not read then
    EXPECT_EQ(current(), 1u);
    EXPECT_EQ(std::get<4>(list(*root_).at(0)), "");
    EXPECT_TRUE(root_->until([this] { return !told("ZombieAppeared").empty(); }));
}

TEST_F(Zombies, ThatCannotBeReadSaySoAndDisturbNothingElse)
{
    root_->watch();
    zombie(21, root_cgroup);
    ASSERT_TRUE(root_->until([this] { return !told("ZombieAppeared").empty(); }));
    accounts().processes_error = ENOMEM;
    for (const Reply &reply : {root_->get(processes, "ZombiesCurrent"), root_->call(processes, "ListZombies", ""),
                               root_->get("org.ktally1.Files", "DescriptorsCurrent")}) {
        EXPECT_EQ(reply.error(), "org.freedesktop.DBus.Error.Failed");
        EXPECT_THAT(reply.text(), HasSubstr("Cannot allocate memory"));
    }
    set(Counter::Forks, 3);
    ASSERT_TRUE(see_samples(2));
    EXPECT_EQ(root_->number(processes, "Forks"), 3u);
    EXPECT_THAT(changes(), ElementsAre(1));
    EXPECT_THAT(told("ZombieReaped"), IsEmpty());
    EXPECT_THAT(log(), HasSubstr("processes cannot be read: reading processes: Cannot allocate memory\n"));
    accounts().processes_error = 0;
    EXPECT_EQ(current(), 1u);
}

class PatientZombies : public Zombies {
protected:
    PatientZombies() : Zombies{"1h"} {}
};

TEST_F(PatientZombies, DoNotAppearDuringTheirGrace)
{
    root_->watch();
    zombie(21, root_cgroup);
    ASSERT_TRUE(root_->until([this] { return !changes().empty(); }));
    ASSERT_TRUE(see_samples(5));
    EXPECT_THAT(told("ZombieAppeared"), IsEmpty());
}

TEST_F(PatientZombies, AppearWhenTheirGraceIsEndedByAReload)
{
    root_->watch();
    zombie(21, root_cgroup);
    ASSERT_TRUE(root_->until([this] { return !changes().empty(); }));
    configure("Interval=100ms\nZombieGraceSec=0\n");
    server_->signal(SIGHUP);
    EXPECT_TRUE(root_->until([this] { return !told("ZombieAppeared").empty(); }));
}

} // namespace
} // namespace ktally::test
