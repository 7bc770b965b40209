// SPDX-License-Identifier: LGPL-2.1-or-later
#include "commands.hpp"

#include "client.hpp"
#include "names.hpp"
#include "report.hpp"

#include <optional>

namespace ktally {
namespace {

// Nothing if it is not running; asking must not start it.
std::optional<std::string> daemon_version()
{
    try {
        Client client;
        if (!client.running())
            return std::nullopt;
        return value<std::string>(client.properties(manager_interface), "Version");
    } catch (const Failure &) {
    } catch (const sdbus::Error &) {
    }
    return std::nullopt;
}

} // namespace

int show_version(const Output &output)
{
    const std::optional<std::string> daemon = daemon_version();
    if (output.json != JsonMode::off)
        print(Json{{"ktallyctl", KTALLY_VERSION}, {"ktallyd", daemon ? Json(*daemon) : Json(nullptr)}}, output.json);
    else
        print("ktallyctl " KTALLY_VERSION "\nktallyd " + daemon.value_or("not reachable") + '\n');
    return static_cast<int>(Exit::ok);
}

} // namespace ktally
