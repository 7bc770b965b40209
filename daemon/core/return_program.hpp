// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ReturnProgram: when the return program is attached. It is while the switch is on or anybody holds it; a hold belongs
// to one client, by its unique bus name, and ends with it. One user has so many holds at most, root too: everybody who
// watches ReturnProgramHolds is sent all of them whenever one begins or ends.
#pragma once

#include "core/source.hpp"
#include "core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace ktally {

// Manager counts what a user has asked for and polkit has not answered as well.
inline constexpr std::size_t max_holds_per_user = 64;

struct Hold {
    std::string owner; // unique bus name
    std::uint32_t uid;
    std::string reason;
    MonotonicTime since;
};

class ReturnProgram {
public:
    explicit ReturnProgram(Source &source) : source_{source} {}

    // What outlives the process.
    struct State {
        bool enabled = false;
        std::uint32_t last_cookie = 0;
        std::map<std::uint32_t, Hold> holds = {};
    };
    const State &state() const { return state_; }

    // Takes over what an earlier instance left, and has the source do what that says. Throws as below; the switch is
    // off and nobody holds anything then.
    void restore(State state);

    // Both throw what the source throws when the program cannot be attached, hold() also std::length_error when the
    // user has max_holds_per_user; nothing has changed then.
    void set(bool enabled);
    std::uint32_t hold(Hold hold);

    // False if there is no such hold or another client owns it.
    bool release(const std::string &owner, std::uint32_t cookie);

    // Ends all holds of a client that left. Returns how many.
    std::size_t release_all(const std::string &owner);

    bool enabled() const { return state_.enabled; }
    bool active() const { return state_.enabled || !state_.holds.empty(); }
    const std::map<std::uint32_t, Hold> &holds() const { return state_.holds; } // by cookie
    std::size_t holds_of(std::uint32_t uid) const;

private:
    void attach_unless_active();
    void detach_unless_active();

    Source &source_;
    State state_;
};

} // namespace ktally
