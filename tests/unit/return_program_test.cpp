// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/return_program.hpp"

#include "fake_source.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace ktally {
namespace {

Hold hold_of(const std::string &owner)
{
    return {owner, 1000, "a reason", MonotonicTime{std::chrono::seconds{7}}};
}

class ReturnProgramTest : public testing::Test {
protected:
    test::FakeSource source_;
    ReturnProgram program_{source_};
};

TEST_F(ReturnProgramTest, IsOffAtFirst)
{
    EXPECT_FALSE(program_.enabled());
    EXPECT_FALSE(program_.active());
    EXPECT_EQ(source_.attaches, 0);
}

TEST_F(ReturnProgramTest, AttachesWhenSwitchedOn)
{
    program_.set(true);
    EXPECT_TRUE(program_.enabled());
    EXPECT_TRUE(program_.active());
    EXPECT_TRUE(source_.attached);
}

TEST_F(ReturnProgramTest, DetachesWhenSwitchedOff)
{
    program_.set(true);
    program_.set(false);
    EXPECT_FALSE(program_.active());
    EXPECT_FALSE(source_.attached);
}

TEST_F(ReturnProgramTest, AttachesOnceWhenSwitchedOnTwice)
{
    program_.set(true);
    program_.set(true);
    EXPECT_EQ(source_.attaches, 1);
}

TEST_F(ReturnProgramTest, DetachesNothingWhenSwitchedOffWhileOff)
{
    program_.set(false);
    EXPECT_EQ(source_.detaches, 0);
}

TEST_F(ReturnProgramTest, GoesOnAsAnEarlierInstanceLeftIt)
{
    source_.attached = true;
    program_.restore({false, 7, {{5, hold_of(":1.1")}}});
    EXPECT_TRUE(program_.active());
    EXPECT_FALSE(program_.enabled());
    EXPECT_EQ(source_.attaches, 0);
    EXPECT_EQ(program_.hold(hold_of(":1.2")), 8u);
    EXPECT_TRUE(program_.release(":1.1", 5));
    EXPECT_TRUE(program_.release(":1.2", 8));
    EXPECT_FALSE(source_.attached);
}

TEST_F(ReturnProgramTest, AttachesWhatAnEarlierInstanceHadOnAndTheSourceHasNot)
{
    program_.restore({true});
    EXPECT_TRUE(program_.enabled());
    EXPECT_TRUE(source_.attached);
}

TEST_F(ReturnProgramTest, DetachesWhatTheSourceHasAndNobodyHadOn)
{
    source_.attached = true;
    program_.restore({});
    EXPECT_FALSE(program_.active());
    EXPECT_FALSE(source_.attached);
}

TEST_F(ReturnProgramTest, IsOffIfWhatWasOnCannotBeAttachedAgain)
{
    source_.attach_fails = true;
    EXPECT_THROW(program_.restore({true, 7, {{5, hold_of(":1.1")}}}), std::system_error);
    EXPECT_FALSE(program_.active());
    EXPECT_TRUE(program_.holds().empty());
}

TEST_F(ReturnProgramTest, IsActiveButNotEnabledWhileHeld)
{
    program_.hold(hold_of(":1.1"));
    EXPECT_TRUE(program_.active());
    EXPECT_FALSE(program_.enabled());
    EXPECT_TRUE(source_.attached);
}

TEST_F(ReturnProgramTest, KeepsWhatTheHolderSaid)
{
    const std::uint32_t cookie = program_.hold({":1.5", 1001, "a long build", MonotonicTime{std::chrono::seconds{9}}});
    const Hold &hold = program_.holds().at(cookie);
    EXPECT_EQ(hold.owner, ":1.5");
    EXPECT_EQ(hold.uid, 1001u);
    EXPECT_EQ(hold.reason, "a long build");
    EXPECT_EQ(hold.since, MonotonicTime{std::chrono::seconds{9}});
}

TEST_F(ReturnProgramTest, GivesEachHoldACookieOfItsOwnAndNeverZero)
{
    const std::uint32_t first = program_.hold(hold_of(":1.1"));
    const std::uint32_t second = program_.hold(hold_of(":1.1"));
    EXPECT_NE(first, 0u);
    EXPECT_NE(second, 0u);
    EXPECT_NE(first, second);
}

TEST_F(ReturnProgramTest, DoesNotReuseTheCookieOfAReleasedHold)
{
    const std::uint32_t first = program_.hold(hold_of(":1.1"));
    program_.release(":1.1", first);
    EXPECT_NE(program_.hold(hold_of(":1.1")), first);
}

TEST_F(ReturnProgramTest, DetachesWhenItsOwnerReleasesTheOnlyHold)
{
    const std::uint32_t cookie = program_.hold(hold_of(":1.1"));
    EXPECT_TRUE(program_.release(":1.1", cookie));
    EXPECT_FALSE(program_.active());
    EXPECT_FALSE(source_.attached);
}

TEST_F(ReturnProgramTest, AttachesOnceForSeveralHolds)
{
    const std::uint32_t first = program_.hold(hold_of(":1.1"));
    program_.hold(hold_of(":1.2"));
    program_.release(":1.1", first);
    EXPECT_EQ(source_.attaches, 1);
    EXPECT_TRUE(source_.attached);
}

TEST_F(ReturnProgramTest, RefusesAReleaseByAnotherClient)
{
    const std::uint32_t cookie = program_.hold(hold_of(":1.1"));
    EXPECT_FALSE(program_.release(":1.2", cookie));
    EXPECT_TRUE(program_.holds().contains(cookie));
    EXPECT_TRUE(source_.attached);
}

TEST_F(ReturnProgramTest, RefusesAReleaseOfWhatIsNotHeld)
{
    EXPECT_FALSE(program_.release(":1.1", 0));
    EXPECT_FALSE(program_.release(":1.1", 77));
    EXPECT_EQ(source_.detaches, 0);
}

TEST_F(ReturnProgramTest, RefusesASecondRelease)
{
    const std::uint32_t cookie = program_.hold(hold_of(":1.1"));
    program_.release(":1.1", cookie);
    EXPECT_FALSE(program_.release(":1.1", cookie));
}

TEST_F(ReturnProgramTest, EndsAllHoldsOfAClientThatLeft)
{
    program_.hold(hold_of(":1.1"));
    program_.hold(hold_of(":1.1"));
    EXPECT_EQ(program_.release_all(":1.1"), 2u);
    EXPECT_TRUE(program_.holds().empty());
    EXPECT_FALSE(source_.attached);
}

TEST_F(ReturnProgramTest, KeepsTheHoldsOfOthersWhenAClientLeaves)
{
    program_.hold(hold_of(":1.1"));
    const std::uint32_t other = program_.hold(hold_of(":1.2"));
    EXPECT_EQ(program_.release_all(":1.1"), 1u);
    EXPECT_EQ(program_.holds().size(), 1u);
    EXPECT_TRUE(program_.holds().contains(other));
    EXPECT_TRUE(source_.attached);
}

TEST_F(ReturnProgramTest, DoesNothingWhenAClientLeavesThatHeldNothing)
{
    program_.set(true);
    EXPECT_EQ(program_.release_all(":1.9"), 0u);
    EXPECT_EQ(source_.detaches, 0);
    EXPECT_TRUE(source_.attached);
}

TEST_F(ReturnProgramTest, StaysAttachedWhenSwitchedOffWhileHeld)
{
    program_.set(true);
    program_.hold(hold_of(":1.1"));
    program_.set(false);
    EXPECT_FALSE(program_.enabled());
    EXPECT_TRUE(program_.active());
    EXPECT_TRUE(source_.attached);
}

TEST_F(ReturnProgramTest, StaysAttachedWhenTheLastHoldEndsWhileSwitchedOn)
{
    program_.set(true);
    program_.release(":1.1", program_.hold(hold_of(":1.1")));
    EXPECT_TRUE(program_.active());
    EXPECT_TRUE(source_.attached);
    EXPECT_EQ(source_.detaches, 0);
}

TEST_F(ReturnProgramTest, ChangesNothingWhenSwitchingOnFails)
{
    source_.attach_fails = true;
    EXPECT_THROW(program_.set(true), std::system_error);
    EXPECT_FALSE(program_.enabled());
    EXPECT_FALSE(program_.active());
}

TEST_F(ReturnProgramTest, IsHeld64TimesByOneUserAndNotOnceMore)
{
    for (int hold = 0; hold < 64; ++hold)
        program_.hold(hold_of(hold % 2 == 0 ? ":1.1" : ":1.2"));
    EXPECT_THROW(program_.hold(hold_of(":1.3")), std::length_error);
    EXPECT_EQ(program_.holds().size(), 64u);
    EXPECT_EQ(program_.holds_of(1000), 64u);
}

TEST_F(ReturnProgramTest, LimitsRootAsItDoesOthers)
{
    for (int hold = 0; hold < 64; ++hold)
        program_.hold({":1.1", 0, "", {}});
    EXPECT_THROW(program_.hold({":1.1", 0, "", {}}), std::length_error);
}

TEST_F(ReturnProgramTest, IsHeldByOneUserHoweverOftenAnotherHoldsIt)
{
    for (int hold = 0; hold < 64; ++hold)
        program_.hold(hold_of(":1.1"));
    program_.hold({":1.2", 1001, "", {}});
    EXPECT_EQ(program_.holds_of(1001), 1u);
}

TEST_F(ReturnProgramTest, IsHeldAgainByAUserAtTheLimitAfterARelease)
{
    std::uint32_t cookie = 0;
    for (int hold = 0; hold < 64; ++hold)
        cookie = program_.hold(hold_of(":1.1"));
    program_.release(":1.1", cookie);
    EXPECT_NO_THROW(program_.hold(hold_of(":1.1")));
}

TEST_F(ReturnProgramTest, IsNotAttachedByAHoldAboveTheLimit)
{
    for (int hold = 0; hold < 64; ++hold)
        program_.hold(hold_of(":1.1"));
    EXPECT_THROW(program_.hold(hold_of(":1.1")), std::length_error);
    EXPECT_EQ(program_.release_all(":1.1"), 64u);
    EXPECT_FALSE(source_.attached);
}

TEST_F(ReturnProgramTest, ChangesNothingWhenHoldingFails)
{
    source_.attach_fails = true;
    EXPECT_THROW(program_.hold(hold_of(":1.1")), std::system_error);
    EXPECT_TRUE(program_.holds().empty());
    EXPECT_FALSE(program_.active());
}

TEST_F(ReturnProgramTest, CanBeSwitchedOnAfterAFailure)
{
    source_.attach_fails = true;
    EXPECT_THROW(program_.set(true), std::system_error);
    source_.attach_fails = false;
    program_.set(true);
    EXPECT_TRUE(source_.attached);
}

} // namespace
} // namespace ktally
