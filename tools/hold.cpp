// SPDX-License-Identifier: LGPL-2.1-or-later
#include "commands.hpp"

#include "child.hpp"
#include "client.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <utility>

namespace ktally {
namespace {

constexpr std::size_t max_reason_bytes = 256; // the daemon takes no more

// The command, cut between characters where it is too long for a reason.
std::string default_reason(const std::vector<std::string> &command)
{
    std::string reason = fmt::format("{}", fmt::join(command, " "));
    if (reason.size() <= max_reason_bytes)
        return reason;
    constexpr std::string_view ellipsis = "...";
    std::size_t length = max_reason_bytes - ellipsis.size();
    while (length > 0 && (reason[length] & 0xc0) == 0x80)
        --length;
    return reason.substr(0, length).append(ellipsis);
}

// Lets the command end, and keeps the hold meanwhile: a daemon that was started anew knows nothing of it.
int outlive(Child &child, Client &client, const std::string &reason, bool &daemon_is_new)
{
    pollfd signals{child.fd(), POLLIN, 0};
    bool held = true;
    while (true) {
        if (const auto status = child.handle())
            return *status;
        try {
            if (held)
                client.wait(signals, std::nullopt);
            else
                poll(&signals, 1, -1);
            if (std::exchange(daemon_is_new, false) && !client.holds_return_program())
                client.hold_return_program(reason);
        } catch (const sdbus::Error &error) {
            fmt::print(stderr, "ktallyctl: the hold was lost: {}\n", failure_of(error).what());
            held = false;
        }
    }
}

} // namespace

int hold_return_program(const HoldRequest &request)
{
    if (request.reason.size() > max_reason_bytes)
        throw Failure{Exit::usage,
                      fmt::format("--reason: {} bytes, at most {} are kept", request.reason.size(), max_reason_bytes)};
    const std::string reason = request.reason.empty() ? default_reason(request.command) : request.reason;
    Client client;
    bool daemon_is_new = false;
    client.watch({{}, {}, [&daemon_is_new](bool running) { daemon_is_new = running; }});
    client.hold_return_program(reason);
    pollfd nothing{-1, 0, 0};
    client.wait(nothing, Clock::now()); // the daemon may have been started for this hold
    daemon_is_new = false;

    Child child{request.command};
    return outlive(child, client, reason, daemon_is_new); // the hold ends with the connection
}

} // namespace ktally
