// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fixture.hpp"

namespace ktally::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::uint64_t just_now = UINT64_MAX; // later than now: an age of 0

FakeNumbers unit(const char *name, std::uint64_t reads, std::uint64_t zombies = 0)
{
    FakeNumbers unit{name, std::string{"/x/"} + name, just_now, {}, 20, zombies};
    for (const CounterRow &counter : counters)
        if (counter.unit != Unit::calls)
            unit.totals[static_cast<std::size_t>(counter.counter)] = absent_total;
    unit.totals[static_cast<std::size_t>(Counter::Opened)] = 1'234;
    unit.totals[static_cast<std::size_t>(Counter::Reads)] = reads;
    unit.totals[static_cast<std::size_t>(Counter::Unlinks)] = 1'000 - reads;
    return unit;
}

class Units : public CtlTest {
protected:
    void SetUp() override
    {
        CtlTest::SetUp();
        if (IsSkipped())
            return;
        daemon_->add_unit(unit("cron.service", 20));
        daemon_->add_unit(unit("system.slice", 120, 1));
        daemon_->add_unit(unit("atd.service", 100, 1));
    }

    // The first words of the lines.
    static std::vector<std::string> names(const std::vector<std::string> &arguments)
    {
        std::istringstream lines{text(arguments)};
        std::vector<std::string> names;
        for (std::string line; std::getline(lines, line);)
            names.push_back(line.substr(0, line.find(' ')));
        return names;
    }
};

TEST_F(Units, AreATableByName)
{
    EXPECT_EQ(text({"units"}),
              "UNIT          OPENED  CLOSED  READS  WRITES  FORKS  EXECS  EXITS  ZOMBIES  DESCRIPTORS\n"
              "atd.service    1,234       0    100       0      0      0      0        1           20\n"
              "cron.service   1,234       0     20       0      0      0      0        0           20\n"
              "system.slice   1,234       0    120       0      0      0      0        1           20\n"
              "\n"
              "3 units. What is in a slice counts for the slice, too.\n");
}

TEST_F(Units, AreSortedByACounterTheHighestFirst)
{
    const std::vector<std::string> expected{"system.slice", "atd.service", "cron.service"};
    for (const char *typed : {"Vfs.Reads", "Reads", "reads"})
        EXPECT_EQ(names({"units", "--no-legend", "--sort", typed}), expected) << typed;
}

TEST_F(Units, AreSortedByNameWhereTheCounterIsTheSame)
{
    EXPECT_EQ(names({"units", "--no-legend", "--sort=zombies"}),
              (std::vector<std::string>{"atd.service", "system.slice", "cron.service"}));
}

TEST_F(Units, ShowTheCounterTheyAreSortedBy)
{
    EXPECT_THAT(text({"units", "--sort=Unlinks"}), HasSubstr("DESCRIPTORS  UNLINKS\n"
                                                             "cron.service   1,234       0     20       0      0      "
                                                             "0      0        0           20      980\n"));
}

TEST_F(Units, AreNotSortedByWhatThereIsNot)
{
    const Finished finished = ctl({"units", "--sort=ReadBytes"});
    EXPECT_EQ(finished.status, 2);
    EXPECT_THAT(finished.text,
                StartsWith("ktallyctl: --sort: there is no ReadBytes, but Files.Opened, Files.Closed, "));
}

TEST_F(Units, AreJsonInTheSameOrder)
{
    const auto units = json({"units", "--sort=Reads"});
    ASSERT_EQ(units.size(), 3u);
    EXPECT_EQ(units[0]["name"], "system.slice");
    EXPECT_EQ(units[0]["control_group"], "/x/system.slice");
    EXPECT_EQ(units[0]["counts"]["Vfs.Reads"], 120);
    EXPECT_EQ(units[0]["counts"]["Processes.ZombiesCurrent"], 1);
    EXPECT_EQ(units[0]["counts"]["Files.DescriptorsCurrent"], 20);
    EXPECT_FALSE(units[0]["counts"].contains("Vfs.ReadBytes"));
}

TEST_F(Units, OfWhichACounterIsAbsentSaySo)
{
    FakeNumbers odd = unit("odd.service", 1);
    odd.totals[static_cast<std::size_t>(Counter::Execs)] = absent_total;
    daemon_->add_unit(odd);
    EXPECT_EQ(names({"units", "--no-legend", "--sort=Execs"}).back(), "odd.service");
    EXPECT_THAT(text({"units", "--no-legend"}), HasSubstr("absent"));
    EXPECT_TRUE(json({"units", "--sort=Execs"})[3]["counts"]["Processes.Execs"].is_null());
}

TEST_F(Units, MayHaveNamesThatATerminalWouldObey)
{
    daemon_->add_unit(unit("a\033[2J.service", 1));
    EXPECT_EQ(names({"units", "--no-legend"}).front(), "a\\x1b[2J.service");
}

class NoUnits : public CtlTest {};

TEST_F(NoUnits, MayBe)
{
    EXPECT_THAT(text({"units"}), HasSubstr("\n0 units."));
    EXPECT_TRUE(json({"units"}).empty());
}

TEST_F(NoUnits, HaveAReasonWhereTheyAreNotCounted)
{
    answers().probes = {{"Accounting", "", "absent", "no cgroup v2 is mounted"}};
    const Finished finished = ctl({"units"});
    EXPECT_EQ(finished.status, 1);
    EXPECT_EQ(finished.text, "ktallyctl: nothing is counted by unit: no cgroup v2 is mounted\n");
}

} // namespace
} // namespace ktally::test
