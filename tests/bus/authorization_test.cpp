// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fake_authority.hpp"
#include "fixtures.hpp"

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ktally::test {
namespace {

constexpr const char *access_denied = "org.freedesktop.DBus.Error.AccessDenied";
constexpr const char *limits_exceeded = "org.freedesktop.DBus.Error.LimitsExceeded";
constexpr const char *needs_interaction = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired";

class Authorization : public ServerTest {
protected:
    void SetUp() override
    {
        ServerTest::SetUp();
        if (server_)
            user_.emplace(nobody);
    }
    void TearDown() override
    {
        user_.reset();
        authority_.reset();
        ServerTest::TearDown();
    }

    // Begins SetReturnProgram(true), and waits until polkit was asked.
    std::shared_ptr<Reply> begin_to_switch(Client &client)
    {
        const std::size_t asked = authority_->asked().size();
        auto reply = client.begin(client.method("org.ktally1.Manager", "SetReturnProgram", "b", 1));
        EXPECT_TRUE(eventually([&] { return authority_->asked().size() > asked; }));
        return reply;
    }

    std::vector<std::shared_ptr<Reply>> ask_as_much_as_a_user_may()
    {
        std::vector<std::shared_ptr<Reply>> replies;
        while (replies.size() < 64)
            replies.push_back(begin_to_switch(*user_));
        return replies;
    }

    bool active() const { return root_->boolean("ReturnProgramActive"); }

    std::optional<FakeAuthority> authority_;
    std::optional<Client> user_;
};

TEST_F(Authorization, LetsAUserSwitchWhomPolkitAllows)
{
    authority_.emplace(Verdict::allowed);
    EXPECT_EQ(user_->manager("SetReturnProgram", "b", 1).error(), "");
    EXPECT_TRUE(active());
}

TEST_F(Authorization, LetsAUserHoldWhomPolkitAllows)
{
    authority_.emplace(Verdict::allowed);
    const Reply hold = user_->manager("HoldReturnProgram", "s", "test");
    ASSERT_EQ(hold.error(), "");
    EXPECT_TRUE(active());
    EXPECT_EQ(user_->manager("ReleaseReturnProgram", "u", hold.number()).error(), "");
    EXPECT_FALSE(active());
}

TEST_F(Authorization, NamesTheCallerAndTheActionOfTheSwitch)
{
    authority_.emplace(Verdict::allowed);
    user_->manager("SetReturnProgram", "b", 1);
    ASSERT_EQ(authority_->asked().size(), 1u);
    EXPECT_EQ(authority_->asked()[0].kind, "system-bus-name");
    EXPECT_EQ(authority_->asked()[0].name, user_->name());
    EXPECT_EQ(authority_->asked()[0].action, "org.ktally1.set-return-program");
}

TEST_F(Authorization, NamesTheActionOfAHold)
{
    authority_.emplace(Verdict::allowed);
    user_->manager("HoldReturnProgram", "s", "test");
    ASSERT_EQ(authority_->asked().size(), 1u);
    EXPECT_EQ(authority_->asked()[0].action, "org.ktally1.hold-return-program");
}

TEST_F(Authorization, IsAskedForSwitchingOffAsWell)
{
    root_->manager("SetReturnProgram", "b", 1);
    authority_.emplace(Verdict::denied);
    EXPECT_EQ(user_->manager("SetReturnProgram", "b", 0).error(), access_denied);
    EXPECT_TRUE(active());
}

TEST_F(Authorization, IsAskedEveryTime)
{
    authority_.emplace(Verdict::allowed);
    user_->manager("SetReturnProgram", "b", 1);
    user_->manager("SetReturnProgram", "b", 0);
    EXPECT_EQ(authority_->asked().size(), 2u);
}

TEST_F(Authorization, IsNotAskedAboutRoot)
{
    authority_.emplace(Verdict::denied);
    EXPECT_EQ(root_->manager("SetReturnProgram", "b", 1).error(), "");
    EXPECT_TRUE(authority_->asked().empty());
}

TEST_F(Authorization, IsNotNeededToReadOrToReleaseAHold)
{
    authority_.emplace(Verdict::denied);
    EXPECT_EQ(user_->manager("ReleaseReturnProgram", "u", 1).error(), "org.ktally1.Error.NoSuchHold");
    EXPECT_EQ(user_->get("org.ktally1.Manager", "ReturnProgramHolds").error(), "");
    EXPECT_TRUE(authority_->asked().empty());
}

TEST_F(Authorization, RefusesWhomPolkitDenies)
{
    authority_.emplace(Verdict::denied);
    EXPECT_EQ(user_->manager("SetReturnProgram", "b", 1).error(), access_denied);
    EXPECT_EQ(user_->manager("HoldReturnProgram", "s", "test").error(), access_denied);
    EXPECT_FALSE(active());
}

TEST_F(Authorization, TellsACallerThatDoesNotPermitItThatAPasswordIsNeeded)
{
    authority_.emplace(Verdict::challenge);
    EXPECT_EQ(user_->manager("SetReturnProgram", "b", 1).error(), needs_interaction);
    EXPECT_EQ(authority_->asked().at(0).flags, 0u);
    EXPECT_FALSE(active());
}

TEST_F(Authorization, LetsPolkitAskForAPasswordIfTheCallerPermitsIt)
{
    authority_.emplace(Verdict::allowed);
    const Message call = user_->method("org.ktally1.Manager", "SetReturnProgram", "b", 1);
    sd_bus_message_set_allow_interactive_authorization(call.get(), 1);
    EXPECT_EQ(user_->send(call).error(), "");
    EXPECT_EQ(authority_->asked().at(0).flags, 1u);
}

TEST_F(Authorization, RefusesACallerWhoseUserGaveNoPassword)
{
    authority_.emplace(Verdict::challenge);
    const Message call = user_->method("org.ktally1.Manager", "SetReturnProgram", "b", 1);
    sd_bus_message_set_allow_interactive_authorization(call.get(), 1);
    EXPECT_EQ(user_->send(call).error(), access_denied);
    EXPECT_FALSE(active());
}

TEST_F(Authorization, RefusesEverybodyButRootWithoutPolkit)
{
    EXPECT_EQ(user_->manager("SetReturnProgram", "b", 1).error(), access_denied);
    EXPECT_EQ(user_->manager("HoldReturnProgram", "s", "test").error(), access_denied);
    EXPECT_EQ(root_->manager("SetReturnProgram", "b", 1).error(), "");
}

TEST_F(Authorization, RefusesWhenPolkitFails)
{
    authority_.emplace(Verdict::error);
    const Reply reply = user_->manager("SetReturnProgram", "b", 1);
    EXPECT_EQ(reply.error(), access_denied);
    EXPECT_NE(reply.text().find("no rules"), std::string::npos) << reply.text();
}

TEST_F(Authorization, RefusesWhenPolkitLeavesBeforeItAnswers)
{
    authority_.emplace(Verdict::open);
    const auto reply = begin_to_switch(*user_);
    authority_.reset();
    ASSERT_TRUE(user_->until([&] { return reply->message != nullptr; }));
    EXPECT_EQ(reply->error(), access_denied);
    EXPECT_FALSE(active());
}

TEST_F(Authorization, ThatIsSlowKeepsNobodyElseWaiting)
{
    authority_.emplace(Verdict::open);
    const auto reply = begin_to_switch(*user_);
    set(Counter::Reads, 9);
    EXPECT_EQ(root_->number("org.ktally1.Vfs", "Reads"), 9u);
    EXPECT_EQ(root_->manager("HoldReturnProgram", "s", "test").error(), "");
    root_->watch();
    EXPECT_TRUE(root_->until([this] { return root_->signals().size() >= 2; }));
    EXPECT_EQ(reply->message, nullptr);
    authority_->answer_open(true);
    ASSERT_TRUE(user_->until([&] { return reply->message != nullptr; }));
    EXPECT_EQ(reply->error(), "");
    EXPECT_TRUE(root_->boolean("ReturnProgramEnabled"));
}

TEST_F(Authorization, ThatIsSlowCanHaveSeveralQuestionsOpen)
{
    authority_.emplace(Verdict::open);
    Client other{nobody};
    const auto first = begin_to_switch(*user_);
    const auto second = begin_to_switch(other);
    authority_->answer_open(false);
    ASSERT_TRUE(user_->until([&] { return first->message != nullptr; }));
    ASSERT_TRUE(other.until([&] { return second->message != nullptr; }));
    EXPECT_EQ(first->error(), access_denied);
    EXPECT_EQ(second->error(), access_denied);
}

TEST_F(Authorization, IsAskedNoMoreThan64QuestionsOfAUserAtOnce)
{
    authority_.emplace(Verdict::open);
    const auto replies = ask_as_much_as_a_user_may();
    Client other{nobody};
    const Reply refused = other.manager("SetReturnProgram", "b", 1);
    EXPECT_EQ(refused.error(), limits_exceeded);
    EXPECT_NE(refused.text().find("uid 65534 has 0 holds of the return program and 64 calls"), std::string::npos)
        << refused.text();
    EXPECT_EQ(authority_->asked().size(), 64u);
    authority_->answer_open(true);
    ASSERT_TRUE(user_->until([&] { return replies.back()->message != nullptr; }));
    for (const auto &reply : replies)
        EXPECT_EQ(reply->error(), "");
}

TEST_F(Authorization, IsAskedForOthersWhileOneUserWaitsForAllItMay)
{
    authority_.emplace(Verdict::open);
    ask_as_much_as_a_user_may();
    Client other{another_user};
    begin_to_switch(other);
    EXPECT_EQ(authority_->asked().size(), 65u);
}

TEST_F(Authorization, IsNotAskedForAHoldMoreThanAUserMayHave)
{
    authority_.emplace(Verdict::allowed);
    for (int hold = 0; hold < 64; ++hold)
        ASSERT_EQ(user_->manager("HoldReturnProgram", "s", "test").error(), "");
    EXPECT_EQ(user_->manager("HoldReturnProgram", "s", "test").error(), limits_exceeded);
    EXPECT_EQ(authority_->asked().size(), 64u);
}

// As polkit goes on asking somebody for a password, one who leaves and comes back begins no new count.
TEST_F(Authorization, StillCountsTheQuestionsOfClientsThatLeft)
{
    authority_.emplace(Verdict::open);
    ask_as_much_as_a_user_may();
    const std::string name = user_->name();
    user_.emplace(nobody);
    ASSERT_TRUE(eventually([&] { return sd_bus_get_name_creds(root_->bus(), name.c_str(), 0, nullptr) == -ENXIO; }));
    EXPECT_EQ(user_->manager("SetReturnProgram", "b", 1).error(), limits_exceeded);
    authority_->answer_open(true);
    authority_->reach_daemon();
    begin_to_switch(*user_);
    EXPECT_FALSE(active());
}

TEST_F(Authorization, GivesNoHoldToACallerThatLeftMeanwhile)
{
    authority_.emplace(Verdict::open);
    user_->begin(user_->method("org.ktally1.Manager", "HoldReturnProgram", "s", "test"));
    ASSERT_TRUE(eventually([this] { return !authority_->asked().empty(); }));
    const std::string name = user_->name();
    user_.reset();
    ASSERT_TRUE(eventually([&] { return sd_bus_get_name_creds(root_->bus(), name.c_str(), 0, nullptr) == -ENXIO; }));
    authority_->answer_open(true);
    authority_->reach_daemon();
    EXPECT_FALSE(active());
    EXPECT_EQ(numbers().attached, 0u);
}

TEST_F(Authorization, AnswersTheOthersWhenACallerLeftMeanwhile)
{
    authority_.emplace(Verdict::open);
    Client other{nobody};
    const auto reply = begin_to_switch(other);
    begin_to_switch(*user_);
    user_.reset();
    authority_->answer_open(true);
    ASSERT_TRUE(other.until([&] { return reply->message != nullptr; }));
    EXPECT_EQ(reply->error(), "");
}

TEST_F(Authorization, IsNotAskedAboutAReasonThatIsTooLong)
{
    authority_.emplace(Verdict::allowed);
    EXPECT_EQ(user_->manager("HoldReturnProgram", "s", std::string(257, 'r').c_str()).error(),
              "org.freedesktop.DBus.Error.InvalidArgs");
    EXPECT_TRUE(authority_->asked().empty());
}

TEST_F(Authorization, SaysInTheLogWhichUserItWas)
{
    authority_.emplace(Verdict::allowed);
    user_->manager("SetReturnProgram", "b", 1);
    EXPECT_NE(log().find("return program on by " + user_->name() + ", uid 65534"), std::string::npos);
}

} // namespace
} // namespace ktally::test
