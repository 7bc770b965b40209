// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fixtures.hpp"
#include "proxies.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace ktally::test {
namespace {

class ReturnProgram : public ServerTest {
protected:
    std::size_t holds() const { return Proxies{}.manager.ReturnProgramHolds().size(); }
    bool active() const { return root_->boolean("ReturnProgramActive"); }
    bool enabled() const { return root_->boolean("ReturnProgramEnabled"); }
    bool attached() { return numbers().attached != 0; }
};

TEST_F(ReturnProgram, IsSwitchedByRootWithoutPolkit)
{
    EXPECT_EQ(root_->manager("SetReturnProgram", "b", 1).error(), "");
    EXPECT_TRUE(enabled());
    EXPECT_TRUE(active());
    EXPECT_TRUE(attached());
    EXPECT_EQ(root_->manager("SetReturnProgram", "b", 0).error(), "");
    EXPECT_FALSE(enabled());
    EXPECT_FALSE(active());
    EXPECT_FALSE(attached());
}

TEST_F(ReturnProgram, IsHeldByRootWithoutPolkit)
{
    const Reply hold = root_->manager("HoldReturnProgram", "s", "test");
    ASSERT_EQ(hold.error(), "");
    EXPECT_NE(hold.number(), 0u);
    EXPECT_TRUE(active());
    EXPECT_FALSE(enabled());
    EXPECT_TRUE(attached());
}

TEST_F(ReturnProgram, ListsWhoHoldsIt)
{
    const std::uint32_t cookie = root_->manager("HoldReturnProgram", "s", "a long build").number();
    const auto rows = Proxies{}.manager.ReturnProgramHolds();
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].at("cookie").get<std::uint32_t>(), cookie);
    EXPECT_EQ(rows[0].at("owner").get<std::string>(), root_->name());
    EXPECT_EQ(rows[0].at("uid").get<std::uint32_t>(), 0u);
    EXPECT_EQ(rows[0].at("reason").get<std::string>(), "a long build");
    EXPECT_GE(rows[0].at("since_monotonic_usec").get<std::uint64_t>(),
              root_->number("org.ktally1.Manager", "StartTimestampMonotonicUSec"));
}

TEST_F(ReturnProgram, GoesOffWhenTheHoldIsReleased)
{
    const std::uint32_t cookie = root_->manager("HoldReturnProgram", "s", "test").number();
    EXPECT_EQ(root_->manager("ReleaseReturnProgram", "u", cookie).error(), "");
    EXPECT_FALSE(active());
    EXPECT_FALSE(attached());
    EXPECT_EQ(holds(), 0u);
}

TEST_F(ReturnProgram, StaysOnWhileAnotherHoldsIt)
{
    const Client other;
    const std::uint32_t cookie = root_->manager("HoldReturnProgram", "s", "one").number();
    ASSERT_EQ(other.manager("HoldReturnProgram", "s", "two").error(), "");
    EXPECT_EQ(root_->manager("ReleaseReturnProgram", "u", cookie).error(), "");
    EXPECT_TRUE(active());
    EXPECT_TRUE(attached());
    EXPECT_EQ(holds(), 1u);
}

TEST_F(ReturnProgram, StaysOnWhenSwitchedOffWhileHeld)
{
    root_->manager("SetReturnProgram", "b", 1);
    root_->manager("HoldReturnProgram", "s", "test");
    EXPECT_EQ(root_->manager("SetReturnProgram", "b", 0).error(), "");
    EXPECT_FALSE(enabled());
    EXPECT_TRUE(active());
}

TEST_F(ReturnProgram, KeepsAHoldThatSomebodyElseReleases)
{
    const Client other;
    const std::uint32_t cookie = root_->manager("HoldReturnProgram", "s", "test").number();
    EXPECT_EQ(other.manager("ReleaseReturnProgram", "u", cookie).error(), "org.ktally1.Error.NoSuchHold");
    EXPECT_TRUE(active());
    EXPECT_EQ(holds(), 1u);
}

TEST_F(ReturnProgram, KnowsNoHoldThatWasNeverTaken)
{
    EXPECT_EQ(root_->manager("ReleaseReturnProgram", "u", 0).error(), "org.ktally1.Error.NoSuchHold");
    EXPECT_EQ(root_->manager("ReleaseReturnProgram", "u", 4711).error(), "org.ktally1.Error.NoSuchHold");
}

TEST_F(ReturnProgram, KnowsNoHoldThatWasReleased)
{
    const std::uint32_t cookie = root_->manager("HoldReturnProgram", "s", "test").number();
    root_->manager("ReleaseReturnProgram", "u", cookie);
    EXPECT_EQ(root_->manager("ReleaseReturnProgram", "u", cookie).error(), "org.ktally1.Error.NoSuchHold");
}

TEST_F(ReturnProgram, GoesOffWhenTheHolderLeaves)
{
    {
        const Client holder;
        ASSERT_EQ(holder.manager("HoldReturnProgram", "s", "one").error(), "");
        ASSERT_EQ(holder.manager("HoldReturnProgram", "s", "two").error(), "");
        ASSERT_TRUE(active());
    }
    EXPECT_TRUE(eventually([this] { return !active(); }));
    EXPECT_EQ(holds(), 0u);
    EXPECT_FALSE(attached());
}

TEST_F(ReturnProgram, GoesOffWhenTheHolderIsKilled)
{
    const Child holder{[] {
        const Client client;
        if (client.manager("HoldReturnProgram", "s", "test").error().empty())
            pause();
        _exit(1);
    }};
    ASSERT_TRUE(eventually([this] { return active(); }));
    holder.signal(SIGKILL);
    EXPECT_TRUE(eventually([this] { return !active(); }));
    EXPECT_EQ(holds(), 0u);
    EXPECT_FALSE(attached());
}

TEST_F(ReturnProgram, StaysOnWhenTheHolderLeavesAndTheSwitchIsOn)
{
    root_->manager("SetReturnProgram", "b", 1);
    {
        const Client holder;
        ASSERT_EQ(holder.manager("HoldReturnProgram", "s", "test").error(), "");
    }
    EXPECT_TRUE(eventually([this] { return holds() == 0; }));
    EXPECT_TRUE(active());
    EXPECT_TRUE(attached());
}

TEST_F(ReturnProgram, StaysOffWhenItCannotBeAttached)
{
    numbers().attach_error = ENOTSUP;
    const Reply reply = root_->manager("SetReturnProgram", "b", 1);
    EXPECT_EQ(reply.error(), "org.ktally1.Error.AttachFailed");
    EXPECT_NE(reply.text().find("fexit:vfs_read"), std::string::npos) << reply.text();
    EXPECT_FALSE(enabled());
    EXPECT_FALSE(active());
}

TEST_F(ReturnProgram, IsNotHeldWhenItCannotBeAttached)
{
    numbers().attach_error = ENOTSUP;
    EXPECT_EQ(root_->manager("HoldReturnProgram", "s", "test").error(), "org.ktally1.Error.AttachFailed");
    EXPECT_FALSE(active());
    EXPECT_EQ(holds(), 0u);
}

TEST_F(ReturnProgram, CanBeSwitchedOnOnceItCanBeAttached)
{
    numbers().attach_error = ENOTSUP;
    root_->manager("SetReturnProgram", "b", 1);
    numbers().attach_error = 0;
    EXPECT_EQ(root_->manager("SetReturnProgram", "b", 1).error(), "");
    EXPECT_TRUE(active());
}

TEST_F(ReturnProgram, TakesAReasonOf256Bytes)
{
    EXPECT_EQ(root_->manager("HoldReturnProgram", "s", std::string(256, 'r').c_str()).error(), "");
}

TEST_F(ReturnProgram, RefusesAReasonOf257Bytes)
{
    EXPECT_EQ(root_->manager("HoldReturnProgram", "s", std::string(257, 'r').c_str()).error(),
              "org.freedesktop.DBus.Error.InvalidArgs");
    EXPECT_FALSE(active());
}

TEST_F(ReturnProgram, NeedsNoReason)
{
    EXPECT_EQ(root_->manager("HoldReturnProgram", "s", "").error(), "");
}

TEST_F(ReturnProgram, IsHeld64TimesByAUserAndNotOnceMore)
{
    const Client other;
    std::uint32_t cookie = 0;
    for (int hold = 0; hold < 64; ++hold)
        cookie = root_->manager("HoldReturnProgram", "s", "test").number();
    const Reply refused = other.manager("HoldReturnProgram", "s", "test");
    EXPECT_EQ(refused.error(), "org.freedesktop.DBus.Error.LimitsExceeded");
    EXPECT_NE(refused.text().find("uid 0 has 64 holds"), std::string::npos) << refused.text();
    EXPECT_EQ(holds(), 64u);
    EXPECT_EQ(root_->manager("ReleaseReturnProgram", "u", cookie).error(), "");
    EXPECT_EQ(other.manager("HoldReturnProgram", "s", "test").error(), "");
}

TEST_F(ReturnProgram, IsSwitchedByAUserWithAllTheHoldsItMayHave)
{
    for (int hold = 0; hold < 64; ++hold)
        ASSERT_EQ(root_->manager("HoldReturnProgram", "s", "test").error(), "");
    EXPECT_EQ(root_->manager("SetReturnProgram", "b", 1).error(), "");
    EXPECT_TRUE(enabled());
}

TEST_F(ReturnProgram, IsSwitchedByAClientThatWantsNoAnswer)
{
    const Message call = root_->method("org.ktally1.Manager", "SetReturnProgram", "b", 1);
    sd_bus_message_set_expect_reply(call.get(), 0);
    ASSERT_GE(sd_bus_send(root_->bus(), call.get(), nullptr), 0);
    EXPECT_TRUE(eventually([this] { return active(); }));
}

TEST_F(ReturnProgram, TellsWhoSwitchedItInTheLog)
{
    root_->manager("SetReturnProgram", "b", 1);
    EXPECT_NE(log().find("return program on by " + root_->name() + ", uid 0"), std::string::npos);
}

TEST_F(ReturnProgram, CanBeSwitchedOftenWithoutLosingTrack)
{
    for (int round = 0; round < 50; ++round) {
        ASSERT_EQ(root_->manager("SetReturnProgram", "b", 1).error(), "");
        ASSERT_TRUE(attached());
        ASSERT_EQ(root_->manager("SetReturnProgram", "b", 0).error(), "");
        ASSERT_FALSE(attached());
    }
}

} // namespace
} // namespace ktally::test
