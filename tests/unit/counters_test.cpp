// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/counters.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace ktally {
namespace {

std::set<std::string> properties_of_table(std::string_view interface)
{
    std::set<std::string> names;
    for (const CounterRow &counter : counters)
        if (counter.interface == interface)
            names.emplace(counter.property);
    return names;
}

// Gauges, that is, what goes down as well, are in no table: each is read in a way of its own.
std::set<std::string> with_gauge(std::set<std::string> names, const char *gauge)
{
    names.insert(gauge);
    return names;
}

std::set<std::string> properties_of_xml(const std::string &interface)
{
    std::ifstream file{KTALLY_DBUS_DIR "/org.ktally1." + interface + ".xml"};
    std::stringstream text;
    text << file.rdbuf();
    const std::string xml = text.str();
    const std::string tag = "<property name=\"";
    std::set<std::string> names;
    for (std::size_t at = xml.find(tag); at != std::string::npos; at = xml.find(tag, at)) {
        at += tag.size();
        names.insert(xml.substr(at, xml.find('"', at) - at));
    }
    return names;
}

TEST(Counters, HaveUniqueNames)
{
    std::set<std::string> names;
    for (const CounterRow &counter : counters)
        EXPECT_TRUE(names.insert(std::string{counter.interface} + '.' + std::string{counter.property}).second)
            << counter.property;
}

TEST(Counters, StandInTheTableInTheOrderOfTheirNumbers)
{
    for (std::size_t index = 0; index < counter_count; ++index)
        EXPECT_EQ(static_cast<std::size_t>(counters[index].counter), index) << counters[index].property;
}

TEST(Counters, AddUpColumnsThatExist)
{
    for (const CounterRow &counter : counters) {
        EXPECT_LE(counter.first, counter.last) << counter.property;
        EXPECT_LT(counter.last, KTALLY_CALLS) << counter.property;
    }
}

TEST(Counters, OfBytesStayWithinTheSlotsOfBytes)
{
    for (const CounterRow &counter : counters) {
        if (counter.unit == Unit::bytes) {
            EXPECT_GE(counter.first, KTALLY_READ) << counter.property;
            EXPECT_LE(counter.last, KTALLY_WRITEV) << counter.property;
        }
    }
}

TEST(Counters, CountEachCallOnce)
{
    std::array<int, KTALLY_CALLS> counted{};
    for (const CounterRow &counter : counters)
        if (counter.unit == Unit::calls)
            for (std::size_t call = counter.first; call <= counter.last; ++call)
                ++counted[call];
    for (std::size_t call = 0; call < counted.size(); ++call)
        EXPECT_EQ(counted[call], 1) << hooks[call].name;
}

TEST(Counters, AreThePropertiesOfFilesButTheGauge)
{
    EXPECT_EQ(properties_of_xml("Files"), with_gauge(properties_of_table("Files"), "DescriptorsCurrent"));
}

TEST(Counters, AreThePropertiesOfVfs)
{
    EXPECT_EQ(properties_of_xml("Vfs"), properties_of_table("Vfs"));
}

TEST(Counters, AreThePropertiesOfProcessesButTheGauge)
{
    EXPECT_EQ(properties_of_xml("Processes"), with_gauge(properties_of_table("Processes"), "ZombiesCurrent"));
}

TEST(Counters, BelongToTheseInterfacesOnly)
{
    EXPECT_EQ(properties_of_table("Files").size() + properties_of_table("Vfs").size() +
                  properties_of_table("Processes").size(),
              counter_count);
}

TEST(Operations, AddUpToACounterOfErrors)
{
    for (const OperationRow &operation : operations)
        EXPECT_EQ(row(operation.counter).unit, Unit::errors) << operation.name;
}

TEST(Operations, AreTheRowsOfTheErrorTable)
{
    EXPECT_EQ(operations[KTALLY_OP_OPEN].name, "open");
    EXPECT_EQ(operations[KTALLY_OP_CLOSE].name, "close");
    EXPECT_EQ(operations[KTALLY_OP_READ].name, "read");
    EXPECT_EQ(operations[KTALLY_OP_WRITE].name, "write");
    EXPECT_EQ(operations[KTALLY_OP_UNLINK].name, "unlink");
    EXPECT_EQ(operations[KTALLY_OP_FSYNC].name, "fsync");
    EXPECT_EQ(operations[KTALLY_OP_FORK].name, "fork");
}

TEST(Operations, CoverEveryCounterOfErrors)
{
    std::set<Counter> covered;
    for (const OperationRow &operation : operations)
        covered.insert(operation.counter);
    for (const CounterRow &counter : counters)
        EXPECT_EQ(covered.contains(counter.counter), counter.unit == Unit::errors) << counter.property;
}

TEST(Hooks, HaveUniqueNames)
{
    std::set<std::string_view> names;
    for (const Hook &hook : hooks)
        EXPECT_TRUE(names.insert(hook.name).second) << hook.name;
}

TEST(Hooks, AllHaveATracepointToFallBackTo)
{
    for (const Hook &hook : hooks)
        EXPECT_FALSE(hook.tracepoint.empty()) << hook.name;
}

TEST(Hooks, CanBeHookedAtReturnWhereErrorsOrBytesAreCounted)
{
    for (const CounterRow &counter : counters)
        for (std::size_t call = counter.first; call <= counter.last; ++call)
            EXPECT_TRUE(counter.unit == Unit::calls || !hooks[call].return_functions[0].empty()) << counter.property;
}

TEST(Backends, HaveTheNamesOfTheConfiguration)
{
    EXPECT_EQ(name(Backend::fentry), "fentry");
    EXPECT_EQ(name(Backend::kprobe), "kprobe");
    EXPECT_EQ(name(Backend::tracepoint), "tracepoint");
}

} // namespace
} // namespace ktally
