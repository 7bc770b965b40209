// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus/clients.hpp"

#include <vector>

namespace ktally {
namespace {

template <typename Answer> Answer ask_bus(sdbus::IConnection &connection, const char *method)
{
    Answer answer;
    sdbus::createProxy(connection, dbus::ServiceName{"org.freedesktop.DBus"},
                       sdbus::ObjectPath{"/org/freedesktop/DBus"})
        ->callMethod(method)
        .onInterface("org.freedesktop.DBus")
        .storeResultsTo(answer);
    return answer;
}

} // namespace

std::string bus_id(sdbus::IConnection &connection)
{
    return ask_bus<std::string>(connection, "GetId");
}

std::set<std::string> names_on_bus(sdbus::IConnection &connection)
{
    const auto names = ask_bus<std::vector<std::string>>(connection, "ListNames");
    return {names.begin(), names.end()};
}

} // namespace ktally
