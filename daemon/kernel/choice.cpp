// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/choice.hpp"

#include <algorithm>

namespace ktally {
namespace {

const std::array<std::string_view, 2> &functions(const Hook &hook, At at)
{
    return at == At::entry ? hook.functions : hook.return_functions;
}

std::string_view tracepoint(const Hook &hook, At at)
{
    return at == At::entry ? hook.tracepoint : "sys_exit";
}

// The preferred function of those that this kernel has; the last if it has none, so that its name is in the reason.
std::string present_function(const KernelBtf &btf, const std::array<std::string_view, 2> &names)
{
    std::string_view last;
    for (std::string_view name : names) {
        if (name.empty())
            continue;
        if (btf.function(name))
            return std::string{name};
        last = name;
    }
    return std::string{last};
}

// The targets of one backend for the calls of a choice.
std::vector<Target> targets(const KernelBtf &btf, const Choice &choice, Backend backend)
{
    if (backend == Backend::tracepoint)
        return {{{}, std::string{tracepoint(hooks[choice.first], choice.at)}}};
    std::vector<Target> found;
    for (int call = choice.first; call <= choice.last; ++call) {
        const Hook &hook = hooks[static_cast<std::size_t>(call)];
        found.push_back({std::string{hook.name}, present_function(btf, functions(hook, choice.at))});
        for (const Sibling &sibling : hook.siblings)
            if (!sibling.name.empty() && btf.function(sibling.function))
                found.push_back({std::string{sibling.name}, std::string{sibling.function}});
    }
    return found;
}

std::optional<std::string> refusal(const KernelBtf &btf, Backend backend, ktally_call first,
                                   const std::vector<Target> &targets, const Refusals &refusals)
{
    if (const auto refused = refusals.backends.find(backend); refused != refusals.backends.end())
        return refused->second;
    if (const auto refused = refusals.choices.find({backend, first}); refused != refusals.choices.end())
        return refused->second;
    for (const Target &target : targets) {
        if (auto lacking = missing(btf, backend, target.name))
            return lacking;
        if (const auto refused = refusals.targets.find({backend, target.name}); refused != refusals.targets.end())
            return refused->second;
    }
    return std::nullopt;
}

// The backend that a forced one means: kprobe counts calls only, and how they end is seen at the tracepoint.
Backend at(At at, Backend forced)
{
    return at == At::exit && forced == Backend::kprobe ? Backend::tracepoint : forced;
}

void decide(const KernelBtf &btf, Choice &choice, const Refusals &refusals)
{
    const bool by_function = !functions(hooks[choice.first], choice.at)[0].empty();
    for (Backend backend : backends) {
        if (backend != Backend::tracepoint && !by_function)
            continue; // the life of tasks: tracepoints on every backend
        if (backend == Backend::kprobe && choice.at == At::exit)
            continue; // return.bpf.c says why there are no kretprobes
        if (by_function && refusals.forced && backend != at(choice.at, *refusals.forced))
            continue;
        std::vector<Target> candidates = targets(btf, choice, backend);
        if (const auto refused = refusal(btf, backend, choice.first, candidates, refusals)) {
            choice.reason += (choice.reason.empty() ? "" : "; ") + *refused;
            continue;
        }
        choice.backend = backend;
        choice.targets = std::move(candidates);
        break;
    }
    if (by_function && refusals.forced)
        choice.reason += (choice.reason.empty() ? "" : "; ") + ("Backend=" + std::string{name(*refusals.forced)});
}

} // namespace

std::string Choice::source() const
{
    if (!backend)
        return {};
    std::string text{kind(*backend, at)};
    for (const Target &target : targets)
        text += (&target == &targets.front() ? ':' : '+') + target.name;
    return text;
}

std::vector<Choice> choose(const KernelBtf &btf, At at, const Refusals &refusals)
{
    std::vector<Choice> choices;
    for (const CounterRow &counter : counters) {
        if ((counter.unit == Unit::calls) != (at == At::entry))
            continue;
        if (std::ranges::find(choices, counter.first, &Choice::first) != choices.end())
            continue; // errors and bytes of one operation come from one choice
        Choice &choice = choices.emplace_back(Choice{at, counter.first, counter.last, {}, {}, {}});
        decide(btf, choice, refusals);
    }
    return choices;
}

} // namespace ktally
