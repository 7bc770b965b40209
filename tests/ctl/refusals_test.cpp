// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What ktallyctl says when the daemon does not do what it is asked.
#include "fixture.hpp"

namespace ktally::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Refusals : public CtlTest {};

TEST_F(Refusals, OfThoseWhoMayNotLook)
{
    answers().refusal =
        dbus::error("org.freedesktop.DBus.Error.AccessDenied", "not authorized for org.ktally1.inspect-processes");
    for (const char *command : {"processes", "descriptors"}) {
        const Finished finished = ctl({command});
        EXPECT_EQ(finished.status, 1);
        EXPECT_EQ(finished.text, "ktallyctl: not authorized for org.ktally1.inspect-processes\n");
    }
}

TEST_F(Refusals, OfAKernelThatCannotCountByProcess)
{
    answers().refusal = dbus::error("org.freedesktop.DBus.Error.NotSupported", "accounting is absent");
    const Finished finished = ctl({"processes"});
    EXPECT_EQ(finished.status, 1);
    EXPECT_EQ(finished.text, "ktallyctl: accounting is absent; see ktallyctl probes\n");
}

// One that owns the name and has none of the objects and methods that are asked for.
TEST_F(Refusals, OfAnOlderDaemon)
{
    daemon_.reset();
    const auto older = sdbus::createSystemBusConnection();
    older->requestName(dbus::ServiceName{"org.ktally1"});
    older->enterEventLoopAsync();
    for (const std::vector<std::string> &command :
         {std::vector<std::string>{"units"}, {"unit", "cron"}, {"processes"}, {"zombies"}, {"descriptors"}}) {
        const Finished finished = ctl(command);
        EXPECT_EQ(finished.status, 1) << command.front();
        EXPECT_THAT(finished.text, StartsWith("ktallyctl: ktallyd is of another version than ktallyctl, see ktallyctl "
                                              "version: "));
    }
    older->leaveEventLoop();
}

TEST_F(Refusals, OfNobody)
{
    daemon_.reset();
    for (const std::vector<std::string> &command :
         {std::vector<std::string>{"units"}, {"unit", "cron"}, {"processes"}, {"zombies"}, {"descriptors"}}) {
        const Finished finished = ctl(command);
        EXPECT_EQ(finished.status, 3) << command.front();
        EXPECT_THAT(finished.text, HasSubstr("ktallyd is not running"));
    }
}

} // namespace
} // namespace ktally::test
