// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Crowd: many clients of the daemon in one process, of several users, as the bus allows none of them so many. All of
// them watch its samples; some of them poll it, too.
#pragma once

#include "client.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace ktally::test {

class Crowd {
public:
    // `pollers` of the clients call GetAll once per `period` each. Throws std::system_error.
    Crowd(std::size_t clients, std::size_t pollers, std::chrono::milliseconds period);
    ~Crowd();

    // Serves them until the condition holds. False if it doesn't in time.
    bool until(const std::function<bool()> &condition, std::chrono::milliseconds patience);

    std::size_t fewest_samples() const; // that any client saw
    std::size_t missed() const;         // times that a sample did not follow upon the one seen before, of all clients
    std::chrono::microseconds longest_interval() const;
    std::size_t refused() const { return refused_; } // of the calls
    const std::vector<std::chrono::microseconds> &latencies() const { return latencies_; }

private:
    using Clock = std::chrono::steady_clock;

    struct Member {
        Crowd &crowd;
        Client client;
        std::size_t samples = 0;
        std::size_t missed = 0;
        std::uint64_t last_usec = 0;
        std::uint64_t longest_usec = 0;
        Clock::time_point due = Clock::time_point::max(); // of the next call; never while one is open
        Clock::time_point called{};
    };

    void watch_samples(Member &member);
    void call(Member &member);
    Clock::time_point call_those_due();
    static int on_sample(sd_bus_message *message, void *member, sd_bus_error *error);
    static int on_reply(sd_bus_message *message, void *member, sd_bus_error *error);

    const std::chrono::milliseconds period_;
    int epoll_;
    std::vector<std::unique_ptr<Member>> members_; // the pollers first
    const std::size_t pollers_;
    std::vector<std::chrono::microseconds> latencies_;
    std::size_t refused_ = 0;
};

} // namespace ktally::test
