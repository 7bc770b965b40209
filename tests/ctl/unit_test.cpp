// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fixture.hpp"

namespace ktally::test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class UnitCommand : public CtlTest {
protected:
    void SetUp() override
    {
        CtlTest::SetUp();
        if (IsSkipped())
            return;
        FakeNumbers cron{"cron.service", "/system.slice/cron.service", UINT64_MAX, {}, 12, 3};
        for (const CounterRow &counter : counters)
            cron.totals[static_cast<std::size_t>(counter.counter)] =
                counter.unit == Unit::calls ? 1'000 + static_cast<std::uint64_t>(counter.counter) : absent_total;
        daemon_->add_unit(cron);
        FakeNumbers slice = cron;
        slice.name = "system.slice";
        slice.control_group = "/system.slice";
        daemon_->add_unit(slice);
        answers().unit_of_process[4711] = "cron.service";
    }
};

constexpr const char *cron_text = "* cron.service, counted for 0s\n"
                                  " Control group: /system.slice/cron.service\n"
                                  "   Descriptors: 12 open\n"
                                  "       Zombies: 3\n"
                                  "\n"
                                  "COUNTER                   TOTAL\n"
                                  "Files.Opened              1,000\n"
                                  "Files.Closed              1,001\n"
                                  "Vfs.Reads                 1,004\n"
                                  "Vfs.Writes                1,005\n"
                                  "Vfs.Unlinks               1,006\n"
                                  "Vfs.Fsyncs                1,007\n"
                                  "Vfs.Creates               1,008\n"
                                  "Processes.Forks           1,015\n"
                                  "Processes.ThreadsCreated  1,016\n"
                                  "Processes.Execs           1,017\n"
                                  "Processes.Exits           1,018\n"
                                  "Processes.TasksExited     1,019\n"
                                  "Processes.TasksReleased   1,020\n";

TEST_F(UnitCommand, PrintsAllThatIsCounted)
{
    EXPECT_EQ(text({"unit", "cron.service"}), cron_text);
}

TEST_F(UnitCommand, TakesANameWithoutSuffixForAService)
{
    EXPECT_EQ(text({"unit", "cron"}), cron_text);
}

TEST_F(UnitCommand, TakesANumberForAProcess)
{
    EXPECT_EQ(text({"unit", "4711"}), cron_text);
}

TEST_F(UnitCommand, SaysWhichHasUnitsInIt)
{
    daemon_->add_unit({"user@1000.service", "/u", UINT64_MAX});
    daemon_->add_unit({"user@1000.service/app.service", "/u/app", UINT64_MAX});
    EXPECT_THAT(text({"unit", "user@1000"}), HasSubstr(" Control group: /u, with all units in it\n"));
    EXPECT_THAT(text({"unit", "user@1000.service/app"}), HasSubstr(" Control group: /u/app\n"));
    EXPECT_THAT(text({"unit", "system.slice"}), HasSubstr(" Control group: /system.slice, with all units in it\n"));
}

TEST_F(UnitCommand, SaysForHowLongItHasBeenCounted)
{
    daemon_->add_unit({"old.service", "/old.service", usec_ago(std::chrono::seconds{2})});
    EXPECT_THAT(text({"unit", "old"}), MatchesRegex("\\* old\\.service, counted for [2-9]s\n.*"));
}

TEST_F(UnitCommand, PrintsSeveral)
{
    EXPECT_THAT(text({"unit", "cron", "system.slice"}),
                testing::StartsWith(std::string{cron_text} + "\n* system.slice, counted for 0s\n"));
}

TEST_F(UnitCommand, SaysWhichThereIsNotAndPrintsTheOthers)
{
    const Finished finished = ctl({"unit", "nothing", "cron"});
    EXPECT_EQ(finished.status, 1);
    EXPECT_EQ(finished.text, "ktallyctl: no unit nothing.service is running, or was in the last 30 seconds; see "
                             "ktallyctl units\n" +
                                 std::string{cron_text});
}

TEST_F(UnitCommand, SaysThatThereIsNoSuchProcess)
{
    const Finished finished = ctl({"unit", "4712"});
    EXPECT_EQ(finished.status, 1);
    EXPECT_EQ(finished.text, "ktallyctl: there is no process 4712 in a unit\n");
}

TEST_F(UnitCommand, TakesNoNumberThatIsNoPid)
{
    const Finished finished = ctl({"unit", "4294967296"});
    EXPECT_EQ(finished.status, 2);
    EXPECT_EQ(finished.text, "ktallyctl: 4294967296 is no PID\n");
}

TEST_F(UnitCommand, HasAReasonWhereNothingIsCounted)
{
    answers().probes = {{"Accounting", "", "absent", "no cgroup v2 is mounted"}};
    const Finished finished = ctl({"unit", "nothing"});
    EXPECT_EQ(finished.status, 1);
    EXPECT_EQ(finished.text, "ktallyctl: nothing is counted by unit: no cgroup v2 is mounted\n");
}

TEST_F(UnitCommand, PrintsJson)
{
    const auto units = json({"unit", "cron"});
    ASSERT_EQ(units.size(), 1u);
    EXPECT_EQ(units[0]["name"], "cron.service");
    EXPECT_EQ(units[0]["control_group"], "/system.slice/cron.service");
    EXPECT_EQ(units[0]["since_monotonic_usec"], UINT64_MAX);
    EXPECT_EQ(units[0]["counts"]["Vfs.Reads"], 1'004);
    EXPECT_EQ(units[0]["counts"]["Files.DescriptorsCurrent"], 12);
    EXPECT_EQ(units[0]["counts"].size(), 15u);
}

} // namespace
} // namespace ktally::test
