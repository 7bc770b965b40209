// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fixtures.hpp"
#include "proxies.hpp"

#include <gmock/gmock.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <string>

namespace ktally::test {
namespace {

using ErrorRow = sdbus::Struct<std::string, std::int32_t, std::string, std::uint64_t>;
using ProbeRow = sdbus::Struct<std::string, std::string, std::string, std::string>;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

class Properties : public ServerTest {
protected:
    void SetUp() override
    {
        ServerTest::SetUp();
        if (server_)
            proxies_.emplace();
    }
    void TearDown() override
    {
        proxies_.reset();
        ServerTest::TearDown();
    }

    std::size_t property_count(const char *interface)
    {
        const Reply reply = root_->call("org.freedesktop.DBus.Properties", "GetAll", "s", interface);
        std::size_t count = 0;
        sd_bus_message_enter_container(reply.message.get(), 'a', "{sv}");
        for (; sd_bus_message_skip(reply.message.get(), "{sv}") > 0; ++count) {
        }
        return count;
    }

    void set_error(std::size_t row, ktally_operation operation, int error, std::uint64_t count)
    {
        numbers().errors[row].operation = operation;
        numbers().errors[row].error = error;
        numbers().errors[row].count = count;
    }

    std::optional<Proxies> proxies_;
};

std::uint64_t monotonic_usec()
{
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

TEST_F(Properties, OfFilesShowTheNumbersOfTheSource)
{
#define X(property, unit, first, last) set(Counter::property, 1000 + static_cast<std::uint64_t>(Counter::property));
    KTALLY_FILES(X)
#undef X
#define X(property, unit, first, last)                                                                                 \
    EXPECT_EQ(proxies_->files.property(), 1000 + static_cast<std::uint64_t>(Counter::property));
    KTALLY_FILES(X)
#undef X
}

TEST_F(Properties, OfVfsShowTheNumbersOfTheSource)
{
#define X(property, unit, first, last) set(Counter::property, 1000 + static_cast<std::uint64_t>(Counter::property));
    KTALLY_VFS(X)
#undef X
#define X(property, unit, first, last)                                                                                 \
    EXPECT_EQ(proxies_->vfs.property(), Counter::property == absent_counter                                            \
                                            ? absent_total                                                             \
                                            : 1000 + static_cast<std::uint64_t>(Counter::property));
    KTALLY_VFS(X)
#undef X
}

TEST_F(Properties, OfProcessesShowTheNumbersOfTheSource)
{
#define X(property, unit, first, last) set(Counter::property, 1000 + static_cast<std::uint64_t>(Counter::property));
    KTALLY_PROCESSES(X)
#undef X
#define X(property, unit, first, last)                                                                                 \
    EXPECT_EQ(proxies_->processes.property(), 1000 + static_cast<std::uint64_t>(Counter::property));
    KTALLY_PROCESSES(X)
#undef X
}

TEST_F(Properties, AreLive)
{
    set(Counter::Reads, 5);
    EXPECT_EQ(proxies_->vfs.Reads(), 5u);
    set(Counter::Reads, 6);
    EXPECT_EQ(proxies_->vfs.Reads(), 6u);
}

TEST_F(Properties, KeepAllSixtyFourBits)
{
    set(Counter::ReadBytes, 18'000'000'000'000'000'000u);
    EXPECT_EQ(proxies_->vfs.ReadBytes(), 18'000'000'000'000'000'000u);
}

TEST_F(Properties, NeverDecrease)
{
    set(Counter::Reads, 100);
    EXPECT_EQ(proxies_->vfs.Reads(), 100u);
    set(Counter::Reads, 3);
    EXPECT_EQ(proxies_->vfs.Reads(), 103u);
}

TEST_F(Properties, OfAnAbsentCounterAreTheLargestNumber)
{
    EXPECT_EQ(proxies_->vfs.Creates(), 18446744073709551615u);
}

TEST_F(Properties, ComeAllAtOnceAsWell)
{
    EXPECT_EQ(property_count("org.ktally1.Files"), 5u);
    EXPECT_EQ(property_count("org.ktally1.Vfs"), 11u);
    EXPECT_EQ(property_count("org.ktally1.Processes"), 8u);
    EXPECT_EQ(property_count("org.ktally1.Manager"), 10u);
}

TEST_F(Properties, OfTheManagerTellAboutTheDaemon)
{
    EXPECT_EQ(proxies_->manager.Version(), KTALLY_VERSION);
    EXPECT_EQ(proxies_->manager.Backend(), "fentry");
    EXPECT_THAT(proxies_->manager.Features(), ElementsAre("return", "accounting"));
    EXPECT_EQ(proxies_->manager.SampleIntervalUSec(), 100'000u);
}

TEST_F(Properties, TellWhenCountingBegan)
{
    EXPECT_GT(proxies_->manager.StartTimestampMonotonicUSec(), monotonic_usec() - 10'000'000);
    EXPECT_LT(proxies_->manager.StartTimestampMonotonicUSec(), monotonic_usec());
}

TEST_F(Properties, OfTheReturnProgramSayItIsOff)
{
    EXPECT_FALSE(proxies_->manager.ReturnProgramEnabled());
    EXPECT_FALSE(proxies_->manager.ReturnProgramActive());
    EXPECT_THAT(proxies_->manager.ReturnProgramHolds(), IsEmpty());
}

TEST_F(Properties, ListAProbeForEveryCounterAndAccountingLast)
{
    EXPECT_EQ(proxies_->manager.Probes().size(), counter_count + 1);
    EXPECT_EQ(proxies_->manager.Probes().back(), (ProbeRow{"Accounting", "task_storage", "active", ""}));
}

TEST_F(Properties, SayThatAccountingIsAbsentAndWhy)
{
    accounts().state = static_cast<std::uint32_t>(ProbeState::absent);
    EXPECT_EQ(proxies_->manager.Probes().back(),
              (ProbeRow{"Accounting", "", "absent", "Accounting=no in the configuration"}));
    EXPECT_THAT(proxies_->manager.Features(), ElementsAre("return"));
}

TEST_F(Properties, TellOfEventsThatBelongToNobody)
{
    EXPECT_EQ(proxies_->manager.EventsUnattributed(), 0u);
    accounts().unattributed = 17;
    EXPECT_EQ(proxies_->manager.EventsUnattributed(), 17u);
}

TEST_F(Properties, ListTheSourceOfACounter)
{
    EXPECT_THAT(proxies_->manager.Probes(), Contains(ProbeRow{"Vfs.Reads", "fentry:vfs_read", "active", ""}));
}

TEST_F(Properties, ListAnAbsentCounterWithItsReason)
{
    EXPECT_THAT(proxies_->manager.Probes(),
                Contains(ProbeRow{"Vfs.Creates", "", "absent", "this kernel has no function vfs_open"}));
}

TEST_F(Properties, ListTheProbesOfTheReturnProgramAsOffUntilItIsOn)
{
    EXPECT_THAT(proxies_->manager.Probes(), Contains(ProbeRow{"Vfs.ReadBytes", "fexit:vfs_read", "off", ""}));
    proxies_->manager.SetReturnProgram(true);
    EXPECT_THAT(proxies_->manager.Probes(), Contains(ProbeRow{"Vfs.ReadBytes", "fexit:vfs_read", "active", ""}));
}

TEST_F(Properties, CanBeReadByAnyUser)
{
    set(Counter::Opened, 7);
    set(Counter::Execs, 8);
    const Client client{nobody};
    EXPECT_EQ(client.number("org.ktally1.Files", "Opened"), 7u);
    EXPECT_EQ(client.number("org.ktally1.Processes", "Execs"), 8u);
    EXPECT_FALSE(client.boolean("ReturnProgramActive"));
}

TEST_F(Properties, AbsentCountersAreNamedInTheLogWithTheirReason)
{
    EXPECT_TRUE(eventually([this] {
        return log().find("Vfs.Creates is absent: this kernel has no function vfs_open") != std::string::npos;
    }));
}

using Errors = Properties;

TEST_F(Errors, AreNoneAtFirst)
{
    EXPECT_THAT(proxies_->files.GetErrors(), IsEmpty());
    EXPECT_THAT(proxies_->vfs.GetErrors(), IsEmpty());
    EXPECT_THAT(proxies_->processes.GetErrors(), IsEmpty());
}

TEST_F(Errors, AreNamedByOperationAndErrno)
{
    set_error(0, KTALLY_OP_OPEN, ENOENT, 12);
    set_error(1, KTALLY_OP_OPEN, EACCES, 3);
    EXPECT_THAT(proxies_->files.GetErrors(),
                ElementsAre(ErrorRow{"open", 2, "ENOENT", 12}, ErrorRow{"open", 13, "EACCES", 3}));
}

TEST_F(Errors, StandOnTheInterfaceOfTheirOperation)
{
    set_error(0, KTALLY_OP_CLOSE, EBADF, 1);
    set_error(1, KTALLY_OP_READ, 512, 2);
    set_error(2, KTALLY_OP_FORK, EAGAIN, 3);
    EXPECT_THAT(proxies_->files.GetErrors(), ElementsAre(ErrorRow{"close", 9, "EBADF", 1}));
    EXPECT_THAT(proxies_->vfs.GetErrors(), ElementsAre(ErrorRow{"read", 512, "ERESTARTSYS", 2}));
    EXPECT_THAT(proxies_->processes.GetErrors(), ElementsAre(ErrorRow{"fork", 11, "EAGAIN", 3}));
}

} // namespace
} // namespace ktally::test
