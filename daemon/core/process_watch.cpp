// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/process_watch.hpp"

#include <algorithm>
#include <iterator>

namespace ktally {

void ProcessWatch::Sampled::tell() const
{
    watch_->tell_of(zombies_);
    for (const Process &process : leaks_)
        watch_->tell_.leak_suspected(process);
}

ProcessWatch::Sampled ProcessWatch::sample(MonotonicTime now, const Rules &rules)
{
    std::vector<Process> processes = accounts_.processes(min_leak_descriptors);
    const auto alive = std::ranges::partition(processes, &Process::zombie);
    sampled_.emplace(std::move_iterator{processes.begin()}, std::move_iterator{alive.begin()});
    processes.erase(processes.begin(), alive.begin());
    return {this, zombies_.update(now, *sampled_, rules.zombie_grace), leaks_.update(processes, rules.leak)};
}

std::vector<Zombies::Zombie> ProcessWatch::zombies(MonotonicTime now)
{
    std::vector<Zombies::Zombie> zombies;
    for (Process &process : sampled_ ? *sampled_ : look(now)) {
        const MonotonicTime since = zombies_.since(process);
        zombies.push_back({std::move(process), since});
    }
    return zombies;
}

std::size_t ProcessWatch::zombie_count(MonotonicTime now)
{
    if (!sampled_)
        look(now);
    return zombies_.count();
}

std::vector<Process> ProcessWatch::look(MonotonicTime now)
{
    std::vector<Process> zombies = accounts_.processes(zombies_only);
    tell_of(zombies_.update(now, zombies, std::nullopt));
    return zombies;
}

void ProcessWatch::tell_of(const Zombies::Change &change) const
{
    for (const std::uint32_t pid : change.reaped)
        tell_.reaped(pid);
    if (change.appeared.empty())
        return;
    const std::vector<Process> all = accounts_.processes(all_processes);
    for (const Process &zombie : change.appeared) {
        const auto parent = std::ranges::find(all, zombie.parent, &Process::pid);
        tell_.appeared(zombie, parent == all.end() ? nullptr : &*parent);
    }
    if (change.unmentioned > 0)
        tell_.unmentioned(change.unmentioned);
}

} // namespace ktally
