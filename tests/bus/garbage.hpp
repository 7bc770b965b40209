// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Garbage: messages that make no sense, the same ones every time. They are valid, of any type and size, as a bus
// delivers no others.
#pragma once

#include "client.hpp"

#include <cstddef>
#include <random>
#include <string>

namespace ktally::test {

class Garbage {
public:
    explicit Garbage(unsigned seed) : random_{seed} {}

    // Every other one is right in form, so that it gets past the check of types.
    Message call(const Client &client) { return number(2) == 0 ? plausible(client) : arbitrary(client); }

    // The same, and some that want no reply: calls marked so, signals.
    Message message(const Client &client);

private:
    std::size_t number(std::size_t end) { return random_() % end; }
    template <std::size_t Size> const char *any_of(const char *const (&choices)[Size]) { return choices[number(Size)]; }

    Message plausible(const Client &client);
    Message arbitrary(const Client &client);
    Message signal(const Client &client);
    std::string signature(int depth);
    std::string text();
    void append(sd_bus_message &message, const std::string &types);
    void append_nested(sd_bus_message &message, std::size_t depth);
    void append_contents(sd_bus_message &message, char container, const std::string &contents);

    std::mt19937 random_;
};

} // namespace ktally::test
