// SPDX-License-Identifier: LGPL-2.1-or-later
#include "quantity.hpp"

#include "core/counters.hpp"
#include "failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ktally {
namespace {

bool upper(char letter)
{
    return letter >= 'A' && letter <= 'Z';
}

// What is left of a name without case, and without what people put between words.
std::string letters(std::string_view name)
{
    std::string plain;
    for (char letter : name)
        if (std::string_view{" -_"}.find(letter) == std::string_view::npos)
            plain += upper(letter) ? static_cast<char>(letter - 'A' + 'a') : letter;
    return plain;
}

bool is_called(const Quantity &quantity, std::string_view typed)
{
    const std::string wanted = letters(typed);
    return wanted == letters(full_name(quantity)) || wanted == letters("org.ktally1." + full_name(quantity)) ||
           wanted == letters(quantity.property) || wanted == letters(title(quantity));
}

} // namespace

std::string full_name(const Quantity &quantity)
{
    return fmt::format("{}.{}", quantity.interface, quantity.property);
}

std::string title(const Quantity &quantity)
{
    constexpr std::string_view now = "Current";
    std::string_view name = quantity.property;
    if (name.ends_with(now))
        name.remove_suffix(now.size());
    std::string words;
    for (char letter : name) {
        if (upper(letter) && !words.empty())
            words += ' ';
        words += upper(letter) ? letter : static_cast<char>(letter - 'a' + 'A');
    }
    return words;
}

std::vector<Quantity> unit_quantities()
{
    std::vector<Quantity> quantities;
    for (const CounterRow &counter : counters)
        if (counter.unit == Unit::calls)
            quantities.push_back({counter.interface, counter.property});
    quantities.insert(quantities.end(), {open_descriptors, current_zombies});
    return quantities;
}

std::vector<Quantity> process_quantities()
{
    // A process that has ended has no count of its own left.
    constexpr std::array ends{Counter::Exits, Counter::TasksExited, Counter::TasksReleased};
    std::vector<Quantity> quantities;
    for (const CounterRow &counter : counters)
        if (counter.unit == Unit::calls && std::ranges::find(ends, counter.counter) == ends.end())
            quantities.push_back({counter.interface, counter.property});
    quantities.push_back(open_descriptors);
    return quantities;
}

Quantity named_quantity(std::string_view typed, const std::vector<Quantity> &quantities)
{
    for (const Quantity &quantity : quantities)
        if (is_called(quantity, typed))
            return quantity;
    std::vector<std::string> names;
    std::ranges::transform(quantities, std::back_inserter(names), full_name);
    throw Failure{Exit::usage,
                  fmt::format("--sort: there is no {}, but {}", typed, fmt::format("{}", fmt::join(names, ", ")))};
}

} // namespace ktally
