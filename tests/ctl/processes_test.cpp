// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fixture.hpp"

namespace ktally::test {
namespace {

using testing::StartsWith;

TopRow process(std::uint32_t pid, const char *command, const char *unit, std::uint64_t count)
{
    return {pid, command, unit, count,
            std::map<std::string, sdbus::Variant>{{"uid", sdbus::Variant{0u}},
                                                  {"parent_pid", sdbus::Variant{1u}},
                                                  {"descriptors", sdbus::Variant{12u}},
                                                  {"descriptor_limit", sdbus::Variant{std::uint64_t{1'024}}}}};
}

class ProcessesCommand : public CtlTest {
protected:
    void SetUp() override
    {
        CtlTest::SetUp();
        if (!IsSkipped())
            answers().top = {process(4711, "postgres", "postgresql@15-main.service", 1'234'567),
                             process(7, "sh\033[2J", "", 5)};
    }
};

TEST_F(ProcessesCommand, PrintsWhoReadsMost)
{
    EXPECT_EQ(text({"processes"}), "    READS   PID  USER  COMMAND    UNIT                        PARENT\n"
                                   "1,234,567  4711  root  postgres   postgresql@15-main.service       1\n"
                                   "        5     7  root  sh\\x1b[2J  -                                1\n");
    EXPECT_EQ(answers().asked.counter, "Vfs.Reads");
    EXPECT_EQ(answers().asked.limit, 10u);
    EXPECT_TRUE(answers().asked.options.empty());
}

TEST_F(ProcessesCommand, AsksForTheCounterThatIsTyped)
{
    EXPECT_THAT(text({"processes", "--sort", "forks", "-n", "3"}), StartsWith("    FORKS   PID"));
    EXPECT_EQ(answers().asked.counter, "Processes.Forks");
    EXPECT_EQ(answers().asked.limit, 3u);
}

TEST_F(ProcessesCommand, AsksForAnIntervalAndForOnesOwn)
{
    text({"processes", "--interval=2.5s", "--own", "-n", "0"});
    EXPECT_EQ(answers().asked.limit, 0u);
    EXPECT_EQ(answers().asked.options.at("interval_usec").get<std::uint64_t>(), 2'500'000u);
    EXPECT_TRUE(answers().asked.options.at("own").get<bool>());
}

TEST_F(ProcessesCommand, KnowsNoCounterOfWhatHasEnded)
{
    const Finished finished = ctl({"processes", "--sort=Exits"});
    EXPECT_EQ(finished.status, 2);
    EXPECT_THAT(finished.text, StartsWith("ktallyctl: --sort: there is no Exits, but Files.Opened, "));
}

TEST_F(ProcessesCommand, TakesNoIntervalThatTheDaemonDoesNot)
{
    for (const char *interval : {"0", "61s", "never"}) {
        const Finished finished = ctl({"processes", "--interval", interval});
        EXPECT_EQ(finished.status, 2);
        EXPECT_EQ(finished.text,
                  std::string{"ktallyctl: --interval: "} + interval + " is not a time span from 1us to 1min\n");
    }
}

TEST_F(ProcessesCommand, SaysThatThereAreNone)
{
    answers().top.clear();
    EXPECT_EQ(text({"processes", "--sort=fsyncs"}), "No process has any Vfs.Fsyncs.\n");
    EXPECT_EQ(text({"processes", "--no-legend"}), "");
    EXPECT_EQ(text({"processes", "--json=short"}), "[]\n");
}

TEST_F(ProcessesCommand, PrintsJson)
{
    const auto processes = json({"processes"});
    ASSERT_EQ(processes.size(), 2u);
    EXPECT_EQ(processes[0], (nlohmann::ordered_json{{"count", 1'234'567},
                                                    {"pid", 4711},
                                                    {"uid", 0},
                                                    {"command", "postgres"},
                                                    {"unit", "postgresql@15-main.service"},
                                                    {"parent_pid", 1},
                                                    {"descriptors", 12},
                                                    {"descriptor_limit", 1'024}}));
    EXPECT_EQ(processes[1]["command"], "sh\033[2J");
}

TEST_F(ProcessesCommand, DoesWithoutDetails)
{
    answers().top = {{8, "make", "", 1, std::map<std::string, sdbus::Variant>{}}};
    EXPECT_EQ(text({"processes", "--no-legend"}), "1  8  -  make  -  -\n");
    EXPECT_TRUE(json({"processes"})[0]["uid"].is_null());
}

} // namespace
} // namespace ktally::test
