// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/units.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ktally {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr MonotonicTime at(int second)
{
    return MonotonicTime{seconds{second}};
}

Calls reads(std::uint64_t count)
{
    Calls calls{};
    calls[KTALLY_READ] = count;
    return calls;
}

CgroupAccount live(std::uint64_t id, std::uint64_t parent, const char *name, std::uint64_t count = 0)
{
    return {id, parent, name, false, reads(count)};
}

CgroupAccount gone(std::uint64_t id, std::uint64_t parent, const char *name, std::uint64_t count = 0)
{
    return {id, parent, name, true, reads(count)};
}

TaskAccount task(std::uint64_t cgroup, std::uint64_t count)
{
    return {100, cgroup, reads(count)};
}

const CgroupAccount root = live(1, 0, "");
const CgroupAccount system_slice = live(2, 1, "system.slice");

std::uint64_t total(const Units &units, const char *name, Counter counter = Counter::Reads)
{
    const auto unit = units.all().find(name);
    EXPECT_NE(unit, units.all().end()) << name;
    return unit == units.all().end() ? 0 : unit->second.totals[static_cast<std::size_t>(counter)];
}

bool is_gone(const Units &units, const char *name)
{
    return units.all().at(name).gone.has_value();
}

TEST(Units, AreThereFromTheFirstTimeTheirCgroupIsSeen)
{
    Units units{1};
    EXPECT_THAT(units.update(at(5), {root, system_slice, live(3, 2, "cron.service")}, {}).added,
                ElementsAre("-.slice", "cron.service", "system.slice"));
    const UnitAccount &cron = units.all().at("cron.service");
    EXPECT_EQ(cron.name, "cron.service");
    EXPECT_EQ(cron.cgroup, "/system.slice/cron.service");
    EXPECT_EQ(cron.cgroup_id, 3u);
    EXPECT_EQ(cron.since, at(5));
    EXPECT_EQ(cron.gone, std::nullopt);
}

TEST(Units, AreAddedOnce)
{
    Units units{1};
    const std::vector cgroups{root, system_slice, live(3, 2, "cron.service")};
    units.update(at(5), cgroups, {});
    const Units::Change change = units.update(at(6), cgroups, {});
    EXPECT_THAT(change.added, IsEmpty());
    EXPECT_THAT(change.removed, IsEmpty());
    EXPECT_EQ(units.all().at("cron.service").since, at(5));
}

TEST(Units, CountWhatEndedAndWhatTasksHaveCountedSoFar)
{
    Units units{1};
    units.update(at(1), {root, live(2, 1, "init.scope", 10)}, {task(2, 3), task(2, 4)});
    EXPECT_EQ(total(units, "init.scope"), 17u);
}

TEST(Units, AddUpTheCallsOfEachCounter)
{
    Units units{1};
    Calls calls{};
    calls[KTALLY_READ] = 1;
    calls[KTALLY_READV] = 2;
    calls[KTALLY_OPEN] = 5;
    calls[KTALLY_EXIT] = 7;
    units.update(at(1), {root, {2, 1, "init.scope", false, calls}}, {});
    EXPECT_EQ(total(units, "init.scope", Counter::Reads), 3u);
    EXPECT_EQ(total(units, "init.scope", Counter::Opened), 5u);
    EXPECT_EQ(total(units, "init.scope", Counter::Exits), 7u);
    EXPECT_EQ(total(units, "init.scope", Counter::Writes), 0u);
}

TEST(Units, HaveNoBytesAndErrors)
{
    Units units{1};
    units.update(at(1), {root}, {});
    EXPECT_EQ(total(units, "-.slice", Counter::ReadBytes), absent_total);
    EXPECT_EQ(total(units, "-.slice", Counter::OpenErrors), absent_total);
}

TEST(Units, CountAllBelowThem)
{
    Units units{1};
    units.update(at(1),
                 {live(1, 0, "", 1), live(2, 1, "system.slice", 2), live(3, 2, "docker.service", 4),
                  live(4, 3, "payload", 8), live(5, 4, "system.slice", 16)},
                 {task(1, 100), task(2, 200), task(3, 400), task(4, 800), task(5, 1600)});
    EXPECT_EQ(total(units, "docker.service"), 2828u);
    EXPECT_EQ(total(units, "system.slice"), 3030u);
    EXPECT_EQ(total(units, "-.slice"), 3131u);
    EXPECT_EQ(units.all().size(), 3u);
}

TEST(Units, CountTheUnitsOfAUserInTheUsersManager)
{
    Units units{1};
    units.update(at(1),
                 {root, live(2, 1, "user.slice"), live(3, 2, "user@1000.service", 1), live(4, 3, "app.slice", 2),
                  live(5, 4, "player.service", 4)},
                 {task(5, 10)});
    EXPECT_EQ(total(units, "user@1000.service/player.service"), 14u);
    EXPECT_EQ(total(units, "user@1000.service/app.slice"), 16u);
    EXPECT_EQ(total(units, "user@1000.service"), 17u);
}

TEST(Units, DoNotMindTheOrderOfCgroups)
{
    Units units{1};
    units.update(at(1), {live(3, 2, "cron.service", 4), live(2, 1, "system.slice", 2), live(1, 0, "", 1)}, {});
    EXPECT_EQ(total(units, "-.slice"), 7u);
    EXPECT_EQ(units.all().at("cron.service").cgroup, "/system.slice/cron.service");
}

TEST(Units, CountACgroupOnceThatIsReadTwice)
{
    Units units{1};
    units.update(at(1), {root, live(2, 1, "init.scope", 5), live(2, 1, "init.scope", 5)}, {task(2, 1)});
    EXPECT_EQ(total(units, "init.scope"), 6u);
    EXPECT_EQ(total(units, "-.slice"), 6u);
}

TEST(Units, DoNotCountWhatIsNotBelowTheRoot)
{
    Units units{2}; // as in a container, whose / that is
    EXPECT_THAT(units
                    .update(at(1),
                            {live(1, 0, "", 1), live(2, 1, "machine.scope", 2), live(3, 2, "init.scope", 4),
                             live(4, 1, "cron.service", 8)},
                            {task(4, 100), task(3, 10), task(77, 1000)})
                    .added,
                ElementsAre("-.slice", "init.scope"));
    EXPECT_EQ(total(units, "-.slice"), 16u);
    EXPECT_EQ(units.all().at("init.scope").cgroup, "/init.scope");
}

TEST(Units, AreNoneWithoutCgroups)
{
    Units units{0};
    EXPECT_THAT(units.update(at(1), {}, {task(1, 5)}).added, IsEmpty());
    EXPECT_THAT(units.all(), IsEmpty());
}

TEST(Units, DoNotGoBackwardsWhileATaskEnds)
{
    Units units{1};
    units.update(at(1), {root, live(2, 1, "init.scope", 10)}, {task(2, 5)});
    units.update(at(2), {root, live(2, 1, "init.scope", 10)}, {}); // read before it ended, and after
    EXPECT_EQ(total(units, "init.scope"), 15u);
    EXPECT_EQ(total(units, "-.slice"), 15u);
    units.update(at(3), {root, live(2, 1, "init.scope", 16)}, {});
    EXPECT_EQ(total(units, "init.scope"), 16u);
}

TEST(Units, CountWhatARemovedCgroupCountedOnceOnly)
{
    Units units{1};
    units.update(at(1), {root, live(2, 1, "system.slice", 0), live(3, 2, "cron.service", 5)}, {});
    EXPECT_EQ(total(units, "system.slice"), 5u);
    units.update(at(2), {root, live(2, 1, "system.slice", 5), gone(3, 2, "cron.service", 5)}, {});
    EXPECT_EQ(total(units, "cron.service"), 5u);
    EXPECT_EQ(total(units, "system.slice"), 5u);
    EXPECT_EQ(total(units, "-.slice"), 5u);
}

TEST(Units, CountTheTasksThatAreLeftInARemovedCgroup)
{
    Units units{1};
    units.update(at(1), {root, live(2, 1, "system.slice", 7), gone(3, 2, "cron.service", 7)}, {task(3, 2)});
    EXPECT_EQ(total(units, "cron.service"), 9u);
    EXPECT_EQ(total(units, "system.slice"), 9u);
    EXPECT_EQ(total(units, "-.slice"), 9u);
}

TEST(Units, CountTheTasksThatAreLeftInARemovedCgroupOfARemovedOne)
{
    Units units{1};
    units.update(at(1),
                 {root, live(2, 1, "system.slice", 7), gone(3, 2, "docker.service", 7), gone(4, 3, "payload", 4)},
                 {task(4, 2)});
    EXPECT_EQ(total(units, "docker.service"), 9u);
    EXPECT_EQ(total(units, "system.slice"), 9u);
}

TEST(Units, DoNotCountACgroupTwiceThatWasRemovedAfterItWasRead)
{
    Units units{1};
    units.update(at(1),
                 {root, live(2, 1, "system.slice", 7), gone(3, 2, "docker.service", 7), live(4, 3, "payload", 4)}, {});
    EXPECT_EQ(total(units, "docker.service"), 7u);
    EXPECT_EQ(total(units, "system.slice"), 7u);
}

TEST(Units, StayFor30SecondsAfterTheirCgroupIsGone)
{
    Units units{1};
    units.update(at(1), {root, live(2, 1, "init.scope", 5)}, {});
    const std::vector left{live(1, 0, "", 5), gone(2, 1, "init.scope", 5)};
    EXPECT_THAT(units.update(at(2), left, {}).removed, IsEmpty());
    EXPECT_EQ(units.all().at("init.scope").gone, at(2));
    EXPECT_THAT(units.update(at(31), left, {}).removed, IsEmpty());
    EXPECT_EQ(total(units, "init.scope"), 5u);
    EXPECT_EQ(units.all().at("init.scope").gone, at(2));
    EXPECT_THAT(units.update(at(32), left, {}).removed, ElementsAre("init.scope"));
    EXPECT_FALSE(units.all().contains("init.scope"));
}

TEST(Units, DoNotComeBackWhileTheirRemovedCgroupIsStillNamed)
{
    Units units{1};
    units.update(at(1), {root, live(2, 1, "init.scope")}, {});
    units.update(at(2), {root, gone(2, 1, "init.scope")}, {task(2, 1)});
    units.update(at(32), {root, gone(2, 1, "init.scope")}, {task(2, 1)});
    const Units::Change change = units.update(at(33), {root, gone(2, 1, "init.scope")}, {task(2, 1)});
    EXPECT_THAT(change.added, IsEmpty());
    EXPECT_THAT(change.removed, IsEmpty());
    EXPECT_FALSE(units.all().contains("init.scope"));
    EXPECT_EQ(units.name_of_cgroup(2), "init.scope");
}

TEST(Units, AreGoneTooOfWhichThereIsNoAccountAnyMore)
{
    Units units{1};
    units.update(at(1), {root, live(2, 1, "init.scope", 5)}, {});
    units.update(at(2), {live(1, 0, "", 5)}, {});
    EXPECT_EQ(units.all().at("init.scope").gone, at(2));
    EXPECT_EQ(total(units, "init.scope"), 5u);
    EXPECT_THAT(units.update(at(32), {live(1, 0, "", 5)}, {}).removed, ElementsAre("init.scope"));
}

TEST(Units, ThatLivedBetweenTwoUpdatesAreAddedAndLinger)
{
    Units units{1};
    units.update(at(1), {root}, {});
    const std::vector cgroups{live(1, 0, "", 3), gone(9, 1, "run-1.scope", 3)};
    EXPECT_THAT(units.update(at(2), cgroups, {}).added, ElementsAre("run-1.scope"));
    EXPECT_EQ(units.all().at("run-1.scope").since, at(2));
    EXPECT_EQ(units.all().at("run-1.scope").gone, at(2));
    EXPECT_EQ(total(units, "run-1.scope"), 3u);
    EXPECT_EQ(total(units, "-.slice"), 3u);
    EXPECT_THAT(units.update(at(32), cgroups, {}).removed, ElementsAre("run-1.scope"));
}

TEST(Units, ThatAreStartedAgainAreRemovedAndAdded)
{
    Units units{1};
    units.update(at(1), {root, live(2, 1, "cron.service", 5)}, {});
    const Units::Change change =
        units.update(at(2), {live(1, 0, "", 5), gone(2, 1, "cron.service", 5), live(3, 1, "cron.service", 1)}, {});
    EXPECT_THAT(change.removed, ElementsAre("cron.service"));
    EXPECT_THAT(change.added, ElementsAre("cron.service"));
    EXPECT_THAT(change.forgettable, ElementsAre(2u));
    EXPECT_EQ(units.all().at("cron.service").cgroup_id, 3u);
    EXPECT_EQ(units.all().at("cron.service").since, at(2));
    EXPECT_FALSE(is_gone(units, "cron.service"));
    EXPECT_EQ(total(units, "cron.service"), 1u);
    EXPECT_EQ(total(units, "-.slice"), 6u);
}

TEST(Units, ThatAreStartedAgainWhileTheyLingerAreRemovedAndAdded)
{
    Units units{1};
    units.update(at(1), {root, live(2, 1, "cron.service", 5)}, {});
    units.update(at(2), {root, gone(2, 1, "cron.service", 5)}, {});
    const Units::Change change = units.update(at(9), {root, live(3, 1, "cron.service")}, {});
    EXPECT_THAT(change.removed, ElementsAre("cron.service"));
    EXPECT_THAT(change.added, ElementsAre("cron.service"));
    EXPECT_FALSE(is_gone(units, "cron.service"));
    EXPECT_THAT(units.update(at(40), {root, live(3, 1, "cron.service")}, {}).removed, IsEmpty());
}

TEST(Units, ThatAreStartedAgainAndAgainAreTheLatest)
{
    Units units{1};
    units.update(at(1), {root, live(2, 1, "cron.service")}, {});
    const std::vector cgroups{root, gone(4, 1, "cron.service"), gone(2, 1, "cron.service"), gone(3, 1, "cron.service")};
    const Units::Change change = units.update(at(2), cgroups, {});
    EXPECT_THAT(change.removed, ElementsAre("cron.service"));
    EXPECT_THAT(change.added, ElementsAre("cron.service"));
    EXPECT_EQ(units.all().at("cron.service").cgroup_id, 4u);
    EXPECT_TRUE(is_gone(units, "cron.service"));
    const Units::Change next = units.update(at(3), cgroups, {});
    EXPECT_THAT(next.removed, IsEmpty());
    EXPECT_THAT(next.added, IsEmpty());
}

TEST(Units, OfOneNameInTwoPlacesStayWhereTheyWere)
{
    Units units{1};
    units.update(at(1), {root, live(3, 1, "a.service", 1)}, {});
    const std::vector both{root, system_slice, live(3, 1, "a.service", 1), live(4, 2, "a.service", 2)};
    EXPECT_THAT(units.update(at(2), both, {}).removed, IsEmpty());
    EXPECT_EQ(total(units, "a.service"), 1u);
    EXPECT_THAT(
        units.update(at(3), {root, system_slice, gone(3, 1, "a.service", 1), live(4, 2, "a.service", 2)}, {}).removed,
        ElementsAre("a.service"));
    EXPECT_EQ(units.all().at("a.service").cgroup, "/system.slice/a.service");
}

TEST(Units, CanForgetARemovedCgroupThatIsNoUnitsOwn)
{
    Units units{1};
    const std::vector cgroups{root, live(2, 1, "docker.service"), gone(3, 2, "payload")};
    EXPECT_THAT(units.update(at(1), cgroups, {}).forgettable, ElementsAre(3u));
}

TEST(Units, CannotForgetACgroupThatIsThere)
{
    Units units{1};
    const std::vector cgroups{root, live(2, 1, "docker.service"), live(3, 2, "payload"), live(9, 8, "elsewhere")};
    EXPECT_THAT(units.update(at(1), cgroups, {}).forgettable, IsEmpty());
}

TEST(Units, CannotForgetARemovedCgroupThatATaskNames)
{
    Units units{1};
    const std::vector cgroups{root, live(2, 1, "docker.service"), gone(3, 2, "payload")};
    EXPECT_THAT(units.update(at(1), cgroups, {task(3, 0)}).forgettable, IsEmpty());
    EXPECT_THAT(units.update(at(2), cgroups, {}).forgettable, ElementsAre(3u));
}

TEST(Units, CannotForgetThePathOfARemovedCgroupThatATaskNames)
{
    Units units{1};
    const std::vector cgroups{root, live(2, 1, "docker.service", 6), gone(3, 2, "payload", 6), gone(4, 3, "1", 6)};
    EXPECT_THAT(units.update(at(1), cgroups, {task(4, 2)}).forgettable, IsEmpty());
    EXPECT_EQ(total(units, "docker.service"), 8u);
    EXPECT_THAT(units.update(at(2), cgroups, {}).forgettable, ElementsAre(4u, 3u));
}

TEST(Units, CanForgetTheCgroupOfAUnitWhenItIsOver)
{
    Units units{1};
    const std::vector cgroups{root, gone(2, 1, "run-1.scope"), gone(3, 2, "payload")};
    EXPECT_THAT(units.update(at(1), cgroups, {}).forgettable, ElementsAre(3u));
    EXPECT_THAT(units.update(at(30), cgroups, {}).forgettable, ElementsAre(3u));
    EXPECT_THAT(units.update(at(31), cgroups, {}).forgettable, ElementsAre(3u, 2u));
}

TEST(Units, CanForgetWhatIsNotBelowTheRoot)
{
    Units units{2};
    const std::vector cgroups{live(1, 0, ""), live(2, 1, "machine.scope"), gone(3, 1, "cron.service"),
                              gone(4, 1, "at.service")};
    EXPECT_THAT(units.update(at(1), cgroups, {task(4, 1)}).forgettable, ElementsAre(3u));
}

TEST(Units, CanForgetWhatHasNoParentAnyMore)
{
    Units units{1};
    EXPECT_THAT(units.update(at(1), {root, gone(3, 99, "cron.service"), gone(4, 3, "payload")}, {}).forgettable,
                ElementsAre(4u, 3u));
    EXPECT_FALSE(units.all().contains("cron.service"));
}

TEST(Units, LingerThoughTheirParentIsLost)
{
    Units units{1};
    units.update(at(1), {root, system_slice, live(3, 2, "cron.service", 5)}, {});
    const std::vector cgroups{root, gone(3, 2, "cron.service", 5)};
    EXPECT_THAT(units.update(at(2), cgroups, {}).forgettable, IsEmpty());
    EXPECT_EQ(total(units, "cron.service"), 5u);
    const Units::Change change = units.update(at(32), cgroups, {});
    EXPECT_THAT(change.removed, ElementsAre("cron.service", "system.slice"));
    EXPECT_THAT(change.forgettable, ElementsAre(3u));
}

TEST(Units, SurviveCgroupsInACircle)
{
    Units units{1};
    EXPECT_THAT(units.update(at(1), {root, live(2, 3, "a"), live(3, 2, "b"), live(4, 4, "c")}, {}).added,
                ElementsAre("-.slice"));
}

TEST(Units, NameTheCgroupsThatAreTheirs)
{
    Units units{1};
    units.update(at(1),
                 {root, system_slice, live(3, 2, "docker.service"), gone(4, 3, "payload"), live(5, 2, "misc"),
                  live(9, 8, "elsewhere.service")},
                 {});
    EXPECT_EQ(units.name_of_cgroup(1), "-.slice");
    EXPECT_EQ(units.name_of_cgroup(3), "docker.service");
    EXPECT_EQ(units.name_of_cgroup(4), "docker.service");
    EXPECT_EQ(units.name_of_cgroup(5), "system.slice");
    EXPECT_EQ(units.name_of_cgroup(9), "");
    EXPECT_EQ(units.name_of_cgroup(77), "");
}

TEST(Units, ForgetTheNamesOfCgroupsThatTheAccountsForgot)
{
    Units units{1};
    units.update(at(1), {root, live(2, 1, "init.scope")}, {});
    units.update(at(2), {root}, {});
    EXPECT_EQ(units.name_of_cgroup(2), "");
}

} // namespace
} // namespace ktally
