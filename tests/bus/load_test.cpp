// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The daemon with many clients, many holds, many samples: nobody misses anything, nothing of it is left.
#include "accounts_fixture.hpp"
#include "crowd.hpp"
#include "fake_authority.hpp"
#include "figures.hpp"
#include "fixtures.hpp"
#include "proxies.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ktally::test {
namespace {

Message hold(const Client &client)
{
    return client.method("org.ktally1.Manager", "HoldReturnProgram", "s", "load");
}

// The call wants an answer all the same.
int send_and_not_wait(const Client &client, const Message &call)
{
    std::uint64_t cookie = 0; // without one, sd-bus marks the call as wanting none
    return sd_bus_send(client.bus(), call.get(), &cookie);
}

class Load : public ServerTest {
protected:
    std::size_t holds() const { return Proxies{}.manager.ReturnProgramHolds().size(); }
    std::size_t most_holds_of_a_user() const
    {
        std::map<std::uint32_t, std::size_t> holds;
        for (const auto &row : Proxies{}.manager.ReturnProgramHolds())
            ++holds[row.at("uid").get<std::uint32_t>()];
        const auto most = std::ranges::max_element(holds, {}, [](const auto &user) { return user.second; });
        return most == holds.end() ? 0 : most->second;
    }
    void expect_nothing_held()
    {
        EXPECT_TRUE(eventually([this] { return holds() == 0; })) << holds() << " holds are left";
        EXPECT_FALSE(root_->boolean("ReturnProgramActive"));
        EXPECT_EQ(numbers().attached, 0u);
    }
    // Which is all a user may have, so none of them counts any more.
    void expect_room_for_64_holds(std::optional<uid_t> uid)
    {
        const Client client{uid};
        for (int count = 0; count < 64; ++count)
            ASSERT_EQ(client.send(hold(client)).error(), "") << count;
        EXPECT_EQ(client.send(hold(client)).error(), "org.freedesktop.DBus.Error.LimitsExceeded");
    }
};

// Ten holds in four ways to leave them.
void hold_and_die()
{
    { // having read the answers
        const Client client;
        for (int count = 0; count < 3; ++count)
            ASSERT_EQ(client.send(hold(client)).error(), "");
    }
    { // having read none
        const Client client;
        for (int count = 0; count < 3; ++count)
            ASSERT_GE(send_and_not_wait(client, hold(client)), 0);
    }
    { // wanting none
        const Client client;
        const Message call = hold(client);
        sd_bus_message_set_expect_reply(call.get(), 0);
        ASSERT_GE(sd_bus_send(client.bus(), call.get(), nullptr), 0);
    }
    { // without a word to the bus
        const Client client;
        for (int count = 0; count < 3; ++count)
            client.send(hold(client));
        shutdown(sd_bus_get_fd(client.bus()), SHUT_RDWR);
    }
}

TEST_F(Load, OfTenThousandHoldsOfClientsThatDieLeavesNone)
{
    const auto rounds = [](int count) {
        for (int round = 0; round < count && !HasFatalFailure(); ++round)
            hold_and_die();
    };
    rounds(200);
    const long before = resident_kib(server_->pid());
    rounds(400);
    EXPECT_LE(most_holds_of_a_user(), 64u);
    rounds(400);
    expect_nothing_held();
    expect_grown_by_less_than(256, before);
    expect_room_for_64_holds(std::nullopt);
}

TEST_F(Load, OfProcessesKilledWithAllTheHoldsTheyMayHaveLeavesNone)
{
    for (int round = 0; round < 20; ++round) {
        const Child holder{[] {
            const Client client;
            for (int count = 0; count < 70; ++count)
                client.send(hold(client));
            pause();
            _exit(1);
        }};
        ASSERT_TRUE(eventually([this] { return holds() == 64; }));
        holder.signal(SIGKILL);
        expect_nothing_held();
    }
}

// Polkit says nothing until all are gone.
TEST_F(Load, OfQuestionsOfClientsThatDieLeavesNeitherHoldsNorQuestions)
{
    constexpr int clients = 10'000 / 40;
    {
        FakeAuthority authority{Verdict::open};
        {
            const Client client{nobody};
            for (int question = 0; question < 64; ++question)
                ASSERT_GE(send_and_not_wait(client, hold(client)), 0);
            ASSERT_TRUE(eventually([&] { return authority.asked().size() == 64; }));
        }
        for (int count = 0; count < clients; ++count) {
            const Client client{nobody};
            for (int question = 0; question < 40; ++question)
                ASSERT_GE(send_and_not_wait(client, hold(client)), 0);
        }
        const Client client{nobody};
        EXPECT_EQ(client.send(hold(client)).error(), "org.freedesktop.DBus.Error.LimitsExceeded");
        EXPECT_EQ(authority.asked().size(), 64u);
        authority.answer_open(true);
        authority.reach_daemon();
    }
    expect_nothing_held();
    const FakeAuthority authority{Verdict::allowed};
    expect_room_for_64_holds(nobody);
}

// A client that calls and never reads an answer, so that these pile up at the bus, which gives up on the client where
// max_outgoing_bytes are waiting for it.
void pile_up(Client &deaf, const Client &hearing)
{
    deaf.watch();
    const auto introspect = [](const Client &client) {
        return client.method("org.freedesktop.DBus.Introspectable", "Introspect", "");
    };
    for (int round = 0; round < 40; ++round) {
        for (int call = 0; call < 100; ++call)
            ASSERT_GE(send_and_not_wait(deaf, introspect(deaf)), 0);
        hearing.number("org.ktally1.Files", "Opened"); // the daemon has answered them
    }
}

TEST_F(Load, Of500ClientsGivesEachOfThemEverySampleInTime)
{
    Crowd crowd{500, 100, 100ms};
    Client deaf{nobody};
    ASSERT_TRUE(crowd.until([&] { return crowd.fewest_samples() >= 3; }, 20s));
    const long before = resident_kib(server_->pid());
    const long bus_before = resident_kib(bus_->daemon().pid());
    ASSERT_NO_FATAL_FAILURE(pile_up(deaf, *root_));
    EXPECT_GT(resident_kib(bus_->daemon().pid()) - bus_before, 1024) << "nothing piled up";
    std::uint64_t total = 0;
    const std::size_t enough = crowd.fewest_samples() + 50;
    ASSERT_TRUE(crowd.until(
        [&] {
            set(Counter::Reads, ++total); // every sample has something to say
            return crowd.fewest_samples() >= enough;
        },
        20s));
    EXPECT_EQ(crowd.missed(), 0u);
    EXPECT_EQ(crowd.refused(), 0u);
    EXPECT_GT(crowd.latencies().size(), 1'000u);
    EXPECT_LE(crowd.longest_interval(), 2 * 100ms);
    expect_grown_by_less_than(1024, before);
}

// Calls faster than the daemon can answer.
TEST_F(Load, OfClientsThatFloodItDoesNotKeepItFromSampling)
{
    const auto flood = [] {
        const Client client{nobody};
        const Message call = client.method("org.freedesktop.DBus.Properties", "GetAll", "s", "org.ktally1.Manager");
        sd_bus_message_set_expect_reply(call.get(), 0);
        for (;;)
            sd_bus_send(client.bus(), call.get(), nullptr);
    };
    const Child one{flood}, another{flood};
    root_->watch();
    const auto started = std::chrono::steady_clock::now();
    ASSERT_TRUE(root_->until([&] { return std::chrono::steady_clock::now() - started > 3s; }));
    EXPECT_GE(root_->signals().size(), 15u);
    EXPECT_LE(longest_interval(*root_), 2 * 100ms);
}

// 500 units in a slice, 50 of which count on every interface between two samples.
class FiveHundredUnits : public AccountsTest {
protected:
    void SetUp() override
    {
        AccountsTest::SetUp();
        if (!server_)
            return;
        object("-.slice");
        before_ = resident_kib(server_->pid());
        const std::uint64_t slice = cgroup("system.slice");
        while (units_.size() < 500)
            units_.push_back(cgroup("unit" + std::to_string(units_.size()) + ".service", slice));
        for (std::uint32_t pid = 1000; pid < 1500; ++pid)
            task(pid, units_[pid - 1000]);
        object("unit499.service");
        root_->watch();
    }
    std::ptrdiff_t samples() const { return std::ranges::count(root_->signals(), "SampleTaken", &Signal::member); }

    // CPU time of the daemon for a sample, on average.
    std::chrono::duration<double, std::milli> cost()
    {
        constexpr int rounds = 30;
        const auto before = cpu_time(server_->pid());
        for (int round = 0; round < rounds; ++round) {
            for (std::size_t unit = 0; unit < 50; ++unit)
                for (const ktally_call call : {KTALLY_OPEN, KTALLY_READ, KTALLY_FORK})
                    count(units_[unit], call, 1);
            const auto seen = samples();
            root_->until([&] { return samples() > seen; });
        }
        return std::chrono::duration<double, std::milli>{cpu_time(server_->pid()) - before} / rounds;
    }

    std::vector<std::uint64_t> units_;
    long before_ = 0; // KiB
};

TEST_F(FiveHundredUnits, FiftyOfThemActiveCostLessThanTenMillisecondsASample)
{
    cost(); // the first touches what the others reuse
    const auto unwatched = cost();
    ASSERT_EQ(root_->manager("Subscribe", "").error(), "");
    const std::size_t signals = root_->signals().size();
    const auto watched = cost();
    EXPECT_GE(root_->signals().size() - signals, 29u * (50 + 2) * 3); // their slice, and that of the machine
    std::cout << "500 units, 50 active: " << watched.count() << " ms of CPU a sample with a subscriber, "
              << unwatched.count() << " ms without\n";
    if (has_memory_of_its_own(server_->pid())) {
        EXPECT_LT(watched, 10ms);
        EXPECT_LT(unwatched, 1ms);
    }
}

TEST_F(FiveHundredUnits, TakeLessThanAMegabyte)
{
    expect_grown_by_less_than(1024, before_);
    std::cout << "500 units: " << resident_kib(server_->pid()) - before_ << " KiB\n";
}

TEST_F(FiveHundredUnits, LeaveNothingWhenAllAreAskedForAtOnce)
{
    const auto ask = [this] { root_->call("org.freedesktop.DBus.ObjectManager", "GetManagedObjects", ""); };
    for (int round = 0; round < 5; ++round)
        ask();
    const long before = resident_kib(server_->pid());
    for (int round = 0; round < 20; ++round)
        ask();
    expect_grown_by_less_than(256, before);
}

// At an interval that no configuration can have, as 10,000 of the shortest would take 1,000 seconds.
class Samples : public ServerTest {
protected:
    Samples() { interval_ = 500us; }
};

TEST_F(Samples, TenThousandOfThemTakeNoMemoryAndNoDescriptors)
{
    const auto see = [this](std::size_t count) {
        Client client;
        client.watch();
        for (std::uint64_t total = 0; client.signals().size() < count; ++total) {
            for (const CounterRow &counter : counters)
                set(counter.counter, total);
            const std::size_t seen = client.signals().size();
            ASSERT_TRUE(client.until([&] { return client.signals().size() > seen; }));
        }
    };
    ASSERT_NO_FATAL_FAILURE(see(4'000)); // a thousand samples: the signals of three interfaces, and the sample's own
    const long memory = resident_kib(server_->pid());
    const std::size_t fds = open_fds(server_->pid());
    ASSERT_NO_FATAL_FAILURE(see(40'000));
    expect_grown_by_less_than(1, memory);
    EXPECT_EQ(open_fds(server_->pid()), fds);
}

} // namespace
} // namespace ktally::test
