// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failure.hpp"

#include <algorithm>
#include <array>

namespace ktally {
namespace {

Failure not_running()
{
    return {Exit::not_running, "ktallyd is not running; start it with: systemctl start ktallyd"};
}

bool is_one_of(const std::string &name, std::initializer_list<std::string_view> names)
{
    return std::ranges::find(names, name) != names.end();
}

} // namespace

Failure failure_of(const sdbus::Error &error)
{
    const std::string name = error.getName();
    const std::string message = error.getMessage().empty() ? name : error.getMessage();
    if (name.starts_with("org.freedesktop.DBus.Error.Spawn.") ||
        is_one_of(name, {"org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner"}))
        return not_running();
    if (name == "org.freedesktop.DBus.Error.NoReply")
        return {Exit::not_running,
                "ktallyd did not answer (" + message + "); look at it with: systemctl status ktallyd"};
    // sd-bus names the errors of its own after the errno: System.Error.ECONNRESET.
    if (is_one_of(name, {"org.freedesktop.DBus.Error.Disconnected", "System.Error.ECONNRESET", "System.Error.ENOTCONN",
                         "System.Error.EPIPE"}))
        return {Exit::not_running, "the connection to the bus was lost; is dbus running?"};
    if (is_one_of(name, {"org.freedesktop.DBus.Error.UnknownMethod", "org.freedesktop.DBus.Error.UnknownInterface",
                         "org.freedesktop.DBus.Error.UnknownObject", "org.freedesktop.DBus.Error.UnknownProperty"}))
        return {Exit::failure, "ktallyd is of another version than ktallyctl, see ktallyctl version: " + message};
    if (name == "org.freedesktop.DBus.Error.NotSupported")
        return {Exit::failure, message + "; see ktallyctl probes"};
    return {Exit::failure, message};
}

} // namespace ktally
