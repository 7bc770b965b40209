// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/return_program.hpp"

namespace ktally {

void ReturnProgram::set(bool enabled)
{
    if (enabled == enabled_)
        return;
    if (enabled)
        attach_unless_active();
    enabled_ = enabled;
    detach_unless_active();
}

std::uint32_t ReturnProgram::hold(Hold hold)
{
    attach_unless_active();
    do
        ++last_cookie_;
    while (last_cookie_ == 0 || holds_.contains(last_cookie_)); // 0 is never a cookie
    holds_.emplace(last_cookie_, std::move(hold));
    return last_cookie_;
}

bool ReturnProgram::release(const std::string &owner, std::uint32_t cookie)
{
    const auto hold = holds_.find(cookie);
    if (hold == holds_.end() || hold->second.owner != owner)
        return false;
    holds_.erase(hold);
    detach_unless_active();
    return true;
}

std::size_t ReturnProgram::release_all(const std::string &owner)
{
    const std::size_t released = std::erase_if(holds_, [&](const auto &hold) { return hold.second.owner == owner; });
    if (released > 0)
        detach_unless_active();
    return released;
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
