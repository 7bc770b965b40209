// SPDX-License-Identifier: LGPL-2.1-or-later
#include "measure.hpp"

#include "names.hpp"

namespace ktally {

std::optional<double> rate(std::uint64_t before, std::uint64_t after, std::chrono::nanoseconds interval)
{
    if (absent(before) || absent(after) || after < before || interval <= interval.zero())
        return std::nullopt;
    return static_cast<double>(after - before) / std::chrono::duration<double>{interval}.count();
}

void update(Totals &totals, std::string_view interface, const Properties &properties)
{
    for (const CounterRow &counter : counters) {
        if (counter.interface != interface)
            continue;
        if (const auto total = value<std::uint64_t>(properties, counter.property.data()))
            totals[static_cast<std::size_t>(counter.counter)] = *total;
    }
}

Snapshot snapshot(Client &client)
{
    Snapshot snapshot{};
    snapshot.totals.fill(absent_total); // what an older daemon doesn't have
    for (std::string_view interface : counter_interfaces()) {
        const auto asked = Clock::now();
        const Properties properties = client.properties(interface);
        const auto taken = asked + (Clock::now() - asked) / 2;
        update(snapshot.totals, interface, properties);
        for (const CounterRow &counter : counters)
            if (counter.interface == interface)
                snapshot.taken[static_cast<std::size_t>(counter.counter)] = taken;
        if (interface == open_descriptors.interface)
            snapshot.descriptors = value<std::uint64_t>(properties, open_descriptors.property.data());
        if (interface == current_zombies.interface)
            snapshot.zombies = value<std::uint64_t>(properties, current_zombies.property.data());
    }
    snapshot.return_active = return_program(client.properties(manager_interface)).active;
    return snapshot;
}

Measurement measure(const Snapshot &before, const Snapshot &after)
{
    Measurement result{};
    result.timestamp_usec = usec(after.taken.front());
    result.interval_usec = usec(after.taken.front()) - usec(before.taken.front());
    result.totals = after.totals;
    result.return_active = before.return_active && after.return_active;
    for (const CounterRow &counter : counters) {
        const auto at = static_cast<std::size_t>(counter.counter);
        if (result.return_active || !needs_return(counter))
            result.rates[at] = rate(before.totals[at], after.totals[at], after.taken[at] - before.taken[at]);
    }
    return result;
}

std::uint64_t usec(Clock::time_point time)
{
    return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::microseconds>(time.time_since_epoch()).count());
}

} // namespace ktally
