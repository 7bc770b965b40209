// SPDX-License-Identifier: LGPL-2.1-or-later
#include "return_program_record.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace ktally {
namespace {

TEST(ReturnProgramRecord, IsReadAsItWasWritten)
{
    const Hold hold{":1.5", 1000, "a \"reason\"\n\xc3\xa9", MonotonicTime{std::chrono::microseconds{7'000'001}}};
    const auto read = ReturnProgramRecord::from(
        ReturnProgramRecord{"0123abcd", true, {true, 4'294'967'295, {{3, hold}, {4'294'967'295, hold}}}}.text());
    EXPECT_EQ(read.bus, "0123abcd");
    EXPECT_TRUE(read.configured);
    EXPECT_TRUE(read.state.enabled);
    EXPECT_EQ(read.state.last_cookie, 4'294'967'295);
    ASSERT_EQ(read.state.holds.size(), 2u);
    EXPECT_EQ(read.state.holds.at(3).owner, hold.owner);
    EXPECT_EQ(read.state.holds.at(3).uid, hold.uid);
    EXPECT_EQ(read.state.holds.at(3).reason, hold.reason);
    EXPECT_EQ(read.state.holds.at(3).since, hold.since);
}

TEST(ReturnProgramRecord, OfNothingIsReadAsNothing)
{
    const auto read = ReturnProgramRecord::from(ReturnProgramRecord{}.text());
    EXPECT_FALSE(read.configured);
    EXPECT_FALSE(read.state.enabled);
    EXPECT_TRUE(read.state.holds.empty());
}

TEST(ReturnProgramRecord, RefusesWhatMakesNoSense)
{
    for (const char *text : {"", "{}", "[]", "null", "{\"bus\":1}", "\xff",
                             "{\"bus\":\"\",\"configured\":false,\"enabled\":1,\"last_cookie\":0,\"holds\":[]}",
                             "{\"bus\":\"\",\"configured\":false,\"enabled\":true,\"last_cookie\":0,\"holds\":[1]}"})
        EXPECT_THROW(ReturnProgramRecord::from(text), std::runtime_error) << text;
}

} // namespace
} // namespace ktally
