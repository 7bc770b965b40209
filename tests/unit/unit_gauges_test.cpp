// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/unit_gauges.hpp"

#include <gmock/gmock.h>

#include <map>
#include <string>

namespace ktally {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

// / (1), system.slice (2), cron.service (3) with payload (4), ssh.service (5)
class UnitGauges : public testing::Test {
protected:
    UnitGauges()
    {
        units_.update(MonotonicTime{},
                      {{1, 0, "", false, {}},
                       {2, 1, "system.slice", false, {}},
                       {3, 2, "cron.service", false, {}},
                       {4, 3, "payload", false, {}},
                       {5, 2, "ssh.service", false, {}}},
                      {});
    }
    static Process process(std::uint32_t pid, std::uint64_t cgroup, std::uint64_t table = 0,
                           std::uint32_t descriptors = 0)
    {
        Process process{};
        process.pid = pid;
        process.cgroup = cgroup;
        process.descriptor_table = table;
        process.descriptors = descriptors;
        return process;
    }
    static std::map<std::string, std::uint64_t> by_name(const UnitGauge &gauge)
    {
        std::map<std::string, std::uint64_t> named;
        for (const auto &[unit, count] : gauge)
            named[unit->name] = count;
        return named;
    }

    Units units_{1};
};

TEST_F(UnitGauges, KnowTheUnitsAroundACgroup)
{
    std::vector<std::string> names;
    for (const UnitAccount *unit : UnitIndex{units_}.around(4))
        names.push_back(unit->name);
    EXPECT_THAT(names, ElementsAre("cron.service", "system.slice", "-.slice"));
    EXPECT_THAT(UnitIndex{units_}.around(1), testing::SizeIs(1));
    EXPECT_THAT(UnitIndex{units_}.around(99), IsEmpty());
}

TEST_F(UnitGauges, CountAZombieInAllUnitsAroundIt)
{
    const std::vector<Zombies::Zombie> zombies{{process(10, 3), {}}, {process(11, 4), {}}, {process(12, 5), {}}};
    EXPECT_THAT(
        by_name(zombies_by_unit(units_, zombies)),
        ElementsAre(Pair("-.slice", 3), Pair("cron.service", 2), Pair("ssh.service", 1), Pair("system.slice", 3)));
}

TEST_F(UnitGauges, CountATableOnceInEachUnitThatSharesIt)
{
    const std::vector<Process> processes{process(10, 3, 100, 8), process(11, 4, 100, 8), process(12, 5, 100, 8),
                                         process(13, 5, 101, 2)};
    EXPECT_THAT(
        by_name(descriptors_by_unit(units_, processes)),
        ElementsAre(Pair("-.slice", 10), Pair("cron.service", 8), Pair("ssh.service", 10), Pair("system.slice", 10)));
}

} // namespace
} // namespace ktally
