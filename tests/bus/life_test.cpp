// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fixtures.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace ktally::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Life : public ServerTest {};

// How the daemon begins and ends when the bus is not as it should be.
class Start : public BusTest {
protected:
    using BusTest::BusTest;
};
class StartWithoutPolicy : public Start {
protected:
    StartWithoutPolicy() : Start{Policy::none} {}
};

TEST_F(Life, EndsWellOnSigterm)
{
    server_->signal(SIGTERM);
    EXPECT_EQ(server_->wait(), 0);
}

TEST_F(Life, EndsWellOnSigint)
{
    server_->signal(SIGINT);
    EXPECT_EQ(server_->wait(), 0);
}

TEST_F(Life, EndsWellWhileTheReturnProgramIsHeldAndAuthorizationIsOpen)
{
    ASSERT_EQ(root_->manager("HoldReturnProgram", "s", "test").error(), "");
    Client user{nobody};
    user.begin(user.method("org.ktally1.Manager", "SetReturnProgram", "b", 1));
    server_->signal(SIGTERM);
    EXPECT_EQ(server_->wait(), 0);
}

TEST_F(Life, GivesTheNameBackWhenItEnds)
{
    server_->signal(SIGTERM);
    ASSERT_EQ(server_->wait(), 0);
    start_server();
    EXPECT_EQ(root_->number("org.ktally1.Files", "Opened"), 0u);
}

TEST_F(Life, EndsWithAMessageAndAFailureWhenTheBusGoesAway)
{
    root_.reset();
    bus_->daemon().signal(SIGKILL);
    EXPECT_EQ(server_->wait(), EXIT_FAILURE);
    EXPECT_THAT(log(), HasSubstr("the bus went away"));
}

TEST_F(Life, EndsWithAMessageAndAFailureWhenTheBusEnds)
{
    root_.reset();
    bus_->daemon().signal(SIGTERM);
    EXPECT_EQ(server_->wait(), EXIT_FAILURE);
    EXPECT_THAT(log(), HasSubstr("the bus went away"));
}

TEST_F(Life, RefusesToBeThereTwice)
{
    const auto second = run_server(file("second.log"));
    EXPECT_EQ(second->wait(), EXIT_FAILURE);
    EXPECT_EQ(text_of(file("second.log")), "ktallyd: the bus name org.ktally1 is taken: another ktallyd is running\n");
    EXPECT_EQ(root_->number("org.ktally1.Files", "Opened"), 0u);
}

TEST_F(Life, ReadsItsConfigurationAgainOnSighup)
{
    configure("Interval=250ms\n");
    server_->signal(SIGHUP);
    EXPECT_TRUE(eventually([this] { return root_->number("org.ktally1.Manager", "SampleIntervalUSec") == 250'000; }));
}

TEST_F(Life, SamplesAtTheNewIntervalAfterSighup)
{
    configure("Interval=250ms\n");
    server_->signal(SIGHUP);
    ASSERT_TRUE(eventually([this] { return root_->number("org.ktally1.Manager", "SampleIntervalUSec") == 250'000; }));
    root_->watch();
    ASSERT_TRUE(root_->until([this] { return root_->signals().size() >= 3; }));
    EXPECT_GE(root_->signals().back().timestamp_usec - root_->signals().front().timestamp_usec, 350'000u);
}

TEST_F(Life, SamplesSoonerAtAShorterIntervalAfterSighup)
{
    configure("Interval=1h\n");
    server_->signal(SIGHUP);
    ASSERT_TRUE(
        eventually([this] { return root_->number("org.ktally1.Manager", "SampleIntervalUSec") == 3'600'000'000; }));
    configure("Interval=100ms\n");
    server_->signal(SIGHUP);
    root_->watch();
    EXPECT_TRUE(root_->until([this] { return root_->signals().size() >= 3; }));
}

TEST_F(Life, TellsClientsOfTheNewInterval)
{
    root_->watch();
    configure("Interval=250ms\n");
    server_->signal(SIGHUP);
    EXPECT_TRUE(root_->until([this] {
        for (const Signal &signal : root_->signals())
            if (signal.interface == "org.ktally1.Manager" && signal.changed.contains("SampleIntervalUSec"))
                return signal.changed.at("SampleIntervalUSec") == 250'000;
        return false;
    }));
}

TEST_F(Life, KeepsTheDefaultForABadValueAfterSighup)
{
    configure("Interval=1us\n");
    server_->signal(SIGHUP);
    EXPECT_TRUE(eventually([this] { return root_->number("org.ktally1.Manager", "SampleIntervalUSec") == 1'000'000; }));
}

TEST_F(Life, SwitchesTheReturnProgramAsTheConfigurationSaysAfterSighup)
{
    configure("Interval=100ms\nReturnProgram=yes\n");
    server_->signal(SIGHUP);
    EXPECT_TRUE(eventually([this] { return root_->boolean("ReturnProgramEnabled"); }));
    configure("Interval=100ms\nReturnProgram=no\n");
    server_->signal(SIGHUP);
    EXPECT_TRUE(eventually([this] { return !root_->boolean("ReturnProgramEnabled"); }));
}

TEST_F(Life, LeavesTheSwitchAloneWhenItsConfigurationDidNotChange)
{
    root_->manager("SetReturnProgram", "b", 1);
    configure("Interval=250ms\n");
    server_->signal(SIGHUP);
    ASSERT_TRUE(eventually([this] { return root_->number("org.ktally1.Manager", "SampleIntervalUSec") == 250'000; }));
    EXPECT_TRUE(root_->boolean("ReturnProgramEnabled"));
}

TEST_F(Life, KeepsHoldsOverSighup)
{
    ASSERT_EQ(root_->manager("HoldReturnProgram", "s", "test").error(), "");
    configure("Interval=250ms\n");
    server_->signal(SIGHUP);
    ASSERT_TRUE(eventually([this] { return root_->number("org.ktally1.Manager", "SampleIntervalUSec") == 250'000; }));
    EXPECT_TRUE(root_->boolean("ReturnProgramActive"));
}

TEST_F(Start, SwitchesTheReturnProgramOnIfTheConfigurationSaysSo)
{
    configure("ReturnProgram=yes\n");
    start_server();
    EXPECT_TRUE(Client{}.boolean("ReturnProgramEnabled"));
    EXPECT_EQ(numbers().attached, 1u);
}

TEST_F(Start, ServesAllTheSameIfTheReturnProgramCannotBeAttached)
{
    configure("ReturnProgram=yes\n");
    numbers().attach_error = ENOTSUP;
    start_server();
    EXPECT_FALSE(Client{}.boolean("ReturnProgramEnabled"));
    EXPECT_THAT(log(), HasSubstr("ReturnProgram=yes cannot be had"));
}

TEST_F(Start, ServesWithoutAnyOfTheStandardDescriptors)
{
    server_ = run_server({}, true);
    Client client;
    ASSERT_TRUE(eventually([&] { return sd_bus_get_name_creds(client.bus(), "org.ktally1", 0, nullptr) >= 0; }));
    ASSERT_EQ(client.manager("SetReturnProgram", "b", 1).error(), ""); // is logged
    client.watch();
    EXPECT_TRUE(client.until([&] { return client.signals().size() >= 3; }));
    server_->signal(SIGTERM);
    EXPECT_EQ(server_->wait(), 0);
}

TEST_F(Start, ServesWhenTheLogIsFull)
{
    server_ = run_server("/dev/full");
    Client client;
    ASSERT_TRUE(eventually([&] { return sd_bus_get_name_creds(client.bus(), "org.ktally1", 0, nullptr) >= 0; }));
    ASSERT_EQ(client.manager("SetReturnProgram", "b", 1).error(), "");
    client.watch();
    EXPECT_TRUE(client.until([&] { return client.signals().size() >= 3; }));
}

TEST_F(Start, SaysInOneLineThatThereIsNoBus)
{
    setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
    const auto server = run_server(log_file());
    EXPECT_EQ(server->wait(), EXIT_FAILURE);
    EXPECT_THAT(log(), AllOf(HasSubstr("the system bus cannot be reached"), HasSubstr("DBUS_SYSTEM_BUS_ADDRESS")));
    EXPECT_EQ(std::ranges::count(log(), '\n'), 1);
}

TEST_F(Start, SaysInOneLineThatTheAddressIsNone)
{
    setenv("DBUS_SYSTEM_BUS_ADDRESS", "rubbish", 1);
    const auto server = run_server(log_file());
    EXPECT_EQ(server->wait(), EXIT_FAILURE);
    EXPECT_THAT(log(), HasSubstr("the system bus cannot be reached"));
    EXPECT_EQ(std::ranges::count(log(), '\n'), 1);
}

TEST_F(StartWithoutPolicy, SaysInOneLineThatTheBusRefusesTheName)
{
    const auto server = run_server(log_file());
    EXPECT_EQ(server->wait(), EXIT_FAILURE);
    EXPECT_THAT(log(), AllOf(HasSubstr("the bus refuses the name org.ktally1"), HasSubstr("org.ktally1.conf")));
    EXPECT_EQ(std::ranges::count(log(), '\n'), 1);
}

} // namespace
} // namespace ktally::test
