// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus/event_loop.hpp"

#include "log.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

namespace ktally {
namespace {

// Clients can send faster than they are answered: then samples and signals must have their turn. What is left is due at
// once, as the connection says when it is asked for its deadline.
constexpr int most_at_once = 16;

void check(int result, const char *what)
{
    if (result < 0)
        throw std::system_error{-result, std::generic_category(), what};
}

} // namespace

// sd-bus says anew before each wait what it waits for and until when, so the prepare callback asks it each time.
// Without the timer a call that is never answered would never time out.
EventLoop::EventLoop(sd_event *event, sdbus::IConnection &connection) : event_{event}, connection_{connection}
{
    const auto poll = connection.getEventLoopPollData();
    sd_event_source *source = nullptr;
    const auto on_io = [](sd_event_source *, int, std::uint32_t, void *self) {
        static_cast<EventLoop *>(self)->process();
        return 0;
    };
    check(sd_event_add_io(event, &source, poll.fd, 0, on_io, this), "watching the bus connection");
    io_.reset(source);
    const auto on_time = [](sd_event_source *, std::uint64_t, void *self) {
        static_cast<EventLoop *>(self)->process();
        return 0;
    };
    check(sd_event_add_time(event, &source, CLOCK_MONOTONIC, 0, 1, on_time, this), "timing the bus connection");
    timer_.reset(source);
    const auto on_prepare = [](sd_event_source *, void *self) {
        static_cast<EventLoop *>(self)->prepare();
        return 0;
    };
    check(sd_event_source_set_prepare(io_.get(), on_prepare), "watching the bus connection");
}

EventLoop::~EventLoop() = default;

void EventLoop::process()
{
    try {
        for (int messages = 0; messages < most_at_once && dbus::process(connection_); ++messages) {
        }
    } catch (const sdbus::Error &error) {
        // sd-bus names its own errors after the errno. All but these are about one message.
        constexpr std::array lost{"org.freedesktop.DBus.Error.Disconnected", "System.Error.ECONNRESET",
                                  "System.Error.ENOTCONN", "System.Error.EPIPE", "System.Error.ESHUTDOWN"};
        if (std::ranges::find(lost, std::string{error.getName()}) == lost.end()) {
            log::warning("a message could not be handled and is ignored: " + error.getMessage());
            return;
        }
        log::error("the bus went away (" + error.getMessage() + "); ending, so that the service manager starts anew");
        sd_event_exit(event_, EXIT_FAILURE);
    }
}

void EventLoop::prepare()
{
    const auto poll = connection_.getEventLoopPollData();
    sd_event_source_set_io_events(io_.get(), static_cast<std::uint32_t>(poll.events));
    const auto until = dbus::deadline_usec(poll);
    sd_event_source_set_time(timer_.get(), until);
    sd_event_source_set_enabled(timer_.get(), until == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

} // namespace ktally
