// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/return_program.hpp"

#include <algorithm>
#include <stdexcept>

namespace ktally {

void ReturnProgram::restore(State state)
{
    const bool active = state.enabled || !state.holds.empty();
    if (active && !source_.return_attached())
        source_.attach_return();
    if (!active && source_.return_attached())
        source_.detach_return();
    state_ = std::move(state);
}

void ReturnProgram::set(bool enabled)
{
    if (enabled == state_.enabled)
        return;
    if (enabled)
        attach_unless_active();
    state_.enabled = enabled;
    detach_unless_active();
}

std::uint32_t ReturnProgram::hold(Hold hold)
{
    if (holds_of(hold.uid) >= max_holds_per_user)
        throw std::length_error{"uid " + std::to_string(hold.uid) + " holds the return program " +
                                std::to_string(max_holds_per_user) + " times already"};
    attach_unless_active();
    do
        ++state_.last_cookie;
    while (state_.last_cookie == 0 || state_.holds.contains(state_.last_cookie)); // 0 is never a cookie
    state_.holds.emplace(state_.last_cookie, std::move(hold));
    return state_.last_cookie;
}

bool ReturnProgram::release(const std::string &owner, std::uint32_t cookie)
{
    const auto hold = state_.holds.find(cookie);
    if (hold == state_.holds.end() || hold->second.owner != owner)
        return false;
    state_.holds.erase(hold);
    detach_unless_active();
    return true;
}

std::size_t ReturnProgram::release_all(const std::string &owner)
{
    const std::size_t released =
        std::erase_if(state_.holds, [&](const auto &hold) { return hold.second.owner == owner; });
    if (released > 0)
        detach_unless_active();
    return released;
}

std::size_t ReturnProgram::holds_of(std::uint32_t uid) const
{
    return static_cast<std::size_t>(
        std::ranges::count_if(state_.holds, [&](const auto &hold) { return hold.second.uid == uid; }));
}

void ReturnProgram::attach_unless_active()
{
    if (!active())
        source_.attach_return();
}

void ReturnProgram::detach_unless_active()
{
    if (!active())
        source_.detach_return();
}

} // namespace ktally
