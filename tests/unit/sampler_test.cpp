// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/sampler.hpp"

#include <gtest/gtest.h>

namespace ktally {
namespace {

using std::chrono::microseconds;

constexpr MonotonicTime at(std::int64_t usec)
{
    return MonotonicTime{microseconds{usec}};
}

Totals totals_with(Counter counter, std::uint64_t total)
{
    Totals totals{};
    totals[static_cast<std::size_t>(counter)] = total;
    return totals;
}

std::bitset<counter_count> only(Counter counter)
{
    return std::bitset<counter_count>{}.set(static_cast<std::size_t>(counter));
}

TEST(Ledger, PublishesWhatTheSlotsAddUpTo)
{
    Ledger ledger;
    EXPECT_EQ(ledger.publish(Counter::Reads, 5), 5u);
    EXPECT_EQ(ledger.publish(Counter::Reads, 5), 5u);
    EXPECT_EQ(ledger.publish(Counter::Reads, 12), 12u);
}

TEST(Ledger, StartsOverWhenACounterGoesBackwards)
{
    Ledger ledger;
    ledger.publish(Counter::Reads, 100);
    EXPECT_EQ(ledger.publish(Counter::Reads, 3), 103u);
    EXPECT_EQ(ledger.publish(Counter::Reads, 10), 110u);
}

TEST(Ledger, KeepsWhatWasCountedBeforeEachOfSeveralFallsBack)
{
    Ledger ledger;
    ledger.publish(Counter::Reads, 100);
    ledger.publish(Counter::Reads, 0);
    ledger.publish(Counter::Reads, 50);
    EXPECT_EQ(ledger.publish(Counter::Reads, 7), 157u);
}

TEST(Ledger, KeepsCountersApart)
{
    Ledger ledger;
    ledger.publish(Counter::Reads, 100);
    ledger.publish(Counter::Reads, 1);
    EXPECT_EQ(ledger.publish(Counter::Writes, 2), 2u);
}

TEST(Ledger, LetsAbsentPass)
{
    Ledger ledger;
    EXPECT_EQ(ledger.publish(Counter::Reads, absent_total), absent_total);
}

TEST(Ledger, GoesOnAfterACounterWasAbsentForAWhile)
{
    Ledger ledger;
    ledger.publish(Counter::ReadBytes, 100);
    ledger.publish(Counter::ReadBytes, absent_total);
    EXPECT_EQ(ledger.publish(Counter::ReadBytes, 101), 101u);
}

TEST(Sampler, ShowsEverythingInTheFirstSampleIfNobodyKnowsTheOneBefore)
{
    Sampler sampler{at(1'000'000), std::nullopt};
    const Sample first = sampler.sample(at(3'000'000), Totals{});
    EXPECT_EQ(first.interval, microseconds{2'000'000});
    EXPECT_TRUE(first.changed.all());
    EXPECT_TRUE(sampler.sample(at(4'000'000), Totals{}).changed.none());
}

TEST(Sampler, MeasuresTheIntervalFromTheStart)
{
    Sampler sampler{at(1'000'000), Totals{}};
    EXPECT_EQ(sampler.sample(at(2'000'321), Totals{}).interval, microseconds{1'000'321});
}

TEST(Sampler, MeasuresTheIntervalFromTheSampleBefore)
{
    Sampler sampler{at(0), Totals{}};
    sampler.sample(at(1'000'000), Totals{});
    EXPECT_EQ(sampler.sample(at(1'900'000), Totals{}).interval, microseconds{900'000});
}

TEST(Sampler, SaysWhenTheSampleWasTaken)
{
    Sampler sampler{at(0), Totals{}};
    EXPECT_EQ(sampler.sample(at(123'456), Totals{}).taken, at(123'456));
}

TEST(Sampler, HandsOnTheTotals)
{
    Sampler sampler{at(0), Totals{}};
    EXPECT_EQ(sampler.sample(at(1), totals_with(Counter::Execs, 9)).totals, totals_with(Counter::Execs, 9));
}

TEST(Sampler, ReportsNoChangeWhereThereIsNone)
{
    Sampler sampler{at(0), totals_with(Counter::Opened, 3)};
    EXPECT_TRUE(sampler.sample(at(1), totals_with(Counter::Opened, 3)).changed.none());
}

TEST(Sampler, ReportsJustTheCountersThatChanged)
{
    Sampler sampler{at(0), Totals{}};
    EXPECT_EQ(sampler.sample(at(1), totals_with(Counter::Unlinks, 1)).changed, only(Counter::Unlinks));
}

TEST(Sampler, ReportsAChangeOnce)
{
    Sampler sampler{at(0), Totals{}};
    sampler.sample(at(1), totals_with(Counter::Unlinks, 1));
    EXPECT_TRUE(sampler.sample(at(2), totals_with(Counter::Unlinks, 1)).changed.none());
}

TEST(Sampler, ReportsTheFirstAndTheLastCounterOfTheTable)
{
    Totals totals{};
    totals.front() = 1;
    totals.back() = 1;
    const Sample sample = Sampler{at(0), Totals{}}.sample(at(1), totals);
    EXPECT_TRUE(sample.changed[0]);
    EXPECT_TRUE(sample.changed[counter_count - 1]);
    EXPECT_EQ(sample.changed.count(), 2u);
}

TEST(Sampler, ReportsACounterThatBecomesAbsent)
{
    Sampler sampler{at(0), Totals{}};
    EXPECT_EQ(sampler.sample(at(1), totals_with(Counter::Reads, absent_total)).changed, only(Counter::Reads));
}

} // namespace
} // namespace ktally
