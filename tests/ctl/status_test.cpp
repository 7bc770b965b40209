// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fixture.hpp"

namespace ktally::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class StatusCommand : public CtlTest {
protected:
    void SetUp() override
    {
        CtlTest::SetUp();
        if (IsSkipped())
            return;
        answers().machine.descriptors = 12'345;
        answers().machine.zombies = 3;
    }
};

TEST_F(StatusCommand, PrintsWhatThereIsNow)
{
    EXPECT_THAT(text({"status"}), AllOf(HasSubstr("   Descriptors: 12,345 open\n"
                                                  "       Zombies: 3\n"),
                                        Not(HasSubstr("Unattributed"))));
    const auto status = json({"status"});
    EXPECT_EQ(status["descriptors"], 12'345);
    EXPECT_EQ(status["zombies"], 3);
    EXPECT_EQ(status["events_unattributed"], 0);
}

TEST_F(StatusCommand, SaysWhatNobodyIsToldOf)
{
    answers().machine.zombies = absent_total;
    answers().unattributed = 1;
    EXPECT_THAT(text({"status"}),
                AllOf(HasSubstr("       Zombies: absent\n"), HasSubstr("  Unattributed: at most 1 call of no unit\n")));
    EXPECT_TRUE(json({"status"})["zombies"].is_null());
}

TEST_F(StatusCommand, SaysWhyNothingIsCountedByUnit)
{
    answers().probes = {{"Accounting", "", "absent", "no cgroup v2 is mounted"}};
    EXPECT_THAT(text({"status"}), HasSubstr("        Absent: Accounting: no cgroup v2 is mounted\n"));
    EXPECT_EQ(json({"status"})["absent"]["Accounting"], "no cgroup v2 is mounted");
}

TEST_F(StatusCommand, ShowKnowsThePropertiesToo)
{
    EXPECT_EQ(text({"show", "-p", "DescriptorsCurrent,Processes.ZombiesCurrent,EventsUnattributed"}),
              "Manager.EventsUnattributed=0\n"
              "Files.DescriptorsCurrent=12345\n"
              "Processes.ZombiesCurrent=3\n");
    EXPECT_THAT(text({"show", "--list"}),
                AllOf(HasSubstr("Manager.EventsUnattributed\n"), HasSubstr("Files.DescriptorsCurrent\n"),
                      HasSubstr("Processes.ZombiesCurrent\n")));
}

} // namespace
} // namespace ktally::test
