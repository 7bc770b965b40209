// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/process_watch.hpp"

#include "fake_accounts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ktally {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr MonotonicTime at(int msec)
{
    return MonotonicTime{milliseconds{msec}};
}

constexpr ProcessWatch::Rules at_once{seconds{0}, {60, 80}};
constexpr ProcessWatch::Rules patient{seconds{5}, {60, 80}};

class ProcessWatchTest : public testing::Test {
protected:
    void zombie(std::uint32_t pid, std::uint32_t parent = 1)
    {
        Process process{};
        process.pid = pid;
        process.parent = parent;
        process.zombie = true;
        process.name = "dead";
        accounts_.processes_.push_back(process);
    }
    void process(std::uint32_t pid, const char *name, std::uint32_t descriptors = 3)
    {
        Process process{};
        process.pid = pid;
        process.descriptors = descriptors;
        process.descriptor_limit = 1'024;
        process.name = name;
        accounts_.processes_.push_back(process);
    }
    void reap(std::uint32_t pid)
    {
        std::erase_if(accounts_.processes_, [pid](const Process &process) { return process.pid == pid; });
    }

    void SetUp() override
    {
        watch_.tell({
            .appeared =
                [this](const Process &dead, const Process *parent) {
                    told_.push_back(std::to_string(dead.pid) + " of " + (parent ? parent->name : "nobody"));
                },
            .unmentioned = [this](std::size_t count) { told_.push_back(std::to_string(count) + " more"); },
            .reaped = [this](std::uint32_t pid) { told_.push_back("reaped " + std::to_string(pid)); },
            .leak_suspected = [this](const Process &process) { told_.push_back("leak in " + process.name); },
        });
    }
    // What a sample tells of.
    std::vector<std::string> sample(int msec, const ProcessWatch::Rules &rules = at_once)
    {
        told_.clear();
        watch_.sample(at(msec), rules).tell();
        return told_;
    }

    test::FakeAccounts accounts_;
    ProcessWatch watch_{accounts_};
    std::vector<std::string> told_;
};

TEST_F(ProcessWatchTest, TellsOfAZombieAndOfItsParent)
{
    process(7, "careless");
    zombie(8, 7);
    EXPECT_THAT(sample(1'000), ElementsAre("8 of careless"));
    EXPECT_THAT(sample(2'000), IsEmpty());
}

TEST_F(ProcessWatchTest, TellsOfAZombieWhoseParentIsNotToBeSeen)
{
    zombie(8, 0);
    EXPECT_THAT(sample(1'000), ElementsAre("8 of nobody"));
}

TEST_F(ProcessWatchTest, TellsOfAZombieAfterItsGrace)
{
    zombie(8);
    sample(500, patient);
    EXPECT_THAT(sample(5'499, patient), IsEmpty());
    EXPECT_THAT(sample(5'500, patient), SizeIs(1));
}

TEST_F(ProcessWatchTest, TellsOfThoseThatAreReaped)
{
    zombie(8);
    sample(1'000);
    reap(8);
    EXPECT_THAT(sample(2'000), ElementsAre("reaped 8"));
}

TEST_F(ProcessWatchTest, TellsHowManyItDoesNotTellOf)
{
    for (std::uint32_t pid = 100; pid < 150; ++pid)
        zombie(pid);
    const std::vector<std::string> told = sample(1'000);
    EXPECT_THAT(told, SizeIs(11));
    EXPECT_EQ(told.back(), "40 more");
}

TEST_F(ProcessWatchTest, TellsOfLeaks)
{
    process(7, "leaky", 1'000);
    process(8, "tight", 100);
    EXPECT_THAT(sample(1'000), ElementsAre("leak in leaky"));
    EXPECT_THAT(sample(2'000), IsEmpty());
}

TEST_F(ProcessWatchTest, TellsNobodyUnlessItIsToldWhom)
{
    zombie(8);
    watch_.tell({});
    EXPECT_THAT(sample(1'000), IsEmpty());
}

TEST_F(ProcessWatchTest, ShowsTheZombiesThatThereAreNow)
{
    zombie(8);
    EXPECT_EQ(watch_.zombie_count(at(200)), 1u);
    reap(8);
    EXPECT_EQ(watch_.zombie_count(at(300)), 0u);
}

TEST_F(ProcessWatchTest, KeepsSinceWhenItHasSeenAZombie)
{
    zombie(8);
    const auto first = watch_.zombies(at(200));
    ASSERT_THAT(first, SizeIs(1));
    EXPECT_EQ(first[0].process.pid, 8u);
    EXPECT_EQ(first[0].since, at(200));
    sample(1'000, patient);
    EXPECT_EQ(watch_.zombies(at(1'200)).at(0).since, at(200));
}

TEST_F(ProcessWatchTest, TellsAtOnceOfOneThatIsFoundReapedBetweenSamples)
{
    zombie(8);
    sample(1'000);
    reap(8);
    watch_.zombie_count(at(1'500));
    EXPECT_THAT(told_, ElementsAre("8 of nobody", "reaped 8"));
}

TEST_F(ProcessWatchTest, ShowsTheZombiesOfASampleWhileItLives)
{
    zombie(8);
    {
        const ProcessWatch::Sampled sampled = watch_.sample(at(1'000), patient);
        zombie(9);
        EXPECT_EQ(watch_.zombie_count(at(1'001)), 1u);
        EXPECT_THAT(watch_.zombies(at(1'001)), SizeIs(1));
        EXPECT_THAT(watch_.zombies(at(1'001)), SizeIs(1));
    }
    EXPECT_EQ(watch_.zombie_count(at(1'002)), 2u);
}

TEST_F(ProcessWatchTest, ReadsProcessesOnceASample)
{
    zombie(8);
    process(9, "idle");
    sample(1'000, patient);
    EXPECT_THAT(accounts_.wanted_, ElementsAre(min_leak_descriptors));
}

} // namespace
} // namespace ktally
