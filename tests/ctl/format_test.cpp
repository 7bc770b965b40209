// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace ktally {
namespace {

using namespace std::chrono_literals;

TEST(WaitStatusText, TellsTheExitCode)
{
    EXPECT_EQ(wait_status_text(0), "exited 0");
    EXPECT_EQ(wait_status_text(3 << 8), "exited 3");
    EXPECT_EQ(wait_status_text(255 << 8), "exited 255");
}

TEST(WaitStatusText, TellsTheSignalThatKilled)
{
    EXPECT_EQ(wait_status_text(SIGTERM), "killed by SIGTERM");
    EXPECT_EQ(wait_status_text(SIGKILL), "killed by SIGKILL");
    EXPECT_EQ(wait_status_text(SIGSEGV | 0x80), "killed by SIGSEGV, dumped core");
}

TEST(SignalName, IsThatOfRealTimeSignalsToo)
{
    EXPECT_EQ(signal_name(SIGRTMIN), "SIGRTMIN+0");
    EXPECT_EQ(signal_name(SIGRTMIN + 3), "SIGRTMIN+3");
    EXPECT_EQ(signal_name(32), "signal 32"); // glibc keeps it to itself
}

TEST(Counted, HasAPluralAndGroups)
{
    EXPECT_EQ(counted(0, "zombie"), "0 zombies");
    EXPECT_EQ(counted(1, "zombie"), "1 zombie");
    EXPECT_EQ(counted(5'000, "zombie"), "5,000 zombies");
}

TEST(Printable, LeavesNothingThatATerminalObeys)
{
    EXPECT_EQ(printable("a\033[2Jb\n\x7f"), "a\\x1b[2Jb\\x0a\\x7f");
    EXPECT_EQ(printable("\xc2\x9b"
                        "2J"),
              "\\x9b2J");
    EXPECT_EQ(printable("naïve"), "naïve");
}

TEST(Age, HasNoDigitsThatNobodyAsksFor)
{
    EXPECT_EQ(age(0s), "0s");
    EXPECT_EQ(age(123456us), "123ms");
    EXPECT_EQ(age(123456789us), "2min 3s");
    EXPECT_EQ(age(2h + 3min + 4s), "2h 3min");
}

TEST(TableTest, AlignsCharactersAndNotBytes)
{
    Table table{{{"NAME"}, {"COUNT", Table::Align::right}, {"LAST"}}};
    table.add({{"é"}, {"1"}, {"x"}});
    table.add({{"abcdef"}, {"1,000,000"}, {""}});
    EXPECT_EQ(table.text(true, false), "NAME        COUNT  LAST\n"
                                       "é               1  x\n"
                                       "abcdef  1,000,000\n");
}

} // namespace
} // namespace ktally
