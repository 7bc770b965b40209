// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is installed, on a machine with real systemd, dbus and polkit: nothing is started by hand.
#include "child.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace ktally::test {
namespace {

using namespace std::chrono_literals;

// An emulated CPU that others use too takes its time.
constexpr auto patience = 60s;

std::string output(const std::vector<std::string> &command)
{
    const Finished finished = run(command, patience);
    EXPECT_EQ(finished.status, 0) << finished.text;
    return finished.text;
}

TEST(Machine, SystemdIsUpAndNoUnitFailed)
{
    EXPECT_EQ(text_of("/proc/1/comm"), "systemd\n");
    EXPECT_EQ(run({"systemctl", "is-system-running", "--wait"}, patience).text, "running\n")
        << output({"systemctl", "list-units", "--failed", "--no-pager"});
}

TEST(Machine, TheBusAnswers)
{
    EXPECT_NE(output({"busctl", "--system", "list", "--no-pager"}).find("org.freedesktop.login1"), std::string::npos);
}

TEST(Machine, PolkitKnowsTheActions)
{
    const std::string actions = output({"pkaction"});
    for (const char *action : {"org.ktally1.hold-return-program", "org.ktally1.set-return-program"})
        EXPECT_NE(actions.find(action), std::string::npos) << actions;
}

TEST(Machine, TheDaemonHasItsUser)
{
    EXPECT_NE(output({"getent", "passwd", "ktally"}).find("nologin"), std::string::npos);
}

TEST(Machine, TheDaemonIsNeitherEnabledNorStarted)
{
    EXPECT_EQ(run({"systemctl", "is-enabled", "ktallyd"}, patience).text, "disabled\n");
    EXPECT_EQ(run({"systemctl", "is-active", "ktallyd"}, patience).text, "inactive\n");
}

TEST(Machine, SystemdStartsAndStopsTheDaemon)
{
    EXPECT_EQ(run({"systemctl", "start", "ktallyd"}, patience).status, 0)
        << run({"journalctl", "--unit", "ktallyd", "--no-pager"}, patience).text;
    EXPECT_TRUE(
        output({"busctl", "--system", "get-property", "org.ktally1", "/org/ktally1", "org.ktally1.Manager", "Backend"})
            .starts_with("s \""));
    output({"systemctl", "stop", "ktallyd"});
    EXPECT_EQ(run({"systemctl", "is-active", "ktallyd"}, patience).text, "inactive\n");
}

} // namespace
} // namespace ktally::test
