// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/fold.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

namespace ktally {
namespace {

using Errors = std::array<__u64, KTALLY_ERRNOS>;

TEST(Fold, OfNoCpuIsZero)
{
    EXPECT_EQ(fold(std::span<const ktally_calls>{}, 0, KTALLY_CALL_SLOTS - 1), 0u);
}

TEST(Fold, AddsOneColumnOverAllCpus)
{
    std::vector<ktally_calls> cpus(3);
    cpus[0].slot[KTALLY_OPEN] = 1;
    cpus[1].slot[KTALLY_OPEN] = 20;
    cpus[2].slot[KTALLY_OPEN] = 300;
    EXPECT_EQ(fold<ktally_calls>(cpus, KTALLY_OPEN, KTALLY_OPEN), 321u);
}

TEST(Fold, AddsARangeOfColumnsBothEndsIncluded)
{
    std::vector<ktally_calls> cpus(2);
    cpus[0].slot[KTALLY_READ] = 1;
    cpus[0].slot[KTALLY_READV] = 10;
    cpus[1].slot[KTALLY_READ] = 100;
    cpus[1].slot[KTALLY_READV] = 1000;
    EXPECT_EQ(fold<ktally_calls>(cpus, KTALLY_READ, KTALLY_READV), 1111u);
}

TEST(Fold, LeavesOutTheNeighboursOfTheRange)
{
    std::vector<ktally_calls> cpus(1);
    cpus[0].slot[KTALLY_CLOSE] = 7;
    cpus[0].slot[KTALLY_READ] = 1;
    cpus[0].slot[KTALLY_READV] = 2;
    cpus[0].slot[KTALLY_WRITE] = 7;
    EXPECT_EQ(fold<ktally_calls>(cpus, KTALLY_READ, KTALLY_READV), 3u);
}

TEST(Fold, LeavesOutTheBlocksOfCpusBeyondTheSpan)
{
    std::vector<ktally_calls> cpus(KTALLY_MAX_CPUS);
    cpus[0].slot[KTALLY_EXEC] = 4;
    cpus[1].slot[KTALLY_EXEC] = 5;
    cpus[2].slot[KTALLY_EXEC] = 600;
    EXPECT_EQ(fold(std::span<const ktally_calls>{cpus}.first(2), KTALLY_EXEC, KTALLY_EXEC), 9u);
}

TEST(Fold, ReachesTheLastCpuAndTheLastColumn)
{
    std::vector<ktally_calls> cpus(KTALLY_MAX_CPUS);
    cpus[KTALLY_MAX_CPUS - 1].slot[KTALLY_CALL_SLOTS - 1] = 42;
    EXPECT_EQ(fold<ktally_calls>(cpus, KTALLY_CALL_SLOTS - 1, KTALLY_CALL_SLOTS - 1), 42u);
}

TEST(Fold, TakesBlocksOfBytesAsWell)
{
    std::vector<ktally_bytes> cpus(2);
    cpus[0].slot[0] = 4096;
    cpus[1].slot[1] = 4;
    cpus[1].slot[2] = 999;
    EXPECT_EQ(fold<ktally_bytes>(cpus, 0, 1), 4100u);
}

TEST(Fold, KeepsAllSixtyFourBits)
{
    std::vector<ktally_calls> cpus(2);
    cpus[0].slot[KTALLY_READ] = 9'000'000'000'000'000'000;
    cpus[1].slot[KTALLY_READ] = 1;
    EXPECT_EQ(fold<ktally_calls>(cpus, KTALLY_READ, KTALLY_READ), 9'000'000'000'000'000'001u);
}

TEST(Fold, AddsAllErrnosOfARow)
{
    const auto errors = std::make_unique<Errors>();
    (*errors)[2] = 5;
    (*errors)[13] = 6;
    (*errors)[KTALLY_ERRNOS - 1] = 70;
    EXPECT_EQ(fold(std::span<const __u64, KTALLY_ERRNOS>{*errors}), 81u);
}

} // namespace
} // namespace ktally
