// SPDX-License-Identifier: LGPL-2.1-or-later
#include "garbage.hpp"
#include "figures.hpp"
#include "fixtures.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>

namespace ktally::test {
namespace {

constexpr const char *invalid_arguments = "org.freedesktop.DBus.Error.InvalidArgs";
constexpr const char *unknown_method = "org.freedesktop.DBus.Error.UnknownMethod";
constexpr const char *unknown_property = "org.freedesktop.DBus.Error.UnknownProperty";
constexpr const char *properties = "org.freedesktop.DBus.Properties";

// On a bus that lets everything pass, so that the daemon has to answer it.
class BadCalls : public ServerTest {
protected:
    BadCalls() : ServerTest{Policy::lenient} {}

    std::string error_of_path(const char *path, const char *interface, const char *member) const
    {
        return root_->send(root_->method_call("org.ktally1", path, interface, member)).error();
    }
};

TEST_F(BadCalls, WithTheWrongTypesAreInvalid)
{
    EXPECT_EQ(root_->manager("SetReturnProgram", "s", "yes").error(), invalid_arguments);
    EXPECT_EQ(root_->manager("HoldReturnProgram", "u", 1).error(), invalid_arguments);
    EXPECT_EQ(root_->manager("ReleaseReturnProgram", "s", "1").error(), invalid_arguments);
}

TEST_F(BadCalls, WithTooFewOrTooManyArgumentsAreInvalid)
{
    EXPECT_EQ(root_->manager("SetReturnProgram", "").error(), invalid_arguments);
    EXPECT_EQ(root_->manager("SetReturnProgram", "bb", 1, 1).error(), invalid_arguments);
    EXPECT_EQ(root_->call("org.ktally1.Files", "GetErrors", "u", 1).error(), invalid_arguments);
}

TEST_F(BadCalls, ChangeNothing)
{
    root_->manager("SetReturnProgram", "s", "yes");
    root_->manager("SetReturnProgram", "bb", 1, 1);
    EXPECT_FALSE(root_->boolean("ReturnProgramActive"));
}

TEST_F(BadCalls, OfAnUnknownMethodSaySo)
{
    EXPECT_EQ(root_->manager("ResetCounters", "").error(), unknown_method);
    EXPECT_EQ(root_->call("org.ktally1.Files", "SetReturnProgram", "b", 1).error(), unknown_method);
}

TEST_F(BadCalls, OfAnUnknownInterfaceSaySo)
{
    EXPECT_EQ(root_->call("org.ktally1.Zombies", "List", "").error(), unknown_method);
}

TEST_F(BadCalls, OfAnUnknownObjectSaySo)
{
    EXPECT_EQ(error_of_path("/org/ktally2", "org.ktally1.Files", "GetErrors"),
              "org.freedesktop.DBus.Error.UnknownObject");
}

TEST_F(BadCalls, ForAnUnknownPropertySaySo)
{
    EXPECT_EQ(root_->get("org.ktally1.Files", "Reads").error(), unknown_property);
    EXPECT_EQ(root_->get("org.ktally1.Files", "").error(), unknown_property);
}

TEST_F(BadCalls, ForAPropertyOfAnUnknownInterfaceSaySo)
{
    EXPECT_EQ(root_->get("org.ktally1.Zombies", "Current").error(), unknown_property);
    EXPECT_EQ(root_->call(properties, "GetAll", "s", "org.ktally1.Zombies").error(),
              "org.freedesktop.DBus.Error.UnknownInterface");
}

TEST_F(BadCalls, ThatWriteAPropertyAreRefusedAsItIsReadOnly)
{
    EXPECT_EQ(root_->call(properties, "Set", "ssv", "org.ktally1.Vfs", "Reads", "t", std::uint64_t{0}).error(),
              "org.freedesktop.DBus.Error.PropertyReadOnly");
    EXPECT_EQ(root_->call(properties, "Set", "ssv", "org.ktally1.Manager", "ReturnProgramEnabled", "b", 1).error(),
              "org.freedesktop.DBus.Error.PropertyReadOnly");
    EXPECT_FALSE(root_->boolean("ReturnProgramEnabled"));
}

TEST_F(BadCalls, ThatWriteAnUnknownPropertySaySo)
{
    EXPECT_EQ(root_->call(properties, "Set", "ssv", "org.ktally1.Vfs", "Nothing", "t", std::uint64_t{0}).error(),
              unknown_property);
}

// Sends the daemon a signal as the bus does when a client leaves.
int pretend_that_left(const Client &liar, const std::string &name)
{
    sd_bus_message *signal = nullptr;
    int result = sd_bus_message_new_signal(liar.bus(), &signal, "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                           "NameOwnerChanged");
    const Message message{signal};
    if (result >= 0)
        result = sd_bus_message_append(signal, "sss", name.c_str(), name.c_str(), "");
    return result < 0 ? result : sd_bus_send_to(liar.bus(), signal, "org.ktally1", nullptr);
}

// The bus with the policy of the project, which names the interfaces that there are.
class PolicyOfTheBus : public ServerTest {};

TEST_F(PolicyOfTheBus, LetsNobodyElseOwnTheName)
{
    Client client{nobody};
    EXPECT_EQ(sd_bus_request_name(client.bus(), "org.ktally1", SD_BUS_NAME_REPLACE_EXISTING), -EACCES);
}

TEST_F(PolicyOfTheBus, LetsNobodyElseOwnTheNameWhenItIsFree)
{
    server_->signal(SIGTERM);
    ASSERT_EQ(server_->wait(), 0);
    Client client{nobody};
    EXPECT_EQ(sd_bus_request_name(client.bus(), "org.ktally1", 0), -EACCES);
}

TEST_F(PolicyOfTheBus, LetsEverybodyCallEveryInterface)
{
    const Client client{nobody};
    EXPECT_EQ(client.call("org.ktally1.Files", "GetErrors", "").error(), "");
    EXPECT_EQ(client.call("org.ktally1.Vfs", "GetErrors", "").error(), "");
    EXPECT_EQ(client.call("org.ktally1.Processes", "GetErrors", "").error(), "");
    EXPECT_EQ(client.manager("ReleaseReturnProgram", "u", 1).error(), "org.ktally1.Error.NoSuchHold");
    EXPECT_EQ(client.call("org.freedesktop.DBus.Introspectable", "Introspect", "").error(), "");
    EXPECT_EQ(client.call("org.freedesktop.DBus.Peer", "Ping", "").error(), "");
    EXPECT_EQ(client.call(properties, "GetAll", "s", "org.ktally1.Files").error(), "");
    EXPECT_EQ(client.call("org.freedesktop.DBus.ObjectManager", "GetManagedObjects", "").error(), "");
    EXPECT_EQ(client.manager("GetUnitByPID", "u", 0).error(), "org.ktally1.Error.NoSuchUnit");
    EXPECT_EQ(client.manager("ListTopProcesses", "sua{sv}", "Vfs.Reads", 0, 1, "own", "b", 1).error(), "");
    const std::string unit = client.manager("GetUnit", "s", "-.slice").path();
    EXPECT_EQ(client.call_at(unit, properties, "GetAll", "s", "org.ktally1.Unit").error(), "");
    EXPECT_EQ(client.call_at(unit, "org.ktally1.Processes", "ListZombies", "").error(), "");
}

TEST_F(PolicyOfTheBus, LetsNobodyPretendToBeTheBus)
{
    const Client holder;
    ASSERT_EQ(holder.manager("HoldReturnProgram", "s", "test").error(), "");
    const Client liar{nobody};
    ASSERT_GE(pretend_that_left(liar, holder.name()), 0);
    EXPECT_TRUE(liar.boolean("ReturnProgramActive"));
}

TEST_F(PolicyOfTheBus, StopsCallsOfOtherInterfaces)
{
    EXPECT_EQ(root_->call("org.ktally1.Zombies", "List", "").error(), "org.freedesktop.DBus.Error.AccessDenied");
}

TEST_F(BadCalls, TenThousandOfThemLeaveTheDaemonAliveAndNoBigger)
{
    Garbage garbage{20261107};
    int answered = 0;
    int refused = 0;
    // A client of its own each time: what it held by chance ends with it.
    const auto round = [&] {
        const Client client;
        for (int left = 1'000; left > 0; --left) {
            const std::string error = client.send(garbage.call(client)).error();
            ++(error.empty() ? answered : refused);
            ASSERT_NE(error, "org.freedesktop.DBus.Error.NoReply");
            ASSERT_FALSE(error.starts_with("System.Error.")) << error << ": not sent";
        }
    };
    // The least of several looks: the heap gives memory back late.
    const auto resident_after = [&](int rounds) {
        long least = std::numeric_limits<long>::max();
        for (; rounds > 0 && !HasFailure(); --rounds) {
            round();
            least = std::min(least, resident_kib(server_->pid()));
        }
        return least;
    };
    const long before = resident_after(5);
    const long grown = resident_after(10) - before;
    if (has_memory_of_its_own(server_->pid())) {
        EXPECT_LT(grown, 1024);
    }
    EXPECT_GT(answered, 0);
    EXPECT_GT(refused, 0);
    EXPECT_EQ(root_->number("org.ktally1.Files", "Opened"), 0u);
}

// Messages of a user; the daemon asks a polkit that is not there.
class HundredThousandMessages : public ServerTest {
protected:
    using ServerTest::ServerTest;

    // Sends so many messages, some dozens ahead of the answers, and waits for the answer to each that wants one.
    void send(int messages)
    {
        std::deque<std::shared_ptr<Reply>> open;
        const auto take_one = [&] {
            const Reply &reply = *open.front();
            ASSERT_TRUE(user_->until([&] { return reply.message != nullptr; }, 10s)) << "no answer";
            const std::string error = reply.error();
            ++(error.empty() ? answered_ : refused_);
            ASSERT_NE(error, "org.freedesktop.DBus.Error.NoReply");
            ASSERT_NE(error, "org.freedesktop.DBus.Error.Disconnected");
            ASSERT_FALSE(error.starts_with("System.Error.")) << error;
            open.pop_front();
        };
        for (; messages > 0 && !HasFatalFailure(); --messages) {
            const Message message = garbage_.message(*user_);
            if (sd_bus_message_get_expect_reply(message.get()) > 0)
                open.push_back(user_->begin(message));
            else
                ASSERT_GE(sd_bus_send(user_->bus(), message.get(), nullptr), 0);
            if (open.size() > most_open)
                take_one();
        }
        while (!open.empty() && !HasFatalFailure())
            take_one();
    }

    // The least of some looks after 10,000 more each: the heap gives memory back late.
    long resident_in(int rounds)
    {
        long least = std::numeric_limits<long>::max();
        for (; rounds > 0 && !HasFatalFailure(); --rounds) {
            send(10'000);
            least = std::min(least, resident_kib(server_->pid()));
        }
        return least;
    }

    void send_all_and_look()
    {
        root_->watch();
        user_.emplace(nobody);
        resident_in(2);
        const long before = resident_in(3);
        resident_in(2);
        const long after = resident_in(3);
        ASSERT_FALSE(HasFatalFailure());
        if (has_memory_of_its_own(server_->pid())) {
            EXPECT_LT(after - before, 1024) << "KiB";
        }
        EXPECT_GT(answered_, 0);
        EXPECT_GT(refused_, 0);
        const std::size_t seen = root_->signals().size();
        EXPECT_TRUE(root_->until([&] { return root_->signals().size() > seen; }));
        EXPECT_LE(longest_interval(*root_), 2 * 100ms);
    }

private:
    static constexpr std::size_t most_open = 60; // the bus allows a client 128

    Garbage garbage_{20261108};
    std::optional<Client> user_;
    int answered_ = 0;
    int refused_ = 0;
};
class HundredThousandMessagesPastThePolicy : public HundredThousandMessages {
protected:
    HundredThousandMessagesPastThePolicy() : HundredThousandMessages{Policy::lenient} {}
};

TEST_F(HundredThousandMessages, LeaveTheDaemonAliveInTimeAndNoBigger)
{
    send_all_and_look();
}

TEST_F(HundredThousandMessagesPastThePolicy, LeaveTheDaemonAliveInTimeAndNoBigger)
{
    ASSERT_EQ(Client{nobody}.call("org.ktally1.Zombies", "List", "").error(), unknown_method)
        << "it is the bus that answers";
    send_all_and_look();
}

TEST_F(BadCalls, ThatWantNoAnswerLeaveTheDaemonAlive)
{
    Garbage garbage{42};
    const Client client;
    for (int left = 2'000; left > 0; --left) {
        const Message call = garbage.call(client);
        sd_bus_message_set_expect_reply(call.get(), 0);
        ASSERT_GE(sd_bus_send(client.bus(), call.get(), nullptr), 0);
    }
    EXPECT_EQ(client.number("org.ktally1.Files", "Opened"), 0u);
}

// sd-bus takes a signal of any client for one of the bus, if it comes with the right interface and member.
TEST_F(BadCalls, DoNotEndAHoldByASignalThatPretendsToComeFromTheBus)
{
    const Client holder;
    ASSERT_EQ(holder.manager("HoldReturnProgram", "s", "test").error(), "");
    ASSERT_GE(pretend_that_left(*root_, holder.name()), 0);
    EXPECT_TRUE(root_->boolean("ReturnProgramActive"));
}

} // namespace
} // namespace ktally::test
