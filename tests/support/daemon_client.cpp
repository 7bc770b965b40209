// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon_client.hpp"

#include <regex>

namespace ktally::test {

void DaemonClient::connect()
{
    connection_ = sdbus::createSystemBusConnection();
    proxy_ = sdbus::createProxy(*connection_, dbus::ServiceName{"org.ktally1"}, sdbus::ObjectPath{"/org/ktally1"});
}

Totals DaemonClient::totals()
{
    Totals totals{};
    for (const CounterRow &counter : counters)
        totals[static_cast<std::size_t>(counter.counter)] = total(counter.counter);
    return totals;
}

std::uint64_t DaemonClient::total(Counter counter)
{
    const CounterRow &table = row(counter);
    return proxy_->getProperty(std::string{table.property})
        .onInterface("org.ktally1." + std::string{table.interface})
        .get<std::uint64_t>();
}

std::map<std::string, sdbus::Variant> DaemonClient::properties(const std::string &interface)
{
    std::map<std::string, sdbus::Variant> values;
    proxy_->callMethod("GetAll")
        .onInterface("org.freedesktop.DBus.Properties")
        .withArguments("org.ktally1." + interface)
        .storeResultsTo(values);
    return values;
}

Errors DaemonClient::errors()
{
    Errors errors;
    for (const char *interface : {"Files", "Vfs", "Processes"}) {
        std::vector<sdbus::Struct<std::string, std::int32_t, std::string, std::uint64_t>> rows;
        proxy_->callMethod("GetErrors").onInterface(std::string{"org.ktally1."} + interface).storeResultsTo(rows);
        for (const auto &row : rows)
            errors[{std::get<0>(row), std::get<1>(row)}] = std::get<3>(row);
    }
    return errors;
}

void DaemonClient::set_return_program(bool enabled)
{
    proxy_->callMethod("SetReturnProgram").onInterface("org.ktally1.Manager").withArguments(enabled);
}

std::vector<sdbus::Struct<std::string, std::string, std::string, std::string>> DaemonClient::probes()
{
    using Rows = std::vector<sdbus::Struct<std::string, std::string, std::string, std::string>>;
    Rows rows = proxy_->getProperty("Probes").onInterface("org.ktally1.Manager").get<Rows>();
    accounting_ = rows.back();
    rows.pop_back();
    return rows;
}

sdbus::Struct<std::string, std::string, std::string, std::string> DaemonClient::accounting()
{
    probes();
    return accounting_;
}

std::string DaemonClient::backend()
{
    return proxy_->getProperty("Backend").onInterface("org.ktally1.Manager").get<std::string>();
}

std::map<std::string, std::uint64_t> DaemonClient::missed()
{
    std::map<std::string, std::uint64_t> counts;
    for (const auto &probe : probes()) {
        std::smatch number;
        if (std::regex_search(std::get<3>(probe), number, std::regex{"(\\d+) events could not be looked at"}))
            counts[std::get<0>(probe)] = std::stoull(number[1]);
    }
    return counts;
}

} // namespace ktally::test
