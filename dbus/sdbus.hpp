// SPDX-License-Identifier: LGPL-2.1-or-later
//
// sdbus-c++ 1.2 (Debian 12) and 2.x from one source: the few places where they differ, and what neither wraps.
#pragma once

#include <sdbus-c++/sdbus-c++.h>
#include <systemd/sd-bus.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ktally::dbus {

#if __has_include(<sdbus-c++/VTableItems.h>)
#define KTALLY_SDBUS_2 1
using ServiceName = sdbus::ServiceName;
using InterfaceName = sdbus::InterfaceName;
using MethodName = sdbus::MethodName;
using PropertyName = sdbus::PropertyName;
using ReplyError = std::optional<sdbus::Error>; // first argument of a reply callback: nothing if all is well

inline sdbus::Error error(const std::string &name, const std::string &message)
{
    return {sdbus::Error::Name{name}, message};
}

inline sdbus::Slot add_match(sdbus::IConnection &connection, const std::string &rule,
                             std::function<void(sdbus::Message &)> handler)
{
    return connection.addMatch(
        rule, [handler](sdbus::Message message) { handler(message); }, sdbus::return_slot);
}

inline sdbus::Message current_message(const sdbus::IObject &object)
{
    return object.getCurrentlyProcessedMessage();
}

inline bool process(sdbus::IConnection &connection)
{
    return connection.processPendingEvent();
}

// When the connection wants to be processed at the latest, CLOCK_MONOTONIC; UINT64_MAX for never.
inline std::uint64_t deadline_usec(const sdbus::IConnection::PollData &poll)
{
    return poll.timeout == std::chrono::microseconds::max() ? UINT64_MAX
                                                            : static_cast<std::uint64_t>(poll.timeout.count());
}
#else
#define KTALLY_SDBUS_2 0
using ServiceName = std::string;
using InterfaceName = std::string;
using MethodName = std::string;
using PropertyName = std::string;
using ReplyError = const sdbus::Error *;

inline sdbus::Error error(const std::string &name, const std::string &message)
{
    return {name, message};
}

inline sdbus::Slot add_match(sdbus::IConnection &connection, const std::string &rule,
                             std::function<void(sdbus::Message &)> handler)
{
    return connection.addMatch(rule, std::move(handler));
}

inline const sdbus::Message &current_message(const sdbus::IObject &object)
{
    return *object.getCurrentlyProcessedMessage();
}

inline bool process(sdbus::IConnection &connection)
{
    return connection.processPendingRequest();
}

// When the connection wants to be processed at the latest, CLOCK_MONOTONIC; UINT64_MAX for never.
inline std::uint64_t deadline_usec(const sdbus::IConnection::PollData &poll)
{
    return poll.timeout_usec;
}
#endif

// What both keep to themselves: sd-bus's own handle of a message.
inline sd_bus_message *handle(const sdbus::Message &message)
{
    struct Reach : sdbus::Message {
        static void *of(const sdbus::Message &any) { return any.*(&Reach::msg_); }
    };
    return static_cast<sd_bus_message *>(Reach::of(message));
}

// And its handle of a connection, which a message of that has.
inline sd_bus *handle(sdbus::IConnection &connection)
{
    const auto proxy =
        sdbus::createProxy(connection, ServiceName{"org.freedesktop.DBus"}, sdbus::ObjectPath{"/org/freedesktop/DBus"});
    return sd_bus_message_get_bus(
        handle(proxy->createMethodCall(InterfaceName{"org.freedesktop.DBus.Peer"}, MethodName{"Ping"})));
}

// Does what answers a call, and makes an error of D-Bus of what that throws: sdbus-c++ keeps only its own errors from
// passing through sd-bus, which is C.
template <typename Act> auto answer_of(Act act)
{
    try {
        return act();
    } catch (const sdbus::Error &) {
        throw;
    } catch (const std::exception &failure) {
        throw error("org.freedesktop.DBus.Error.Failed", failure.what());
    }
}

// Whether the caller permits asking a person for a password.
inline bool allows_interactive_authorization(const sdbus::Message &message)
{
    return sd_bus_message_get_allow_interactive_authorization(handle(message)) > 0;
}

} // namespace ktally::dbus
