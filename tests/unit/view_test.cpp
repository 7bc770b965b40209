// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/view.hpp"

#include "fake_source.hpp"

#include <gtest/gtest.h>

namespace ktally {
namespace {

std::uint64_t &total_of(Totals &totals, Counter counter)
{
    return totals[static_cast<std::size_t>(counter)];
}

TEST(View, ShowsTheLiveTotal)
{
    test::FakeSource source;
    View view{source};
    total_of(source.totals, Counter::Reads) = 1;
    EXPECT_EQ(view.total(Counter::Reads), 1u);
    total_of(source.totals, Counter::Reads) = 2;
    EXPECT_EQ(view.total(Counter::Reads), 2u);
}

TEST(View, NeverShowsLessThanBefore)
{
    test::FakeSource source;
    View view{source};
    total_of(source.totals, Counter::Reads) = 10;
    view.total(Counter::Reads);
    total_of(source.totals, Counter::Reads) = 4;
    EXPECT_EQ(view.total(Counter::Reads), 14u);
}

TEST(View, ShowsAbsentCountersAsSuch)
{
    test::FakeSource source;
    View view{source};
    total_of(source.totals, Counter::Creates) = absent_total;
    EXPECT_EQ(view.total(Counter::Creates), absent_total);
}

TEST(View, GivesTheTotalsOfAllCountersInTheOrderOfTheTable)
{
    test::FakeSource source;
    View view{source};
    for (std::size_t index = 0; index < counter_count; ++index)
        source.totals[index] = 100 + index;
    EXPECT_EQ(view.totals(), source.totals);
}

TEST(View, ShowsTheSampleWhileItIsFrozen)
{
    test::FakeSource source;
    View view{source};
    Totals sample{};
    total_of(sample, Counter::Writes) = 5;
    total_of(source.totals, Counter::Writes) = 6;
    const View::Freeze freeze{view, sample};
    EXPECT_EQ(view.total(Counter::Writes), 5u);
    EXPECT_EQ(view.totals(), sample);
}

TEST(View, IsLiveAgainAfterTheFreeze)
{
    test::FakeSource source;
    View view{source};
    const Totals sample{};
    total_of(source.totals, Counter::Writes) = 6;
    {
        const View::Freeze freeze{view, sample};
    }
    EXPECT_EQ(view.total(Counter::Writes), 6u);
}

} // namespace
} // namespace ktally
