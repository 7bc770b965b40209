// SPDX-License-Identifier: LGPL-2.1-or-later
#include "accounts_fixture.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ktally::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;

// The daemon as people look at it.
class Busctl : public AccountsTest {
protected:
    std::vector<std::string> command(std::vector<std::string> arguments) const
    {
        std::vector<std::string> words{"busctl", "--address=" + bus_->address(), "--no-pager"};
        words.insert(words.end(), arguments.begin(), arguments.end());
        return words;
    }
    Finished busctl(std::vector<std::string> arguments) const { return run(command(std::move(arguments))); }
};

TEST_F(Busctl, IntrospectsEveryInterface)
{
    const Finished finished = busctl({"introspect", "org.ktally1", "/org/ktally1"});
    ASSERT_EQ(finished.status, 0) << finished.text;
    for (const char *interface :
         {"org.ktally1.Files", "org.ktally1.Manager", "org.ktally1.Processes", "org.ktally1.Vfs"})
        EXPECT_THAT(finished.text, ContainsRegex(std::string{interface} + " +interface"));
}

TEST_F(Busctl, IntrospectsEveryCounter)
{
    const Finished finished = busctl({"introspect", "org.ktally1", "/org/ktally1"});
    for (const CounterRow &counter : counters)
        EXPECT_THAT(finished.text, ContainsRegex("\\." + std::string{counter.property} + " +property +t "));
}

TEST_F(Busctl, IntrospectsTheMethodsAndTheSignalOfTheManager)
{
    const Finished finished = busctl({"introspect", "org.ktally1", "/org/ktally1", "org.ktally1.Manager"});
    EXPECT_THAT(finished.text, AllOf(ContainsRegex("\\.SetReturnProgram +method +b +-"),
                                     ContainsRegex("\\.HoldReturnProgram +method +s +u"),
                                     ContainsRegex("\\.ReleaseReturnProgram +method +u +-"),
                                     ContainsRegex("\\.SampleTaken +signal +tt")));
}

TEST_F(Busctl, IntrospectsLiveValues)
{
    set(Counter::Opened, 4242);
    EXPECT_THAT(busctl({"introspect", "org.ktally1", "/org/ktally1", "org.ktally1.Files"}).text,
                ContainsRegex("\\.Opened +property +t +4242 "));
}

TEST_F(Busctl, GetsAProperty)
{
    set(Counter::WriteBytes, 4'096'000);
    EXPECT_EQ(busctl({"get-property", "org.ktally1", "/org/ktally1", "org.ktally1.Vfs", "WriteBytes"}).text,
              "t 4096000\n");
}

TEST_F(Busctl, GetsAnAbsentCounter)
{
    EXPECT_EQ(busctl({"get-property", "org.ktally1", "/org/ktally1", "org.ktally1.Vfs", "Creates"}).text,
              "t 18446744073709551615\n");
}

TEST_F(Busctl, GetsAPropertyForAnyUser)
{
    set(Counter::Opened, 7);
    std::vector<std::string> words{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
    for (const std::string &word :
         command({"get-property", "org.ktally1", "/org/ktally1", "org.ktally1.Files", "Opened"}))
        words.push_back(word);
    EXPECT_EQ(run(words).text, "t 7\n");
}

TEST_F(Busctl, GetsErrors)
{
    numbers().errors[0].operation = KTALLY_OP_OPEN;
    numbers().errors[0].error = 2;
    numbers().errors[0].count = 12;
    EXPECT_EQ(busctl({"call", "org.ktally1", "/org/ktally1", "org.ktally1.Files", "GetErrors"}).text,
              "a(sist) 1 \"open\" 2 \"ENOENT\" 12\n");
}

TEST_F(Busctl, SwitchesTheReturnProgram)
{
    EXPECT_EQ(
        busctl({"call", "org.ktally1", "/org/ktally1", "org.ktally1.Manager", "SetReturnProgram", "b", "true"}).status,
        0);
    EXPECT_TRUE(root_->boolean("ReturnProgramEnabled"));
}

TEST_F(Busctl, CannotHoldBecauseItLeavesAtOnce)
{
    EXPECT_EQ(
        busctl({"call", "org.ktally1", "/org/ktally1", "org.ktally1.Manager", "HoldReturnProgram", "s", "x"}).status,
        0);
    EXPECT_TRUE(eventually([this] { return !root_->boolean("ReturnProgramActive"); }));
}

TEST_F(Busctl, SaysWhatIsWrongWithACall)
{
    const Finished finished =
        busctl({"set-property", "org.ktally1", "/org/ktally1", "org.ktally1.Vfs", "Reads", "t", "0"});
    EXPECT_NE(finished.status, 0);
    EXPECT_THAT(finished.text, HasSubstr("not writable"));
}

TEST_F(Busctl, FindsTheObjects)
{
    cgroup("cron.service");
    EXPECT_THAT(busctl({"tree", "--list", "org.ktally1"}).text,
                AllOf(HasSubstr("/org/ktally1\n"), HasSubstr("/org/ktally1/unit/cron_2eservice\n")));
}

TEST_F(Busctl, IntrospectsAUnit)
{
    count(cgroup("cron.service"), KTALLY_OPEN, 4242);
    const Finished finished = busctl({"introspect", "org.ktally1", "/org/ktally1/unit/cron_2eservice"});
    ASSERT_EQ(finished.status, 0) << finished.text;
    EXPECT_THAT(finished.text, AllOf(ContainsRegex("\\.Name +property +s +\"cron.service\" +const"),
                                     ContainsRegex("\\.Opened +property +t +4242 +emits-change"),
                                     ContainsRegex("\\.ListZombies +method +- +a\\(uusssit\\)")));
}

TEST_F(Busctl, FindsTheUnitOfAName)
{
    cgroup("cron.service");
    EXPECT_EQ(
        busctl({"call", "org.ktally1", "/org/ktally1", "org.ktally1.Manager", "GetUnit", "s", "cron.service"}).text,
        "o \"/org/ktally1/unit/cron_2eservice\"\n");
}

TEST_F(Busctl, ListsTheProcessesThatDoMost)
{
    process(1234, cgroup("cron.service"), "worker");
    task(1234, root_cgroup).calls[KTALLY_READ] = 7;
    EXPECT_EQ(busctl({"call", "org.ktally1", "/org/ktally1", "org.ktally1.Manager", "ListTopProcesses", "sua{sv}",
                      "Vfs.Reads", "10", "1", "interval_usec", "t", "1"})
                  .text,
              "a(ussta{sv}) 0\n");
    EXPECT_THAT(busctl({"call", "org.ktally1", "/org/ktally1", "org.ktally1.Manager", "ListTopProcesses", "sua{sv}",
                        "Vfs.Reads", "10", "0"})
                    .text,
                HasSubstr("a(ussta{sv}) 1 1234 \"worker\" \"cron.service\" 7 "));
}

TEST_F(Busctl, MonitorsSamples)
{
    const Child monitor{command({"monitor", "org.ktally1"}), {file("monitor"), file("monitor")}};
    std::uint64_t reads = 0;
    EXPECT_TRUE(eventually([&] {
        set(Counter::Reads, ++reads);
        const std::string text = text_of(file("monitor"));
        return text.find("Member=PropertiesChanged") != std::string::npos &&
               text.find("Member=SampleTaken") != std::string::npos && text.find("\"Reads\"") != std::string::npos;
    })) << text_of(file("monitor"));
}

} // namespace
} // namespace ktally::test
