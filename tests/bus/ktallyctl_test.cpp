// SPDX-License-Identifier: LGPL-2.1-or-later
#include "accounts_fixture.hpp"

#include "places.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <string>
#include <thread>
#include <vector>

namespace ktally::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::MatchesRegex;

// What the daemon says, as ktallyctl shows it. How it shows what, tests/ctl knows.
class Ktallyctl : public AccountsTest {
protected:
    void SetUp() override
    {
        AccountsTest::SetUp();
        if (IsSkipped())
            return;
        system_ = cgroup("system.slice");
        web_ = cgroup("web.service", system_);
        count(web_, KTALLY_READ, 1'200);
        task(4711, web_).calls[KTALLY_READ] = 34;
        process(4711, web_, "webd").descriptors = 900;
    }

    static Finished ctl(std::vector<std::string> arguments, std::vector<std::string> before = {})
    {
        before.insert(before.end(), {"env", "LC_ALL=C", place("KTALLY_CTL", KTALLYCTL)});
        before.insert(before.end(), arguments.begin(), arguments.end());
        return run(before);
    }
    static Finished ctl_of_nobody(const std::vector<std::string> &arguments)
    {
        return ctl(arguments, {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"});
    }

    std::uint64_t system_ = 0;
    std::uint64_t web_ = 0;
};

TEST_F(Ktallyctl, ListsUnits)
{
    EXPECT_EQ(ctl({"units", "--sort=Creates"}).text,
              "UNIT          OPENED  CLOSED  READS  WRITES  FORKS  EXECS  EXITS  ZOMBIES  DESCRIPTORS  CREATES\n"
              "-.slice            0       0  1,234       0      0      0      0        0          900   absent\n"
              "system.slice       0       0  1,234       0      0      0      0        0          900   absent\n"
              "web.service        0       0  1,234       0      0      0      0        0          900   absent\n"
              "\n"
              "3 units. What is in a slice counts for the slice, too.\n");
}

TEST_F(Ktallyctl, PrintsAUnitByItsNameAndByAProcess)
{
    const std::string by_name = ctl({"unit", "web"}).text;
    EXPECT_THAT(by_name, AllOf(MatchesRegex("\\* web\\.service, counted for [0-9]+m?s\n.*"),
                               HasSubstr("\n Control group: /system.slice/web.service\n"
                                         "   Descriptors: 900 open\n"
                                         "       Zombies: 0\n\n"),
                               ContainsRegex("\nVfs\\.Reads +1,234\n")));
    const std::string by_process = ctl({"unit", "4711"}).text;
    EXPECT_EQ(by_process.substr(by_process.find('\n')), by_name.substr(by_name.find('\n')));
}

TEST_F(Ktallyctl, SaysWhichUnitThereIsNot)
{
    const Finished finished = ctl({"unit", "mail", "4712"});
    EXPECT_EQ(finished.status, 1);
    EXPECT_EQ(finished.text, "ktallyctl: no unit mail.service is running, or was in the last 30 seconds; see "
                             "ktallyctl units\n"
                             "ktallyctl: there is no process 4712 in a unit\n");
}

TEST_F(Ktallyctl, ListsProcesses)
{
    EXPECT_EQ(ctl({"processes"}).text, "READS   PID  USER  COMMAND  UNIT         PARENT\n"
                                       "   34  4711  root  webd     web.service       1\n");
    EXPECT_EQ(ctl({"processes", "--sort=execs"}).text, "No process has any Processes.Execs.\n");
}

TEST_F(Ktallyctl, ListsWhatProcessesDoFromNowOn)
{
    std::jthread reader{[this](const std::stop_token &stop) {
        while (!stop.stop_requested()) {
            accounts().tasks[0].calls[KTALLY_READ] += 1'000;
            std::this_thread::yield();
        }
    }};
    EXPECT_THAT(ctl({"processes", "--no-legend", "--interval=100ms"}).text,
                MatchesRegex("[0-9,]+000  4711  root  webd  web\\.service  1\n"));
}

TEST_F(Ktallyctl, ListsOnlyOnesOwnProcessesWithoutAuthorization)
{
    for (const char *command : {"processes", "descriptors"}) {
        const Finished all = ctl_of_nobody({command});
        EXPECT_EQ(all.status, 1);
        EXPECT_THAT(all.text, MatchesRegex("ktallyctl: [^\n]+\n"));
        const Finished own = ctl_of_nobody({command, "--own", "--no-legend"});
        EXPECT_EQ(own.status, 0);
        EXPECT_EQ(own.text, "");
    }
}

TEST_F(Ktallyctl, ListsZombies)
{
    EXPECT_EQ(ctl({"zombies"}).text, "No zombies: every process that ended was reaped.\n");
    zombie(5000, web_).wait_status = SIGTERM;
    EXPECT_THAT(ctl({"zombies"}).text,
                MatchesRegex(" *PID +COMMAND +STATUS +SINCE +PARENT PID +PARENT +UNIT\n"
                             "5000  dead     killed by SIGTERM  [0-9]+m?s ago +1  parent  web\\.service\n"
                             "\n"
                             "1 zombie of 1 parent: parent \\(PID 1\\)\n"));
}

TEST_F(Ktallyctl, ListsDescriptors)
{
    EXPECT_EQ(ctl({"descriptors"}).text, "DESCRIPTORS  LIMIT  USED %   PID  USER  COMMAND  UNIT\n"
                                         "        900  1,024    87.9  4711  root  webd     web.service\n"
                                         "\n"
                                         "900 descriptors open on this machine.\n");
}

TEST_F(Ktallyctl, SaysWhereNothingIsCountedByUnit)
{
    accounts().state = static_cast<std::uint32_t>(ProbeState::absent);
    for (const std::vector<std::string> &command : {std::vector<std::string>{"unit", "mail"}, {"processes"}}) {
        const Finished finished = ctl(command);
        EXPECT_EQ(finished.status, 1);
        EXPECT_THAT(finished.text, MatchesRegex("ktallyctl: [^\n]+\n"));
    }
}

} // namespace
} // namespace ktally::test
