// SPDX-License-Identifier: LGPL-2.1-or-later
#include "accounts_fixture.hpp"
#include "fake_authority.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ktally::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char *access_denied = "org.freedesktop.DBus.Error.AccessDenied";
constexpr const char *invalid_arguments = "org.freedesktop.DBus.Error.InvalidArgs";
constexpr const char *not_supported = "org.freedesktop.DBus.Error.NotSupported";
constexpr const char *limits_exceeded = "org.freedesktop.DBus.Error.LimitsExceeded";

struct Row {
    std::uint32_t pid = 0;
    std::string name;
    std::string unit;
    std::uint64_t count = 0;
    std::map<std::string, std::uint64_t> details = {};

    bool operator==(const Row &) const = default;
};

std::map<std::string, std::uint64_t> read_details(sd_bus_message *message)
{
    std::map<std::string, std::uint64_t> details;
    sd_bus_message_enter_container(message, 'a', "{sv}");
    while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
        const char *key = nullptr, *type = nullptr;
        std::uint32_t small = 0;
        std::uint64_t large = 0;
        sd_bus_message_read(message, "s", &key);
        sd_bus_message_peek_type(message, nullptr, &type);
        if (*type == 'u')
            sd_bus_message_read(message, "v", "u", &small);
        else
            sd_bus_message_read(message, "v", "t", &large);
        details[key] = small + large;
        sd_bus_message_exit_container(message);
    }
    sd_bus_message_exit_container(message);
    return details;
}

std::vector<Row> rows(const Reply &reply)
{
    EXPECT_EQ(reply.error(), "") << reply.text();
    std::vector<Row> rows;
    sd_bus_message *message = reply.message.get();
    sd_bus_message_enter_container(message, 'a', "(ussta{sv})");
    while (sd_bus_message_enter_container(message, 'r', "ussta{sv}") > 0) {
        Row row;
        const char *name = nullptr, *unit = nullptr;
        sd_bus_message_read(message, "usst", &row.pid, &name, &unit, &row.count);
        row.name = name;
        row.unit = unit;
        row.details = read_details(message);
        rows.push_back(std::move(row));
        sd_bus_message_exit_container(message);
    }
    return rows;
}

std::vector<std::uint32_t> pids(const Reply &reply)
{
    std::vector<std::uint32_t> pids;
    for (const Row &row : rows(reply))
        pids.push_back(row.pid);
    return pids;
}

class TopProcesses : public AccountsTest {
protected:
    void SetUp() override
    {
        AccountsTest::SetUp();
        if (!server_)
            return;
        user_.emplace(nobody);
        cron_ = cgroup("cron.service");
        for (const std::uint32_t pid : {10u, 11u, 12u, 13u})
            process(pid, cron_, "worker").uid = pid < 12 ? nobody : 0;
        for (const std::uint32_t pid : {10u, 11u, 12u, 13u})
            task(pid, cron_);
        reads(10) = 5;
        reads(11) = 7;
        reads(12) = 100;
    }
    void TearDown() override
    {
        user_.reset();
        AccountsTest::TearDown();
    }

    std::atomic<std::uint64_t> &reads(std::uint32_t pid) { return accounts().tasks[pid - 10].calls[KTALLY_READ]; }

    static Reply list(const Client &client, const char *counter = "Vfs.Reads", std::uint32_t limit = 0)
    {
        return client.manager("ListTopProcesses", "sua{sv}", counter, limit, 0);
    }
    static Reply list_own(const Client &client)
    {
        return client.manager("ListTopProcesses", "sua{sv}", "Vfs.Reads", 0, 1, "own", "b", 1);
    }
    static Message interval(const Client &client, std::chrono::microseconds time, const char *counter = "Vfs.Reads")
    {
        return client.method("org.ktally1.Manager", "ListTopProcesses", "sua{sv}", counter, 0, 1, "interval_usec", "t",
                             static_cast<std::uint64_t>(time.count()));
    }
    // Begins a call that counts for a while, and returns when its first reading is over: the daemon asks the bus who
    // root is before it answers the first of the others, and so has been told when the second comes.
    std::shared_ptr<Reply> begin(Client &client, std::chrono::microseconds time, const char *counter = "Vfs.Reads")
    {
        auto reply = client.begin(interval(client, time, counter));
        client.boolean("ReturnProgramActive");
        client.boolean("ReturnProgramActive");
        return reply;
    }

    std::uint64_t cron_ = 0;
    std::optional<Client> user_;
};

TEST_F(TopProcesses, AreThoseWithTheHighestCountFirst)
{
    const Row first{12,
                    "worker",
                    "cron.service",
                    100,
                    {{"uid", 0}, {"parent_pid", 1}, {"descriptors", 3}, {"descriptor_limit", 1024}}};
    const Row second{11,
                     "worker",
                     "cron.service",
                     7,
                     {{"uid", nobody}, {"parent_pid", 1}, {"descriptors", 3}, {"descriptor_limit", 1024}}};
    EXPECT_THAT(rows(list(*root_, "Vfs.Reads", 2)), ElementsAre(first, second));
}

TEST_F(TopProcesses, WithNoneAreLeftOut)
{
    EXPECT_THAT(pids(list(*root_)), ElementsAre(12, 11, 10));
    EXPECT_THAT(pids(list(*root_, "Vfs.Fsyncs")), IsEmpty());
}

TEST_F(TopProcesses, HaveWhatTheirEndedThreadsCounted)
{
    accounts().tasks[0].ended[KTALLY_READV] = 1000;
    const std::vector<Row> found = rows(list(*root_, "Vfs.Reads", 1));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].pid, 10u);
    EXPECT_EQ(found[0].count, 1005u);
}

TEST_F(TopProcesses, AreCountedWithAllTheirThreads)
{
    task(10, cron_).calls[KTALLY_READ] = 200;
    const std::vector<Row> found = rows(list(*root_, "Vfs.Reads", 1));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].count, 205u);
}

TEST_F(TopProcesses, CanBeThoseWithTheMostDescriptors)
{
    accounts().processes[3].descriptors = 500;
    const std::vector<Row> found = rows(list(*root_, "Files.DescriptorsCurrent"));
    ASSERT_EQ(found.size(), 4u);
    EXPECT_EQ(found[0].pid, 13u);
    EXPECT_EQ(found[0].count, 500u);
    EXPECT_EQ(found[0].details.at("descriptors"), 500u);
}

TEST_F(TopProcesses, OfAllUsersAreForThoseWhomPolkitAllows)
{
    const FakeAuthority authority{Verdict::allowed};
    EXPECT_THAT(pids(list(*user_)), ElementsAre(12, 11, 10));
    ASSERT_EQ(authority.asked().size(), 1u);
    EXPECT_EQ(authority.asked()[0].action, "org.ktally1.inspect-processes");
    EXPECT_EQ(authority.asked()[0].name, user_->name());
}

TEST_F(TopProcesses, OfAllUsersAreNotForThoseWhomPolkitDenies)
{
    const FakeAuthority authority{Verdict::denied};
    EXPECT_EQ(list(*user_).error(), access_denied);
}

TEST_F(TopProcesses, OfOnesOwnNeedNoPolkit)
{
    EXPECT_THAT(pids(list_own(*user_)), ElementsAre(11, 10));
    EXPECT_THAT(pids(list_own(*root_)), ElementsAre(12));
    EXPECT_EQ(list(*user_).error(), access_denied) << "there is no polkit";
}

TEST_F(TopProcesses, OfOnesOwnAreToldWithoutAskingPolkit)
{
    const FakeAuthority authority{Verdict::denied};
    list_own(*user_);
    EXPECT_THAT(authority.asked(), IsEmpty());
}

TEST_F(TopProcesses, OfAnUnknownCounterAreInvalid)
{
    for (const char *counter : {"Vfs.Nothing", "Reads", "", "Vfs.ReadBytes", "Vfs.ReadErrors", "Processes.Exits",
                                "Processes.TasksExited", "Processes.TasksReleased", "Processes.ZombiesCurrent"}) {
        const Reply reply = list(*root_, counter);
        EXPECT_EQ(reply.error(), invalid_arguments) << counter;
        EXPECT_THAT(reply.text(), HasSubstr("Vfs.Reads"));
        EXPECT_THAT(reply.text(), HasSubstr("Files.DescriptorsCurrent"));
    }
}

TEST_F(TopProcesses, WithAnUnknownOptionAreInvalid)
{
    const Reply reply =
        root_->manager("ListTopProcesses", "sua{sv}", "Vfs.Reads", 0, 1, "interval", "t", std::uint64_t{1});
    EXPECT_EQ(reply.error(), invalid_arguments);
    EXPECT_THAT(reply.text(), testing::AllOf(HasSubstr("interval_usec (t)"), HasSubstr("own (b)")));
}

TEST_F(TopProcesses, WithAnOptionOfTheWrongTypeAreInvalid)
{
    const Reply reply = root_->manager("ListTopProcesses", "sua{sv}", "Vfs.Reads", 0, 1, "interval_usec", "u", 1);
    EXPECT_EQ(reply.error(), invalid_arguments);
    EXPECT_THAT(reply.text(), HasSubstr("of type u, not t"));
    EXPECT_EQ(root_->manager("ListTopProcesses", "sua{sv}", "Vfs.Reads", 0, 1, "own", "s", "yes").error(),
              invalid_arguments);
}

TEST_F(TopProcesses, OverNoTimeOrTooLongOneAreInvalid)
{
    for (const std::chrono::microseconds time : {0us, 60'000'001us, std::chrono::microseconds::max()}) {
        const Reply reply = root_->send(interval(*root_, time));
        EXPECT_EQ(reply.error(), invalid_arguments);
        EXPECT_THAT(reply.text(), HasSubstr("not 1 to 60000000"));
    }
}

TEST_F(TopProcesses, WithoutAccountingAreNotSupported)
{
    accounts().state = static_cast<std::uint32_t>(ProbeState::absent);
    const Reply reply = list(*root_);
    EXPECT_EQ(reply.error(), not_supported);
    EXPECT_THAT(reply.text(), HasSubstr("Accounting=no"));
}

TEST_F(TopProcesses, OfACounterThatTheKernelLacksAreNotSupported)
{
    const Reply reply = list(*root_, "Vfs.Creates");
    EXPECT_EQ(reply.error(), not_supported);
    EXPECT_THAT(reply.text(), HasSubstr("no function vfs_open"));
}

TEST_F(TopProcesses, OverATimeHaveWhatTheyCountedInIt)
{
    const auto begun = std::chrono::steady_clock::now();
    const auto reply = begin(*root_, 400ms);
    reads(10) += 30;
    reads(12) += 20;
    process(14, cron_, "new");
    task(14, cron_).calls[KTALLY_READ] = 25;
    EXPECT_EQ(reply->message, nullptr);
    ASSERT_TRUE(root_->until([&] { return reply->message != nullptr; }));
    EXPECT_GE(std::chrono::steady_clock::now() - begun, 400ms);
    const std::vector<Row> found = rows(*reply);
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].pid, 10u);
    EXPECT_EQ(found[0].count, 30u);
    EXPECT_EQ(found[1].pid, 14u);
    EXPECT_EQ(found[1].count, 25u);
    EXPECT_EQ(found[2].pid, 12u);
    EXPECT_EQ(found[2].count, 20u);
}

TEST_F(TopProcesses, OverATimeAreOthersWhenTheyStartedOtherwise)
{
    const auto reply = begin(*root_, 400ms);
    accounts().processes[2].start = 999; // pid 12 is another process now
    reads(12) = 8;
    ASSERT_TRUE(root_->until([&] { return reply->message != nullptr; }));
    const std::vector<Row> found = rows(*reply);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].pid, 12u);
    EXPECT_EQ(found[0].count, 8u);
}

TEST_F(TopProcesses, OverATimeCanBeThoseThatOpenedTheMostDescriptors)
{
    const auto reply = begin(*root_, 400ms, "Files.DescriptorsCurrent");
    accounts().processes[1].descriptors = 13;
    accounts().processes[2].descriptors = 1;
    ASSERT_TRUE(root_->until([&] { return reply->message != nullptr; }));
    const std::vector<Row> found = rows(*reply);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].pid, 11u);
    EXPECT_EQ(found[0].count, 10u);
}

TEST_F(TopProcesses, OverATimeKeepNobodyWaiting)
{
    const auto reply = begin(*root_, 60s);
    root_->watch();
    EXPECT_TRUE(root_->until([this] { return root_->signals().size() >= 3; }));
    EXPECT_THAT(pids(list(*root_)), ElementsAre(12, 11, 10));
    EXPECT_EQ(reply->message, nullptr);
}

TEST_F(TopProcesses, OverATimeAreAskedForByAUser64TimesAtMost)
{
    std::vector<std::shared_ptr<Reply>> open;
    const auto own = [&](Client &client) {
        return client.method("org.ktally1.Manager", "ListTopProcesses", "sua{sv}", "Vfs.Reads", 0, 2, "own", "b", 1,
                             "interval_usec", "t", std::uint64_t{60'000'000});
    };
    while (open.size() < 64)
        open.push_back(user_->begin(own(*user_)));
    Client other{nobody};
    EXPECT_EQ(other.send(own(other)).error(), limits_exceeded);
    EXPECT_EQ(user_->send(own(*user_)).error(), limits_exceeded);
    Client another{another_user};
    EXPECT_EQ(list_own(another).error(), "");
}

TEST_F(TopProcesses, OverATimeAreForgottenWithTheClient)
{
    {
        Client leaving{nobody};
        leaving.begin(leaving.method("org.ktally1.Manager", "ListTopProcesses", "sua{sv}", "Vfs.Reads", 0, 2, "own",
                                     "b", 1, "interval_usec", "t", std::uint64_t{200'000}));
    }
    const auto reply = begin(*root_, 400ms); // which ends later
    ASSERT_TRUE(root_->until([&] { return reply->message != nullptr; }));
    EXPECT_EQ(reply->error(), "");
}

} // namespace
} // namespace ktally::test
