// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Client: ktallyd as seen over one connection to the system bus, which it owns. Calls block; signals are handled in
// wait() only. Errors of the bus are thrown as they come; failure_of() says what they mean to a user.
#pragma once

#include "core/counters.hpp"
#include "failure.hpp"
#include "sdbus.hpp"

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ktally {

// CLOCK_MONOTONIC, as the daemon's timestamps.
using Clock = std::chrono::steady_clock;

using Properties = std::map<dbus::PropertyName, sdbus::Variant>;

// A row of Manager.Probes.
struct ProbeRow {
    std::string counter; // "Files.Opened"
    std::string source;
    std::string state;
    std::string reason;
};

// A row of GetErrors.
struct ErrorRow {
    std::string interface; // "Files"
    std::string operation;
    std::int32_t error;
    std::string name;
    std::uint64_t count;
};

// A value of Manager.ReturnProgramHolds.
struct Hold {
    std::uint32_t cookie;
    std::string owner;
    std::uint32_t uid;
    std::string reason;
    std::uint64_t since_monotonic_usec;
};

struct ReturnProgramState {
    bool enabled; // the switch
    bool active;
    std::vector<Hold> holds;
};

// What watch() reports. Handlers must not throw: sd-bus is written in C.
struct Signals {
    std::function<void(std::string_view interface, const Properties &changed)> changed;
    std::function<void(std::uint64_t timestamp_usec, std::uint64_t interval_usec)> sample_taken;
    std::function<void(bool running)> owner_changed;
};

class Client {
public:
    // Throws Failure if there is no bus.
    Client();
    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;
    ~Client();

    // Whether somebody owns the daemon's name. Asking does not start it.
    bool running();

    // Of "Files", "Manager", ...
    Properties properties(std::string_view interface);
    std::vector<ErrorRow> errors();

    void set_return_program(bool enabled);
    std::uint32_t hold_return_program(const std::string &reason);
    bool holds_return_program(); // this client does

    // To be called at most once.
    void watch(Signals signals);

    // Waits for messages, `also` or `until`, and handles the messages.
    void wait(pollfd &also, std::optional<Clock::time_point> until);

private:
    class Proxy;

    std::unique_ptr<sdbus::IConnection> connection_;
    std::unique_ptr<Proxy> proxy_;
    sdbus::Slot owner_match_;
};

// A property's value; nothing if an older daemon doesn't have it.
template <typename T> std::optional<T> value(const Properties &properties, const char *name)
{
    const auto found = properties.find(dbus::PropertyName{name});
    if (found == properties.end() || !found->second.containsValueOfType<T>())
        return std::nullopt;
    return found->second.get<T>();
}

// From the properties of Manager.
std::vector<ProbeRow> probes(const Properties &manager);
ReturnProgramState return_program(const Properties &manager);

// What an error of a call means: one line, and whether the daemon is there at all.
Failure failure_of(const sdbus::Error &error);
Failure not_running();

} // namespace ktally
