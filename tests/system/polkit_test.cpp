// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who may switch and hold the return program, as polkitd and logind decide it for real users: alice, whose session is
// the active one, bob, whose session is not, carol, whom a rule denies everything, and root.
#include "client.hpp"
#include "eventually.hpp"
#include "service_fixture.hpp"
#include "terminal.hpp"

#include <systemd/sd-login.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

namespace ktally::test {
namespace {

constexpr uid_t alice = 1000, bob = 1001, carol = 1002;
constexpr const char *denied = "org.freedesktop.DBus.Error.AccessDenied";
constexpr const char *needs_interaction = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired";
constexpr const char *password = "a word";

// A login of that user on the seat. The last one is the active one.
class Session {
public:
    Session(const std::string &user, int terminal) : unit_{"session-of-" + user}
    {
        std::string seat = "XDG_SEAT=seat0 XDG_SESSION_CLASS=user";
        if (output({"loginctl", "show-seat", "seat0", "--value", "--property=CanTTY"}) == "yes\n")
            seat += " XDG_VTNR=" + std::to_string(terminal);
        output({"systemd-run", "--quiet", "--unit=" + unit_, "--property=User=" + user, "--property=PAMName=login",
                "--property=Environment=" + seat, "sleep", "infinity"});
    }
    ~Session() { output({"systemctl", "stop", unit_}); }

private:
    std::string unit_;
};

std::string session_of(const std::string &user)
{
    std::string id = finished({"loginctl", "show-user", user, "--value", "--property=Display"}).text;
    id.pop_back();
    return id;
}

// As polkit sees it: a session's user is active only when the user's manager has started too.
std::string state_of(uid_t user)
{
    char *state = nullptr;
    if (sd_uid_get_state(user, &state) < 0)
        return {};
    const std::unique_ptr<char, decltype(&std::free)> owner{state, &std::free};
    return state;
}

// A client in its user's session: where its process is in the tree of cgroups is what polkit looks at.
class ClientInSession : public Client {
public:
    ClientInSession(const std::string &user, uid_t uid) : Client{uid}
    {
        move("user.slice/user-" + std::to_string(uid) + ".slice/session-" + session_of(user) + ".scope");
    }
    ~ClientInSession() { move("system.slice/ktally-tests.service"); }

private:
    static void move(const std::string &cgroup)
    {
        const std::string file = "/sys/fs/cgroup/" + cgroup + "/cgroup.procs";
        // logind knows a session before systemd has made its scope.
        EXPECT_TRUE(eventually([&] { return bool{std::ofstream{file} << getpid() << std::flush}; }, machine_patience))
            << file;
    }
};

class Polkit : public Service {
protected:
    void SetUp() override
    {
        Service::SetUp();
        std::ofstream{rule_} << "polkit.addRule(function(action, subject) {\n"
                                "    if (action.id.indexOf('org.ktally1.') == 0 && subject.user == 'carol')\n"
                                "        return polkit.Result.NO;\n"
                                "});\n";
        output({"sh", "-c", std::string{"echo 'root:"} + password + "' | chpasswd"});
        // If it is loaded, it has a start limit, which quick tests come to.
        finished({"systemctl", "reset-failed", "polkit"});
        output({"systemctl", "restart", "polkit"}); // what it kept of the last test's passwords
        configure("Interval=100ms\n");
        start();
    }
    void TearDown() override
    {
        std::filesystem::remove(rule_);
        Service::TearDown();
    }

    void log_in()
    {
        sessions_.push_back(std::make_unique<Session>("bob", 2));
        // Where the seat has terminals his is not the one in front.
        const auto logged_in = [] { return state_of(bob) == "active" || state_of(bob) == "online"; };
        ASSERT_TRUE(eventually(logged_in, machine_patience)) << output({"loginctl", "list-sessions"});
        sessions_.push_back(std::make_unique<Session>("alice", 1));
        const auto as_meant = [] { return state_of(alice) == "active" && state_of(bob) == "online"; };
        ASSERT_TRUE(eventually(as_meant, machine_patience)) << output({"loginctl", "list-sessions"});
    }

    // The error of each call, none: "".
    static std::string set(const Client &client, bool interactive = false)
    {
        const Message call = client.method("org.ktally1.Manager", "SetReturnProgram", "b", 1);
        sd_bus_message_set_allow_interactive_authorization(call.get(), interactive);
        return client.send(call).error();
    }
    static std::string hold(const Client &client) { return client.manager("HoldReturnProgram", "s", "a test").error(); }

    bool active() { return client_.properties("Manager").at("ReturnProgramActive").get<bool>(); }

    // Begins a switch for alice that needs a password, and waits until she is asked for it.
    std::shared_ptr<Reply> begin_to_switch(Client &client, Terminal &agent)
    {
        sd_bus_set_method_call_timeout(client.bus(), UINT64_MAX);
        const Message call = client.method("org.ktally1.Manager", "SetReturnProgram", "b", 1);
        sd_bus_message_set_allow_interactive_authorization(call.get(), true);
        auto reply = client.begin(call);
        EXPECT_TRUE(agent.until("Password:", machine_patience)) << agent.said();
        return reply;
    }

    const std::filesystem::path rule_ = "/etc/polkit-1/rules.d/10-test.rules";
    std::vector<std::unique_ptr<Session>> sessions_;
};

TEST_F(Polkit, RootMayDoEverything)
{
    const Client root;
    EXPECT_EQ(hold(root), "");
    EXPECT_EQ(set(root), "");
}

TEST_F(Polkit, AnActiveUserMayHoldAndMustAuthenticateToSwitch)
{
    ASSERT_NO_FATAL_FAILURE(log_in());
    const ClientInSession client{"alice", alice};
    EXPECT_EQ(hold(client), "");
    EXPECT_TRUE(active());
    EXPECT_EQ(set(client), needs_interaction);
    EXPECT_EQ(set(client, true), denied); // nobody there to ask
}

TEST_F(Polkit, AnInactiveUserMustAuthenticateForBoth)
{
    ASSERT_NO_FATAL_FAILURE(log_in());
    const ClientInSession client{"bob", bob};
    EXPECT_EQ(hold(client), needs_interaction);
    EXPECT_EQ(set(client), needs_interaction);
    EXPECT_FALSE(active());
}

TEST_F(Polkit, AUserWithoutASessionMustAuthenticateForBoth)
{
    const Client client{bob};
    EXPECT_EQ(hold(client), needs_interaction);
    EXPECT_EQ(set(client), needs_interaction);
}

TEST_F(Polkit, AUserWhomARuleDeniesMayDoNeither)
{
    const Client client{carol};
    EXPECT_EQ(hold(client), denied);
    EXPECT_EQ(set(client), denied);
    EXPECT_EQ(set(client, true), denied);
    EXPECT_FALSE(active());
}

TEST_F(Polkit, SamplesGoOnWhileAQuestionWaitsForAMinuteAndThePasswordIsTaken)
{
    ASSERT_NO_FATAL_FAILURE(log_in());
    ClientInSession asker{"alice", alice};
    Terminal agent{polkit_agent()};
    ASSERT_TRUE(agent.until_ready(machine_patience)) << agent.said();
    const auto reply = begin_to_switch(asker, agent);
    Client watcher;
    watcher.watch();
    std::size_t samples = 0;
    std::uint64_t longest = 0, last = 0, first = 0;
    const bool a_minute = watcher.until(
        [&] {
            for (; samples < watcher.signals().size(); ++samples) {
                const Signal &signal = watcher.signals()[samples];
                if (signal.member != "SampleTaken")
                    continue;
                longest = std::max(longest, signal.interval_usec);
                last = signal.timestamp_usec;
                if (first == 0)
                    first = last;
            }
            return last - first >= 60'000'000;
        },
        90s);
    EXPECT_TRUE(a_minute);
    EXPECT_LE(longest, 200'000u) << "usec between samples";
    EXPECT_FALSE(active());
    agent.type(std::string{password} + '\n');
    EXPECT_TRUE(asker.until([&] { return reply->message != nullptr; }, machine_patience)) << agent.said();
    EXPECT_EQ(reply->error(), "") << agent.said();
    EXPECT_TRUE(active());
    const auto switched = entries("MESSAGE_ID=4fdbce6707b449f59ccb789e87b6dd29");
    ASSERT_EQ(switched.size(), 1u);
    EXPECT_EQ(switched[0], "return program on by " + asker.name() + ", uid 1000");
}

TEST_F(Polkit, ACallerThatLeavesWhileTheQuestionIsOpenGetsNothing)
{
    ASSERT_NO_FATAL_FAILURE(log_in());
    Terminal agent{polkit_agent()};
    ASSERT_TRUE(agent.until_ready(machine_patience)) << agent.said();
    {
        ClientInSession asker{"alice", alice};
        begin_to_switch(asker, agent);
    }
    agent.type(std::string{password} + '\n'); // polkit may have withdrawn the question already
    EXPECT_TRUE(agent.until("==== AUTHENTICATION ", machine_patience)) << agent.said();
    // The answers of polkit come one after the other.
    EXPECT_EQ(set(Client{carol}), denied);
    EXPECT_FALSE(active());
    EXPECT_TRUE(entries("KTALLY_RETURN_PROGRAM=on").empty());
}

TEST_F(Polkit, WhenPolkitDiesTheCallerIsDeniedAndTheNextIsNot)
{
    ASSERT_NO_FATAL_FAILURE(log_in());
    ClientInSession asker{"alice", alice};
    Terminal agent{polkit_agent()};
    ASSERT_TRUE(agent.until_ready(machine_patience)) << agent.said();
    const auto reply = begin_to_switch(asker, agent);
    output({"systemctl", "kill", "--signal=KILL", "polkit"});
    EXPECT_TRUE(asker.until([&] { return reply->message != nullptr; }, machine_patience));
    EXPECT_EQ(reply->error(), denied);
    EXPECT_NE(reply->text().find("polkit cannot be asked"), std::string::npos) << reply->text();
    EXPECT_FALSE(active());
    EXPECT_EQ(hold(asker), ""); // the bus starts polkit again
}

} // namespace
} // namespace ktally::test
