// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/zombies.hpp"

#include <algorithm>
#include <cassert>
#include <functional>
#include <utility>

namespace ktally {
namespace {

// Tells processes apart, of the present and of the past.
auto identity(const auto &process)
{
    return std::pair{process.pid, process.start};
}

} // namespace

Zombies::Change Zombies::update(MonotonicTime now, const std::vector<Process> &processes,
                                std::optional<std::chrono::microseconds> grace)
{
    std::vector<std::reference_wrapper<const Process>> found{processes.begin(), processes.end()};
    const auto by_identity = [](const Process &process) { return identity(process); };
    std::ranges::sort(found, {}, by_identity);
    const auto twice = std::ranges::unique(found, {}, by_identity); // read twice, while others came and went
    found.erase(twice.begin(), twice.end());

    Change change;
    std::vector<Known> zombies;
    zombies.reserve(found.size());
    auto before = zombies_.begin();
    const auto pass = [&] {
        if (before->told == Told::yes)
            change.reaped.push_back(before->pid);
        ++before;
    };
    for (const Process &process : found) {
        while (before != zombies_.end() && identity(*before) < identity(process))
            pass();
        const bool known = before != zombies_.end() && identity(*before) == identity(process);
        Known zombie = known ? *before++ : Known{process.pid, Told::not_yet, process.start, now};
        if (zombie.told == Told::not_yet && grace && now - zombie.since >= *grace) {
            const bool tell = change.appeared.size() < max_zombies_told;
            zombie.told = tell ? Told::yes : Told::never;
            if (tell)
                change.appeared.push_back(process);
            else
                ++change.unmentioned;
        }
        zombies.push_back(zombie);
    }
    while (before != zombies_.end())
        pass();
    zombies_ = std::move(zombies);
    return change;
}

MonotonicTime Zombies::since(const Process &process) const
{
    const auto found =
        std::ranges::lower_bound(zombies_, identity(process), {}, [](const Known &zombie) { return identity(zombie); });
    assert(found != zombies_.end() && identity(*found) == identity(process));
    return found->since;
}

} // namespace ktally
