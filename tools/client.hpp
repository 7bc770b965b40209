// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Client: ktallyd as seen over one connection to the system bus, which it owns. Calls block; signals are handled in
// wait() only. Errors of the bus are thrown as they come; failure_of() says what they mean to a user.
#pragma once

#include "quantity.hpp"
#include "rows.hpp"
#include "sdbus.hpp"

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ktally {

// CLOCK_MONOTONIC, as the daemon's timestamps.
using Clock = std::chrono::steady_clock;

// What ListTopProcesses is asked for.
struct TopQuery {
    Quantity counter;
    std::uint32_t limit = 0;                           // 0: all
    std::optional<std::chrono::microseconds> interval; // nothing: since each process or counting began
    bool own = false;
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

    std::vector<UnitRow> units();
    std::optional<UnitRow> unit(const std::string &name);
    std::optional<UnitRow> unit_of_process(std::uint32_t pid);
    std::vector<ProcessRow> top_processes(const TopQuery &query);
    std::vector<ZombieRow> zombies();

    void set_return_program(bool enabled);
    std::uint32_t hold_return_program(const std::string &reason);
    bool holds_return_program(); // this client does

    // To be called at most once.
    void watch(Signals signals);

    // Waits for messages, `also` or `until`, and handles the messages.
    void wait(pollfd &also, std::optional<Clock::time_point> until);

private:
    class Proxy;

    std::optional<UnitRow> unit_at(const std::function<sdbus::ObjectPath()> &path);

    std::unique_ptr<sdbus::IConnection> connection_;
    std::unique_ptr<Proxy> proxy_;
    sdbus::Slot owner_match_;
};

} // namespace ktally
