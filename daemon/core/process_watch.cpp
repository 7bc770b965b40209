// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/process_watch.hpp"

#include <algorithm>

namespace ktally {
namespace {

// An exit is counted when it begins. The process is a zombie only after its memory is freed and its files are closed,
// and that takes seconds where there is much of it.
constexpr std::chrono::seconds longest_exit{10};

} // namespace

void ProcessWatch::Sampled::tell() const
{
    watch_->tell_of(zombies_);
    for (const Process &process : leaks_)
        watch_->tell_.leak_suspected(process);
}

ProcessWatch::Sampled ProcessWatch::sample(MonotonicTime now, const Totals &totals, const Rules &rules)
{
    std::vector<Process> zombies;
    if (zombies_possible(now, totals))
        zombies = accounts_.processes(Want::zombies);
    const std::vector<Process> with_many = accounts_.processes(Want::descriptors, min_leak_descriptors);
    Zombies::Change change = zombies_.update(now, zombies, rules.zombie_grace);
    sampled_ = std::move(zombies);
    return {this, std::move(change), leaks_.update(with_many, rules.leak)};
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

// Whether a sample has to look for zombies: there were some, or processes ended or were reaped not long ago.
bool ProcessWatch::zombies_possible(MonotonicTime now, const Totals &totals)
{
    const auto total = [&totals](Counter counter) { return totals[static_cast<std::size_t>(counter)]; };
    const Ends ends{total(Counter::Exits), total(Counter::TasksReleased)};
    if (std::exchange(ends_, ends) != ends || ends[0] == absent_total)
        moved_ = now;
    return zombies_.count() > 0 || now - moved_ <= longest_exit;
}

std::vector<Process> ProcessWatch::look(MonotonicTime now)
{
    std::vector<Process> zombies = accounts_.processes(Want::zombies);
    tell_of(zombies_.update(now, zombies, std::nullopt));
    return zombies;
}

void ProcessWatch::tell_of(const Zombies::Change &change) const
{
    for (const std::uint32_t pid : change.reaped)
        tell_.reaped(pid);
    if (change.appeared.empty())
        return;
    const std::vector<Process> all = accounts_.processes(Want::all);
    for (const Process &zombie : change.appeared) {
        const auto parent = std::ranges::find(all, zombie.parent, &Process::pid);
        tell_.appeared(zombie, parent == all.end() ? nullptr : &*parent);
    }
    if (change.unmentioned > 0)
        tell_.unmentioned(change.unmentioned);
}

} // namespace ktally
