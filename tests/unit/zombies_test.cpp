// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/zombies.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ktally {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;

constexpr MonotonicTime at(int msec)
{
    return MonotonicTime{milliseconds{msec}};
}

Process zombie(std::uint32_t pid, nanoseconds start = seconds{1})
{
    Process process{};
    process.pid = pid;
    process.parent = 7;
    process.start = start;
    process.zombie = true;
    process.name = "child";
    process.parent_name = "careless";
    return process;
}

std::vector<Process> factory(std::uint32_t first, std::uint32_t last)
{
    std::vector<Process> processes;
    for (std::uint32_t pid = first; pid <= last; ++pid)
        processes.push_back(zombie(pid));
    return processes;
}

TEST(Zombies, AreNoneAtFirst)
{
    const Zombies zombies;
    EXPECT_EQ(zombies.count(), 0u);
}

TEST(Zombies, AreCountedAtOnce)
{
    Zombies zombies;
    zombies.update(at(0), factory(100, 5'099), seconds{5});
    EXPECT_EQ(zombies.count(), 5'000u);
    zombies.update(at(1'000), {}, seconds{5});
    EXPECT_EQ(zombies.count(), 0u);
}

TEST(Zombies, AreZombiesSinceTheyWereFirstSeen)
{
    Zombies zombies;
    zombies.update(at(1'000), {zombie(100)}, seconds{5});
    zombies.update(at(2'000), {zombie(101), zombie(100)}, seconds{5});
    zombies.update(at(3'000), {zombie(101), zombie(100)}, seconds{5});
    EXPECT_EQ(zombies.since(zombie(100)), at(1'000));
    EXPECT_EQ(zombies.since(zombie(101)), at(2'000));
}

TEST(Zombies, AppearAfterTheGraceTime)
{
    Zombies zombies;
    EXPECT_THAT(zombies.update(at(1'000), {zombie(100)}, seconds{5}).appeared, IsEmpty());
    EXPECT_THAT(zombies.update(at(5'999), {zombie(100)}, seconds{5}).appeared, IsEmpty());
    EXPECT_THAT(zombies.update(at(6'000), {zombie(100)}, seconds{5}).appeared, ElementsAre(Field(&Process::pid, 100)));
}

TEST(Zombies, AppearAtOnceWithoutAGraceTime)
{
    Zombies zombies;
    EXPECT_THAT(zombies.update(at(1'000), {zombie(100)}, seconds{0}).appeared, SizeIs(1));
}

TEST(Zombies, AppearOnce)
{
    Zombies zombies;
    zombies.update(at(1'000), {zombie(100)}, seconds{0});
    EXPECT_THAT(zombies.update(at(2'000), {zombie(100)}, seconds{0}).appeared, IsEmpty());
}

TEST(Zombies, AppearWithTheParentThatTheyHaveThen)
{
    Zombies zombies;
    zombies.update(at(1'000), {zombie(100)}, seconds{1});
    Process orphan = zombie(100);
    orphan.parent = 1;
    EXPECT_THAT(zombies.update(at(2'000), {orphan}, seconds{1}).appeared, ElementsAre(Field(&Process::parent, 1)));
}

TEST(Zombies, DoNotAppearIfTheyAreReapedInTime)
{
    Zombies zombies;
    zombies.update(at(1'000), {zombie(100)}, seconds{5});
    const Zombies::Change change = zombies.update(at(6'000), {}, seconds{5});
    EXPECT_THAT(change.appeared, IsEmpty());
    EXPECT_THAT(change.reaped, IsEmpty());
}

TEST(Zombies, AreReapedAfterTheyAppeared)
{
    Zombies zombies;
    zombies.update(at(1'000), {zombie(100), zombie(101), zombie(102)}, seconds{0});
    EXPECT_THAT(zombies.update(at(2'000), {zombie(101)}, seconds{0}).reaped, ElementsAre(100, 102));
    EXPECT_THAT(zombies.update(at(3'000), {}, seconds{0}).reaped, ElementsAre(101));
    EXPECT_THAT(zombies.update(at(4'000), {}, seconds{0}).reaped, IsEmpty());
}

TEST(Zombies, AreOthersIfTheyStartedAtAnotherTime)
{
    Zombies zombies;
    zombies.update(at(1'000), {zombie(100, seconds{5})}, seconds{2});
    zombies.update(at(3'000), {zombie(100, seconds{5})}, seconds{2});
    const Zombies::Change change = zombies.update(at(4'000), {zombie(100, seconds{9})}, seconds{2});
    EXPECT_THAT(change.reaped, ElementsAre(100));
    EXPECT_THAT(change.appeared, IsEmpty());
    EXPECT_EQ(zombies.since(zombie(100, seconds{9})), at(4'000));
}

TEST(Zombies, AreCountedOnceIfTheyAreReadTwice)
{
    Zombies zombies;
    EXPECT_THAT(zombies.update(at(1'000), {zombie(100), zombie(100)}, seconds{0}).appeared, SizeIs(1));
    EXPECT_EQ(zombies.count(), 1u);
}

TEST(Zombies, OfAFactoryAppearTenAtATime)
{
    Zombies zombies;
    const Zombies::Change change = zombies.update(at(1'000), factory(100, 5'099), seconds{0});
    EXPECT_THAT(change.appeared, SizeIs(10));
    EXPECT_EQ(change.unmentioned, 4'990u);
}

TEST(Zombies, ThatWereNotMentionedNeverAppear)
{
    Zombies zombies;
    zombies.update(at(1'000), factory(100, 120), seconds{0});
    const Zombies::Change change = zombies.update(at(2'000), factory(100, 121), seconds{0});
    EXPECT_THAT(change.appeared, ElementsAre(Field(&Process::pid, 121)));
    EXPECT_EQ(change.unmentioned, 0u);
}

TEST(Zombies, ThatWereNotMentionedAreReapedInSilence)
{
    Zombies zombies;
    zombies.update(at(1'000), factory(100, 5'099), seconds{0});
    EXPECT_THAT(zombies.update(at(2'000), {}, seconds{0}).reaped, SizeIs(10));
}

TEST(Zombies, DoNotAppearToWhoLooksBetweenSamples)
{
    Zombies zombies;
    zombies.update(at(1'000), {zombie(100)}, seconds{1});
    EXPECT_THAT(zombies.update(at(2'500), {zombie(100), zombie(101)}, std::nullopt).appeared, IsEmpty());
    EXPECT_EQ(zombies.since(zombie(101)), at(2'500));
    EXPECT_THAT(zombies.update(at(3'000), {zombie(100), zombie(101)}, seconds{1}).appeared,
                ElementsAre(Field(&Process::pid, 100)));
}

TEST(Zombies, AreReapedAlsoForWhoLooksBetweenSamples)
{
    Zombies zombies;
    zombies.update(at(1'000), {zombie(100)}, seconds{0});
    EXPECT_THAT(zombies.update(at(1'500), {}, std::nullopt).reaped, ElementsAre(100));
}

} // namespace
} // namespace ktally
