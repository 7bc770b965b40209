// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fixture.hpp"

#include <csignal>

namespace ktally::test {
namespace {

using testing::EndsWith;
using testing::MatchesRegex;
using testing::StartsWith;

constexpr std::uint64_t just_now = UINT64_MAX - 100; // later than now: an age of 0

class ZombiesCommand : public CtlTest {};

TEST_F(ZombiesCommand, SaysThatThereAreNone)
{
    EXPECT_EQ(text({"zombies"}), "No zombies: every process that ended was reaped.\n");
    EXPECT_EQ(text({"zombies", "--no-legend"}), "");
    EXPECT_EQ(text({"zombies", "--json=short"}), "[]\n");
}

TEST_F(ZombiesCommand, DoesNotTakeUnknownForNone)
{
    answers().machine.zombies = absent_total;
    const Finished finished = ctl({"zombies"});
    EXPECT_EQ(finished.status, 1);
    EXPECT_EQ(finished.text, "ktallyctl: zombies cannot be told on this kernel; see ktallyctl probes\n");
}

TEST_F(ZombiesCommand, PrintsTheParentWithTheMostFirst)
{
    answers().zombies = {
        {10, 1, "a", "init", "a.service", 0, just_now},
        {11, 77, "b", "fac\033tory", "b.service", 3 << 8, just_now + 2},
        {12, 77, "c", "fac\033tory", "b.service", SIGTERM, just_now + 1},
        {13, 5, "d", "shell", "", SIGSEGV | 0x80, just_now},
    };
    EXPECT_EQ(text({"zombies"}),
              "PID  COMMAND  STATUS                          SINCE   PARENT PID  PARENT       UNIT\n"
              " 12  c        killed by SIGTERM               0s ago          77  fac\\x1btory  b.service\n"
              " 11  b        exited 3                        0s ago          77  fac\\x1btory  b.service\n"
              " 10  a        exited 0                        0s ago           1  init         a.service\n"
              " 13  d        killed by SIGSEGV, dumped core  0s ago           5  shell        -\n"
              "\n"
              "4 zombies of 3 parents, 2 of them of fac\\x1btory (PID 77)\n");
}

TEST_F(ZombiesCommand, NamesTheOneParentOfFiveThousand)
{
    for (std::uint32_t pid = 1'000; pid < 6'000; ++pid)
        answers().zombies.push_back({pid, 77, "child", "factory", "f.service", 0, just_now});
    const std::string lines = text({"zombies"});
    EXPECT_EQ(std::ranges::count(lines, '\n'), 5'003);
    EXPECT_THAT(lines, EndsWith("\n\n5,000 zombies of 1 parent: factory (PID 77)\n"));
}

TEST_F(ZombiesCommand, SaysSinceWhen)
{
    answers().zombies = {{10, 1, "a", "init", "a.service", 0, usec_ago(std::chrono::seconds{2})}};
    EXPECT_THAT(text({"zombies", "--no-legend"}), MatchesRegex("10  a  exited 0  [2-9]s ago  1  init  a.service\n"));
    EXPECT_THAT(text({"zombies"}), EndsWith("1 zombie of 1 parent: init (PID 1)\n"));
}

TEST_F(ZombiesCommand, PrintsJson)
{
    answers().zombies = {{10, 1, "a", "init", "a.service", 3 << 8, 123}, {11, 1, "b", "init", "", SIGRTMIN + 1, 456}};
    const auto zombies = json({"zombies"});
    ASSERT_EQ(zombies.size(), 2u);
    EXPECT_EQ(zombies[0], (nlohmann::ordered_json{{"pid", 10},
                                                  {"command", "a"},
                                                  {"exit_code", 3},
                                                  {"signal", nullptr},
                                                  {"since_monotonic_usec", 123},
                                                  {"parent_pid", 1},
                                                  {"parent_command", "init"},
                                                  {"unit", "a.service"}}));
    EXPECT_TRUE(zombies[1]["exit_code"].is_null());
    EXPECT_EQ(zombies[1]["signal"], "SIGRTMIN+1");
}

} // namespace
} // namespace ktally::test
