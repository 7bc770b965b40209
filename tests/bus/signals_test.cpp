// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fixtures.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <iterator>
#include <optional>
#include <vector>

namespace ktally::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class Signals : public ServerTest {
protected:
    void SetUp() override
    {
        ServerTest::SetUp();
        if (server_)
            root_->watch();
    }

    std::size_t samples() const
    {
        return static_cast<std::size_t>(std::ranges::count(root_->signals(), "SampleTaken", &Signal::member));
    }
    bool see_samples(std::size_t count)
    {
        const std::size_t until = samples() + count;
        return root_->until([&] { return samples() >= until; });
    }
    std::vector<Signal> changes() const
    {
        std::vector<Signal> found;
        std::ranges::copy_if(root_->signals(), std::back_inserter(found),
                             [](const Signal &signal) { return signal.member == "PropertiesChanged"; });
        return found;
    }
};

TEST_F(Signals, TellOfEverySample)
{
    EXPECT_TRUE(see_samples(3));
}

TEST_F(Signals, CarryTheMeasuredIntervalAndNotTheNominalOne)
{
    ASSERT_TRUE(see_samples(4));
    const std::vector<Signal> &all = root_->signals();
    for (std::size_t index = 1; index < all.size(); ++index) {
        EXPECT_EQ(all[index].interval_usec, all[index].timestamp_usec - all[index - 1].timestamp_usec);
        EXPECT_GT(all[index].interval_usec, 0u);
    }
}

TEST_F(Signals, ComeAboutOnceAnInterval)
{
    ASSERT_TRUE(see_samples(6));
    const std::uint64_t took = root_->signals().back().timestamp_usec - root_->signals().front().timestamp_usec;
    EXPECT_GE(took, 450'000u);
    EXPECT_LE(took, 2'000'000u);
}

TEST_F(Signals, MeasureTheTimeInWhichTheDaemonDidNotRun)
{
    ASSERT_TRUE(see_samples(1));
    server_->signal(SIGSTOP);
    const auto stopped = std::chrono::steady_clock::now();
    ASSERT_TRUE(eventually([&] { return std::chrono::steady_clock::now() - stopped > 350ms; }));
    server_->signal(SIGCONT);
    ASSERT_TRUE(see_samples(2));
    const auto longest = std::ranges::max_element(root_->signals(), {}, &Signal::interval_usec);
    EXPECT_GE(longest->interval_usec, 350'000u);
}

TEST_F(Signals, DoNotMakeUpForSamplesThatWereMissed)
{
    ASSERT_TRUE(see_samples(1));
    server_->signal(SIGSTOP);
    const auto stopped = std::chrono::steady_clock::now();
    ASSERT_TRUE(eventually([&] { return std::chrono::steady_clock::now() - stopped > 550ms; }));
    server_->signal(SIGCONT);
    ASSERT_TRUE(see_samples(4));
    const auto longest = std::ranges::max_element(root_->signals(), {}, &Signal::interval_usec);
    // Three more samples, an interval each.
    EXPECT_GE(root_->signals().back().timestamp_usec - longest->timestamp_usec, 150'000u);
}

TEST_F(Signals, SayNothingOfPropertiesThatDidNotChange)
{
    ASSERT_TRUE(see_samples(3));
    EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(Signals, CarryJustWhatChanged)
{
    ASSERT_TRUE(see_samples(1));
    set(Counter::Reads, 42);
    ASSERT_TRUE(see_samples(2));
    ASSERT_EQ(changes().size(), 1u);
    EXPECT_EQ(changes()[0].interface, "org.ktally1.Vfs");
    EXPECT_THAT(changes()[0].changed, ElementsAre(Pair("Reads", 42u)));
    EXPECT_THAT(changes()[0].invalidated, IsEmpty());
}

TEST_F(Signals, ComeForEachInterfaceOfWhichSomethingChanged)
{
    ASSERT_TRUE(see_samples(1));
    server_->signal(SIGSTOP); // one sample is to see all of it
    set(Counter::Opened, 1);
    set(Counter::Closed, 2);
    set(Counter::Forks, 3);
    server_->signal(SIGCONT);
    ASSERT_TRUE(see_samples(2));
    ASSERT_EQ(changes().size(), 2u);
    EXPECT_EQ(changes()[0].interface, "org.ktally1.Files");
    EXPECT_THAT(changes()[0].changed, ElementsAre(Pair("Closed", 2u), Pair("Opened", 1u)));
    EXPECT_EQ(changes()[1].interface, "org.ktally1.Processes");
    EXPECT_THAT(changes()[1].changed, ElementsAre(Pair("Forks", 3u)));
}

TEST_F(Signals, OfASampleEndWithSampleTaken)
{
    ASSERT_TRUE(see_samples(1));
    set(Counter::Reads, 42);
    ASSERT_TRUE(root_->until([this] { return !changes().empty(); }));
    ASSERT_TRUE(see_samples(1));
    const auto change = std::ranges::find(root_->signals(), "PropertiesChanged", &Signal::member);
    ASSERT_NE(change + 1, root_->signals().end());
    EXPECT_EQ((change + 1)->member, "SampleTaken");
}

TEST_F(Signals, AddUpToWhatTheGetterSays)
{
    ASSERT_TRUE(see_samples(1));
    set(Counter::Reads, 10);
    ASSERT_TRUE(see_samples(2));
    set(Counter::Reads, 4); // as if the slots were replaced
    ASSERT_TRUE(see_samples(2));
    ASSERT_EQ(changes().size(), 2u);
    EXPECT_EQ(changes()[1].changed.at("Reads"), 14u);
    EXPECT_EQ(root_->number("org.ktally1.Vfs", "Reads"), 14u);
}

TEST_F(Signals, ReachAnyUser)
{
    Client client{nobody};
    client.watch();
    EXPECT_TRUE(client.until([&] { return !client.signals().empty(); }));
}

TEST_F(Signals, SayThatTheReturnProgramWentOn)
{
    ASSERT_EQ(root_->manager("SetReturnProgram", "b", 1).error(), "");
    ASSERT_TRUE(root_->until([this] { return !changes().empty(); }));
    const Signal change = changes()[0];
    EXPECT_EQ(change.interface, "org.ktally1.Manager");
    EXPECT_THAT(change.changed, ElementsAre(Pair("Probes", std::nullopt), Pair("ReturnProgramActive", 1u),
                                            Pair("ReturnProgramEnabled", 1u)));
}

TEST_F(Signals, SayThatAHoldBeganAndEnded)
{
    const Client holder;
    const Reply hold = holder.manager("HoldReturnProgram", "s", "test");
    ASSERT_EQ(hold.error(), "");
    ASSERT_EQ(holder.manager("ReleaseReturnProgram", "u", hold.number()).error(), "");
    ASSERT_TRUE(root_->until([this] { return changes().size() >= 2; }));
    EXPECT_THAT(changes()[0].changed, ElementsAre(Pair("Probes", std::nullopt), Pair("ReturnProgramActive", 1u),
                                                  Pair("ReturnProgramHolds", std::nullopt)));
    EXPECT_THAT(changes()[1].changed, ElementsAre(Pair("Probes", std::nullopt), Pair("ReturnProgramActive", 0u),
                                                  Pair("ReturnProgramHolds", std::nullopt)));
}

TEST_F(Signals, SayNothingWhenTheSwitchStaysAsItIs)
{
    ASSERT_EQ(root_->manager("SetReturnProgram", "b", 0).error(), "");
    ASSERT_TRUE(see_samples(1));
    EXPECT_THAT(changes(), IsEmpty());
}

} // namespace
} // namespace ktally::test
