// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/leaks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace ktally {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Leaks::Rule no_limit{60, 0};
constexpr Leaks::Rule limit_only{100'000, 80};

Process with(std::uint32_t descriptors, std::uint32_t pid = 100, nanoseconds start = seconds{1})
{
    Process process{};
    process.pid = pid;
    process.start = start;
    process.descriptors = descriptors;
    process.descriptor_limit = 1'024;
    process.name = "server";
    return process;
}

// How many samples it takes until a process is reported that has one descriptor more in each of them.
int samples_until_reported(Leaks &leaks, const Leaks::Rule &rule, const Process &first)
{
    Process process = first;
    for (int sample = 1; sample <= 10'000; ++sample, ++process.descriptors)
        if (!leaks.update({process}, rule).empty())
            return sample;
    return 0;
}

TEST(Leaks, AreReportedAfterTwelveSpansThatExceedTheOneBefore)
{
    Leaks leaks;
    EXPECT_EQ(samples_until_reported(leaks, no_limit, with(50)), 65); // thirteen spans of five samples
}

TEST(Leaks, AreReportedSoonerWithFewerSamples)
{
    Leaks leaks;
    EXPECT_EQ(samples_until_reported(leaks, {12, 0}, with(50)), 13);
}

TEST(Leaks, AreReportedAsTheyAreThen)
{
    Leaks leaks;
    std::vector<Process> reported;
    for (std::uint32_t sample = 0; sample < 65; ++sample)
        reported = leaks.update({with(50 + sample)}, no_limit);
    ASSERT_THAT(reported, SizeIs(1));
    EXPECT_EQ(reported[0].pid, 100u);
    EXPECT_EQ(reported[0].descriptors, 114u);
    EXPECT_EQ(reported[0].name, "server");
}

TEST(Leaks, AreReportedAgainOnlyWithTwiceAsMany)
{
    Leaks leaks;
    std::vector<std::uint32_t> reported;
    for (std::uint32_t descriptors = 50; descriptors < 1'000; ++descriptors)
        for (const Process &process : leaks.update({with(descriptors)}, no_limit))
            reported.push_back(process.descriptors);
    EXPECT_THAT(reported, ElementsAre(114, 228, 456, 912));
}

TEST(Leaks, AreFoundInEachProcessByItself)
{
    Leaks leaks;
    std::vector<std::uint32_t> reported;
    for (std::uint32_t sample = 0; sample < 100; ++sample)
        for (const Process &process :
             leaks.update({with(90, 7), with(50 + sample, 8), with(60 + sample / 50, 9)}, no_limit))
            reported.push_back(process.pid);
    EXPECT_THAT(reported, ElementsAre(8));
}

TEST(Leaks, AreNoneInAProcessThatHasManyDescriptors)
{
    Leaks leaks;
    for (int sample = 0; sample < 1'000; ++sample)
        EXPECT_THAT(leaks.update({with(900)}, no_limit), IsEmpty());
}

TEST(Leaks, AreNoneInAProcessThatGrewOnce)
{
    Leaks leaks;
    for (std::uint32_t sample = 0; sample < 1'000; ++sample)
        EXPECT_THAT(leaks.update({with(50 + std::min(sample, 50u) * 10)}, no_limit), IsEmpty());
}

TEST(Leaks, AreNoneInAProcessThatFallsBackOnceInTwelveSpans)
{
    Leaks leaks;
    for (std::uint32_t sample = 0; sample < 5'000; ++sample)
        EXPECT_THAT(leaks.update({with(50 + sample % 60)}, no_limit), IsEmpty());
}

TEST(Leaks, AreNoneInABusyWebServer)
{
    Leaks leaks;
    std::minstd_rand random{1};
    for (int sample = 0; sample < 20'000; ++sample)
        ASSERT_THAT(leaks.update({with(static_cast<std::uint32_t>(60 + random() % 400))}, no_limit), IsEmpty())
            << sample;
}

TEST(Leaks, AreNoneInABusyWebServerWhoseConnectionsComeAndGoSlowly)
{
    Leaks leaks;
    std::minstd_rand random{1};
    int connections = 400;
    for (int sample = 0; sample < 20'000; ++sample) {
        connections += static_cast<int>(random() % 41) - 20 + (500 - connections) / 10; // towards 500
        ASSERT_THAT(leaks.update({with(static_cast<std::uint32_t>(60 + connections))}, no_limit), IsEmpty()) << sample;
    }
}

TEST(Leaks, AreFoundInABusyProgramThatLeaksOneInAHundred)
{
    Leaks leaks;
    std::minstd_rand random{1};
    int reported = 0;
    std::uint32_t leaked = 0;
    for (int sample = 0; sample < 65; ++sample) {
        const auto opened = static_cast<std::uint32_t>(300 + random() % 100); // in this second, and closed but for
        leaked += opened / 100;
        reported += static_cast<int>(leaks.update({with(60 + leaked + opened % 5)}, no_limit).size());
    }
    EXPECT_EQ(reported, 1);
}

TEST(Leaks, AreFoundWhereOneIsLeakedInASpan)
{
    Leaks leaks;
    int reported = 0;
    for (std::uint32_t sample = 0; sample < 70; ++sample)
        reported += static_cast<int>(leaks.update({with(60 + sample / 5)}, no_limit).size());
    EXPECT_EQ(reported, 1);
}

TEST(Leaks, StartOverWithAnotherProcessOfThatPid)
{
    Leaks leaks;
    for (std::uint32_t sample = 0; sample < 60; ++sample)
        EXPECT_THAT(leaks.update({with(50 + sample, 100, seconds{1})}, no_limit), IsEmpty());
    EXPECT_EQ(samples_until_reported(leaks, no_limit, with(110, 100, seconds{2})), 65);
}

TEST(Leaks, AreReportedOfEachProcessOfAPid)
{
    Leaks leaks;
    EXPECT_EQ(samples_until_reported(leaks, no_limit, with(50, 100, seconds{1})), 65);
    EXPECT_EQ(samples_until_reported(leaks, no_limit, with(50, 100, seconds{2})), 65);
}

TEST(Leaks, StartOverWithAProcessThatHadFewForASample)
{
    Leaks leaks;
    for (std::uint32_t sample = 0; sample < 60; ++sample)
        leaks.update({with(50 + sample)}, no_limit);
    leaks.update({}, no_limit);
    EXPECT_EQ(samples_until_reported(leaks, no_limit, with(110)), 65);
}

TEST(Leaks, AreNoNewsWhenAReportedProcessIsBackSoon)
{
    Leaks leaks;
    EXPECT_THAT(leaks.update({with(900)}, limit_only), SizeIs(1));
    for (int sample = 0; sample < 1'000; ++sample) {
        leaks.update({}, {60, 80});
        EXPECT_THAT(leaks.update({with(900)}, {60, 80}), IsEmpty());
    }
}

TEST(Leaks, AreForgottenWithTheProcess)
{
    Leaks leaks;
    EXPECT_THAT(leaks.update({with(900)}, {60, 80}), SizeIs(1));
    for (int sample = 0; sample < 61; ++sample)
        leaks.update({}, {60, 80});
    EXPECT_THAT(leaks.update({with(900)}, {60, 80}), SizeIs(1));
}

TEST(Leaks, AreSuspectedAtAShareOfTheLimit)
{
    Leaks leaks;
    EXPECT_THAT(leaks.update({with(819)}, limit_only), IsEmpty()); // of 1,024
    EXPECT_THAT(leaks.update({with(820)}, limit_only), ElementsAre(Field(&Process::descriptors, 820)));
}

TEST(Leaks, AreSuspectedAtTheLimitOnceAndThenAtTwiceAsMany)
{
    Leaks leaks;
    Process process = with(1'000);
    EXPECT_THAT(leaks.update({process}, limit_only), SizeIs(1));
    for (int sample = 0; sample < 100; ++sample)
        EXPECT_THAT(leaks.update({process}, limit_only), IsEmpty());
    process.descriptor_limit = 4'096; // somebody helped it
    process.descriptors = 1'999;
    EXPECT_THAT(leaks.update({process}, limit_only), IsEmpty());
    process.descriptors = 2'000;
    EXPECT_THAT(leaks.update({process}, limit_only), SizeIs(1));
    EXPECT_THAT(leaks.update({process}, limit_only), IsEmpty());
}

TEST(Leaks, AreNotSuspectedAtTheLimitIfThatRuleIsOff)
{
    Leaks leaks;
    EXPECT_THAT(leaks.update({with(1'024)}, no_limit), IsEmpty());
}

TEST(Leaks, AreNotSuspectedInAProcessThatLoweredItsLimitBelowWhatItHas)
{
    Leaks leaks;
    Process process = with(60);
    process.descriptor_limit = 0;
    EXPECT_THAT(leaks.update({process}, limit_only), IsEmpty());
    process.descriptor_limit = 59;
    EXPECT_THAT(leaks.update({process}, limit_only), IsEmpty());
}

TEST(Leaks, MindTheLargestLimits)
{
    Leaks leaks;
    Process process = with(1'000);
    process.descriptor_limit = UINT64_MAX;
    EXPECT_THAT(leaks.update({process}, limit_only), IsEmpty());
    process.descriptors = UINT32_MAX; // too many to count
    EXPECT_THAT(leaks.update({process}, limit_only), SizeIs(1));
    EXPECT_THAT(leaks.update({process}, limit_only), IsEmpty());
}

TEST(Leaks, AreReportedOnceIfAProcessIsReadTwice)
{
    Leaks leaks;
    EXPECT_THAT(leaks.update({with(900), with(900)}, limit_only), SizeIs(1));
    EXPECT_EQ(samples_until_reported(leaks, no_limit, with(50, 7)), 65);
}

} // namespace
} // namespace ktally
