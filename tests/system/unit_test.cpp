// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ktallyd.service in the hands of an administrator: systemctl, busctl and journalctl do what they do with any service.
#include "client.hpp"
#include "eventually.hpp"
#include "service_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <fstream>
#include <map>

namespace ktally::test {
namespace {

using nlohmann::json;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::StartsWith;

constexpr uid_t alice = 1000;

Finished get(const std::string &interface, const std::string &property)
{
    return finished(
        {"busctl", "--system", "get-property", "org.ktally1", "/org/ktally1", "org.ktally1." + interface, property});
}

class Unit : public Service {
protected:
    std::map<std::string, std::string> status_of_daemon()
    {
        std::map<std::string, std::string> fields;
        std::ifstream file{"/proc/" + show("MainPID") + "/status"};
        for (std::string line; std::getline(file, line);)
            if (const auto colon = line.find(":\t"); colon != std::string::npos)
                fields.emplace(line.substr(0, colon), line.substr(colon + 2));
        return fields;
    }

    // The one entry with that id.
    json entry(const std::string &id)
    {
        std::vector<json> found;
        std::istringstream lines{journal()};
        for (std::string line; std::getline(lines, line);)
            if (json fields = json::parse(line); fields.value("MESSAGE_ID", "") == id)
                found.push_back(std::move(fields));
        EXPECT_EQ(found.size(), 1u) << id;
        return found.empty() ? json::object() : found.front();
    }
};

TEST_F(Unit, StartsWhenItCountsAndOwnsItsName)
{
    start();
    EXPECT_EQ(show("ActiveState"), "active");
    EXPECT_EQ(finished({"busctl", "--system", "status", "org.ktally1"}).status, 0);
    const Finished backend = get("Manager", "Backend");
    EXPECT_EQ(show("StatusText"),
              "Counting with " + backend.text.substr(3, backend.text.size() - 5) + ", return program off");
}

TEST_F(Unit, TellsTheStateOfTheReturnProgram)
{
    start();
    output({"ktallyctl", "return", "on"});
    EXPECT_THAT(show("StatusText"), HasSubstr(", return program on"));
    output({"ktallyctl", "return", "off"});
    EXPECT_THAT(show("StatusText"), HasSubstr(", return program off"));
}

TEST_F(Unit, RunsWithTwoCapabilitiesAndNoMore)
{
    start();
    auto status = status_of_daemon();
    const std::string bpf_and_perfmon = "000000c000000000";
    for (const char *set : {"CapPrm", "CapEff", "CapBnd", "CapAmb"})
        EXPECT_EQ(status[set], bpf_and_perfmon) << set;
    EXPECT_EQ(status["NoNewPrivs"], "1");
    EXPECT_EQ(status["Seccomp"], "2");
    EXPECT_EQ(show("User"), "ktally");
    EXPECT_NE(status["Uid"].substr(0, 2), "0\t");
}

// Of the calls that the filter refuses it makes none: for each it would be killed here.
TEST_F(Unit, MakesNoSystemCallThatItsFilterRefuses)
{
    drop_in("[Service]\nSystemCallErrorNumber=kill\nRestart=no\n");
    configure("Interval=100ms\n");
    start();
    output({"ktallyctl", "return", "on"});
    configure("Interval=200ms\n");
    output({"systemctl", "reload", "ktallyd"});
    output({"ktallyctl", "return", "off"});
    output({"ktallyctl", "hold", "--", "true"});
    output({"systemctl", "restart", "ktallyd"});
    output({"ktallyctl", "errors"});
    for (const char *who : {"units", "processes", "zombies", "descriptors"})
        output({"ktallyctl", who});
    stop();
    EXPECT_EQ(show("Result"), "success");
}

TEST_F(Unit, EveryCounterHasASource)
{
    start();
    client_.set_return_program(true);
    for (const auto &probe : client_.probes())
        EXPECT_EQ(std::get<2>(probe), "active") << std::get<0>(probe) << ": " << std::get<3>(probe);
}

TEST_F(Unit, IsAsLittleExposedAsTheReadmeSays)
{
    EXPECT_THAT(output({"systemd-analyze", "security", "--no-pager", "--threshold=10", "ktallyd.service"}),
                ContainsRegex("Overall exposure level for ktallyd.service: 0\\.[0-9] "));
}

TEST_F(Unit, IsStartedByACallWhenItIsEnabled)
{
    output({"systemctl", "enable", "--quiet", "ktallyd"});
    EXPECT_EQ(show("ActiveState"), "inactive");
    EXPECT_THAT(get("Files", "Opened").text, StartsWith("t "));
    EXPECT_EQ(show("ActiveState"), "active");
    output({"systemctl", "disable", "--quiet", "ktallyd"});
}

TEST_F(Unit, IsNotStartedByACallWhenItIsDisabled)
{
    const Finished answer = get("Files", "Opened");
    EXPECT_NE(answer.status, 0);
    EXPECT_EQ(show("ActiveState"), "inactive");
}

TEST_F(Unit, IsNotStartedByACallWhenItIsMasked)
{
    output({"systemctl", "mask", "--quiet", "--runtime", "ktallyd"});
    EXPECT_NE(get("Files", "Opened").status, 0);
    EXPECT_EQ(show("ActiveState"), "inactive");
    output({"systemctl", "unmask", "--quiet", "--runtime", "ktallyd"});
}

TEST_F(Unit, ReadsItsConfigurationAgainWhenItIsReloaded)
{
    start();
    const pid_t pid = main_pid();
    configure("Interval=250ms\n");
    output({"systemctl", "reload", "ktallyd"});
    EXPECT_TRUE(eventually([] { return get("Manager", "SampleIntervalUSec").text == "t 250000\n"; }, machine_patience));
    EXPECT_EQ(main_pid(), pid);
    EXPECT_EQ(show("ActiveState"), "active");
}

TEST_F(Unit, IsRestartedWhenItFailsButNotForEver)
{
    drop_in("[Unit]\nStartLimitBurst=3\n");
    start();
    for (int life = 0; life < 2; ++life) {
        const pid_t pid = main_pid();
        kill(pid, SIGKILL);
        ASSERT_NE(successor(pid), 0);
    }
    kill(main_pid(), SIGKILL);
    EXPECT_TRUE(eventually([this] { return show("ActiveState") == "failed"; }, machine_patience));
    EXPECT_EQ(show("NFileDescriptorStore"), "0");
    output({"systemctl", "reset-failed", "ktallyd"});
    start();
    EXPECT_EQ(show("ActiveState"), "active");
}

TEST_F(Unit, IsNotRestartedWhenItIsStopped)
{
    start();
    stop();
    EXPECT_EQ(show("ActiveState"), "inactive");
    EXPECT_EQ(show("Result"), "success");
    EXPECT_EQ(show("NRestarts"), "0");
}

TEST_F(Unit, ComesBackWithItsTotalsWhenTheBusIsRestarted)
{
    start();
    const std::uint64_t started = client_.properties("Manager").at("StartTimestampMonotonicUSec").get<std::uint64_t>();
    const Totals before = client_.totals();
    const pid_t pid = main_pid();
    output({"systemctl", "restart", "dbus"});
    ASSERT_NE(successor(pid), 0);
    client_.connect();
    const Totals after = client_.totals();
    for (std::size_t index = 0; index < counter_count; ++index)
        EXPECT_GE(after[index], before[index]);
    EXPECT_EQ(client_.properties("Manager").at("StartTimestampMonotonicUSec").get<std::uint64_t>(), started);
    // logind and polkit serve the other tests.
    output({"systemctl", "restart", "systemd-logind", "polkit"});
}

TEST_F(Unit, AnOrdinaryUserReadsEverythingAndMayNotBeTheDaemon)
{
    const Client user{alice};
    EXPECT_LT(sd_bus_request_name(user.bus(), "org.ktally1", 0), 0);
    start();
    for (const char *interface : {"Files", "Vfs", "Processes", "Manager"}) {
        const std::string name = std::string{"org.ktally1."} + interface;
        EXPECT_EQ(user.call("org.freedesktop.DBus.Properties", "GetAll", "s", name.c_str()).error(), "");
    }
    for (const char *interface : {"org.ktally1.Files", "org.ktally1.Vfs", "org.ktally1.Processes"})
        EXPECT_EQ(user.call(interface, "GetErrors", "").error(), "");
    EXPECT_EQ(user.call("org.freedesktop.DBus.Introspectable", "Introspect", "").error(), "");
    EXPECT_EQ(user.call("org.freedesktop.DBus.Peer", "Ping", "").error(), "");
}

TEST_F(Unit, AnOrdinaryUserMayCallNothingThatIsNotMeantForHim)
{
    start();
    const Client user{alice};
    const std::string refused = "org.freedesktop.DBus.Error.AccessDenied";
    EXPECT_EQ(user.call("org.ktally1.Secret", "Anything", "").error(), refused);
    EXPECT_EQ(user.call("org.freedesktop.DBus.Debug.Stats", "GetStats", "").error(), refused);
    EXPECT_EQ(user.call("org.freedesktop.DBus.Properties", "Set", "ssv", "org.ktally1.Manager", "ReturnProgramEnabled",
                        "b", 1)
                  .error(),
              "org.freedesktop.DBus.Error.PropertyReadOnly");
}

TEST_F(Unit, TheJournalSaysWhatBegan)
{
    start();
    const json started = entry("ac5aa197633844edbf20e7fc3ddaa018");
    EXPECT_EQ(started.value("KTALLY_BACKEND", ""), client_.backend());
    EXPECT_EQ(started.value("KTALLY_KERNEL", "") + '\n', output({"uname", "-r"}));
    EXPECT_EQ(started.value("KTALLY_COUNTERS", ""), std::to_string(counter_count));
    EXPECT_EQ(started.value("KTALLY_INTERVAL_USEC", ""), "1000000");
}

TEST_F(Unit, TheJournalSaysWhichCounterIsAbsentAndWhy)
{
    configure("Exclude=sched_process_exec\n");
    start();
    const json absent = entry("2e47cc35ed8d4ec3816ab66f7476b415");
    EXPECT_EQ(absent.value("KTALLY_COUNTER", ""), "Processes.Execs");
    EXPECT_EQ(absent.value("KTALLY_REASON", ""), "Exclude=sched_process_exec");
}

TEST_F(Unit, TheJournalSaysWhoSwitchedAndHeld)
{
    start();
    output({"ktallyctl", "hold", "--reason", "of a test", "--", "true"});
    EXPECT_EQ(entry("4fdbce6707b449f59ccb789e87b6dd29").value("KTALLY_UID", ""), "0");
    const json taken = entry("cb0760ae4f1f457f9ac13c7bae5cd1de");
    EXPECT_EQ(taken.value("KTALLY_HOLD_REASON", ""), "of a test");
    EXPECT_THAT(taken.value("KTALLY_CALLER", ""), StartsWith(":1."));
    EXPECT_TRUE(eventually([this] { return entries("MESSAGE_ID=404897aee62f416cad749bcaf3bd8c4c").size() == 1; },
                           machine_patience));
    EXPECT_EQ(entry("ebfde2a859fe47fabac5f4517981ecf1").value("KTALLY_HOLD_COOKIE", ""),
              taken.value("KTALLY_HOLD_COOKIE", "none"));
}

TEST_F(Unit, TheJournalSaysWhatOfTheConfigurationWasIgnored)
{
    configure("Interval=never\n");
    start();
    const json warning = entry("01c14aa4f8394093bd00c12ae69c5aef");
    EXPECT_EQ(warning.value("KTALLY_CONFIG_FILE", ""), "/etc/ktally/ktallyd.conf.d/test.conf");
    EXPECT_EQ(warning.value("KTALLY_CONFIG_LINE", ""), "2");
    EXPECT_EQ(warning.value("PRIORITY", ""), "4");
}

TEST_F(Unit, TheJournalExplainsItsEntries)
{
    output({"journalctl", "--update-catalog"});
    start();
    EXPECT_THAT(output({"journalctl", "--catalog", "--no-pager", "--unit=ktallyd"}),
                HasSubstr("\"ktallyctl probes\" shows where each number comes from."));
}

TEST_F(Unit, TheJournalHasNoEntryForASample)
{
    configure("Interval=100ms\n");
    start();
    const auto own = [this] { return entries("SYSLOG_IDENTIFIER=ktallyd").size(); };
    const std::size_t before = own();
    Client watcher;
    watcher.watch();
    EXPECT_TRUE(watcher.until([&] { return watcher.signals().size() >= 50; }, machine_patience));
    EXPECT_EQ(own(), before);
}

} // namespace
} // namespace ktally::test
