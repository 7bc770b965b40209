// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/kernel_source.hpp"

#include "core/fold.hpp"
#include "kernel/btf.hpp"
#include "kernel/possible_cpus.hpp"
#include "kernel/programs.hpp"
#include "kernel/slots.hpp"
#include "kernel/syscall_filter.hpp"
#include "kernel/trial.hpp"

#include "entry.skel.h"
#include "return.skel.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <stdexcept>
#include <system_error>
#include <type_traits>

namespace ktally {
namespace {

// One object: its skeleton, and what of it is used. The skeleton goes last: links need it.
template <typename Skeleton> struct Object {
    struct Destroy {
        void operator()(Skeleton *skeleton) const { Skeleton::destroy(skeleton); }
    };
    std::unique_ptr<Skeleton, Destroy> skeleton;
    Programs programs;
};

void configure(entry_bpf &skeleton, const KernelBtf &btf, const std::vector<Choice> &choices)
{
    fill_syscall_table(skeleton.rodata->syscalls, choices);
    bpf_map__set_autocreate(skeleton.maps.dead_groups, !btf.exit_tells_group_dead());
}

void configure(return_bpf &skeleton, const KernelBtf &btf, const std::vector<Choice> &choices)
{
    fill_syscall_table(skeleton.rodata->syscalls, choices);
    for (const Choice &choice : choices)
        if (choice.first == KTALLY_CLOSE && !choice.targets.empty())
            skeleton.rodata->close_returns_file = choice.targets.front().name == "file_close_fd";
    if (const auto unlink = btf.function("vfs_unlink"))
        skeleton.rodata->unlink_arguments = unlink->arguments;
}

// The most preferred backend of which programs were to be loaded.
std::optional<Backend> first_used(const std::vector<Choice> &choices)
{
    std::optional<Backend> first;
    for (const Choice &choice : choices)
        if (choice.backend && (!first || *choice.backend < *first))
            first = choice.backend;
    return first;
}

// Asks the kernel about each target of one backend and notes those that it refuses. Returns whether there are any.
bool note_refused_targets(const KernelBtf &btf, const std::vector<Choice> &choices, Backend backend, Refusals &refusals)
{
    bool any = false;
    for (const Choice &choice : choices) {
        if (choice.backend != backend)
            continue;
        for (const Target &target : choice.targets) {
            if (auto refused = load_refusal(btf, backend, choice.at, target.name)) {
                refusals.targets.emplace(std::pair{backend, target.name}, std::move(*refused));
                any = true;
            }
        }
    }
    return any;
}

template <typename Skeleton> auto open(const KernelBtf &btf, const std::vector<Choice> &choices, const Slots &slots)
{
    std::unique_ptr<Skeleton, typename Object<Skeleton>::Destroy> skeleton{Skeleton::open()};
    if (!skeleton)
        throw std::system_error{errno, std::generic_category(), "opening the BPF programs"};
    configure(*skeleton, btf, choices);
    slots.give_to(skeleton->obj, skeleton->maps.bss);
    return skeleton;
}

// Loads the programs of each choice without the others and notes those that the kernel refuses. Returns whether there
// are any.
template <typename Skeleton>
bool note_refused_choices(const KernelBtf &btf, const std::vector<Choice> &choices, const Slots &slots,
                          Refusals &refusals)
{
    bool any = false;
    for (const Choice &choice : choices) {
        if (!choice.backend)
            continue;
        const auto alone = open<Skeleton>(btf, choices, slots);
        const Programs programs{alone->obj, btf, {choice}};
        if (const int error = -Skeleton::load(alone.get())) {
            refusals.choices.emplace(std::pair{*choice.backend, choice.first},
                                     "loading the program for " + choice.source() + ": " + std::strerror(error));
            any = true;
        }
    }
    return any;
}

// The kernel refused an object, and does not say which program. Empty programs tell whether it is the type or the
// target of one; else each is tried as it is. If it would have them all, but not together, the backend most preferred
// goes.
template <typename Skeleton>
void note_refusals(const KernelBtf &btf, const std::vector<Choice> &choices, Backend most_preferred, int error,
                   const Slots &slots, Refusals &refusals)
{
    for (Backend backend : backends)
        if (note_refused_targets(btf, choices, backend, refusals))
            return;
    if (!note_refused_choices<Skeleton>(btf, choices, slots, refusals))
        refusals.backends.emplace(most_preferred, "loading the " + std::string{name(most_preferred)} +
                                                      " programs: " + std::strerror(error));
}

// Loads an object with the best that is not refused; what turns out to be is noted and left out, down to no program at
// all.
template <typename Skeleton> Object<Skeleton> load(const KernelBtf &btf, At at, const Slots &slots, Refusals &refusals)
{
    for (;;) {
        std::vector<Choice> choices = choose(btf, at, refusals);
        auto skeleton = open<Skeleton>(btf, choices, slots);
        Programs programs{skeleton->obj, btf, std::move(choices)};
        const int error = -Skeleton::load(skeleton.get());
        if (error == 0)
            return {std::move(skeleton), std::move(programs)};
        const auto used = first_used(programs.choices());
        if (!used)
            throw std::system_error{error, std::generic_category(), "creating BPF maps"};
        note_refusals<Skeleton>(btf, programs.choices(), *used, error, slots, refusals);
    }
}

// Attaches an object. What the kernel refuses only now is noted, and the object loaded again without it.
template <typename Skeleton>
void attach(Object<Skeleton> &object, const KernelBtf &btf, At at, const Slots &slots, Refusals &refusals)
{
    for (auto refused = object.programs.attach(); !refused.empty(); refused = object.programs.attach()) {
        refusals.targets.merge(refused);
        object.programs.detach();
        object = load<Skeleton>(btf, at, slots, refusals);
    }
}

} // namespace

// The slots live on when an object is loaded again.
struct KernelSource::Loaded {
    std::size_t cpus;
    Slots entry_slots;
    Slots return_slots;
    Refusals entry_refusals;
    Refusals return_refusals;
    Object<entry_bpf> entry;
    Object<return_bpf> ret;

    using EntryBss = std::remove_pointer_t<decltype(entry_bpf::bss)>;
    using ReturnBss = std::remove_pointer_t<decltype(return_bpf::bss)>;

    Loaded(std::size_t possible, const KernelBtf &btf, const Refusals &configured)
        : cpus{possible}, entry_slots{offsetof(EntryBss, calls), sizeof(ktally_calls), cpus},
          return_slots{offsetof(ReturnBss, bytes), sizeof(ktally_bytes), cpus}, entry_refusals{configured},
          return_refusals{configured}, entry{load<entry_bpf>(btf, At::entry, entry_slots, entry_refusals)},
          ret{load<return_bpf>(btf, At::exit, return_slots, return_refusals)}
    {
    }

    const Programs &programs(const CounterRow &counter) const
    {
        return counter.unit == Unit::calls ? entry.programs : ret.programs;
    }
    std::span<const ktally_calls> calls() const
    {
        return {entry_slots.at<ktally_calls>(offsetof(EntryBss, calls)), cpus};
    }
    std::span<const ktally_bytes> bytes() const
    {
        return {return_slots.at<ktally_bytes>(offsetof(ReturnBss, bytes)), cpus};
    }
    std::span<const __u64, KTALLY_ERRNOS> errors(std::size_t operation) const
    {
        constexpr std::size_t row = sizeof(__u64) * KTALLY_ERRNOS;
        const __u64 *first = return_slots.at<__u64>(offsetof(ReturnBss, errors) + operation * row);
        return std::span<const __u64, KTALLY_ERRNOS>{first, KTALLY_ERRNOS};
    }
};

namespace {

std::size_t checked_possible_cpus()
{
    const std::size_t cpus = possible_cpus();
    if (cpus > KTALLY_MAX_CPUS)
        throw std::runtime_error{"this machine may have " + std::to_string(cpus) +
                                 " CPUs and ktallyd counts on at most " + std::to_string(KTALLY_MAX_CPUS) +
                                 "; boot with possible_cpus=" + std::to_string(KTALLY_MAX_CPUS)};
    return cpus;
}

// What the configuration does not want.
Refusals configured(const Config &config)
{
    Refusals refusals{config.backend, {}, {}, {}};
    for (const std::string &name : config.exclude)
        for (Backend backend : backends)
            refusals.targets.emplace(std::pair{backend, name}, "Exclude=" + name);
    return refusals;
}

std::string capabilities_hint(const std::string &reason)
{
    return reason + (reason.find(std::strerror(EPERM)) != std::string::npos ||
                             reason.find(std::strerror(EACCES)) != std::string::npos
                         ? "; ktallyd must run as root or with CAP_BPF and CAP_PERFMON"
                         : "");
}

} // namespace

KernelSource::KernelSource(const Config &config)
{
    libbpf_set_print(nullptr); // what libbpf would print is said once, in our words, by whoever handles the failure
    const std::size_t cpus = checked_possible_cpus();
    const KernelBtf btf;
    try {
        loaded_ = std::make_unique<Loaded>(cpus, btf, configured(config));
        attach(loaded_->entry, btf, At::entry, loaded_->entry_slots, loaded_->entry_refusals);
    } catch (const std::system_error &error) {
        throw std::runtime_error{capabilities_hint(error.what())};
    }
    if (!loaded_->entry.programs.attached())
        throw std::runtime_error{"nothing can be counted on this kernel: " +
                                 capabilities_hint(loaded_->entry.programs.choices().front().reason)};
}

KernelSource::~KernelSource() = default;

std::uint64_t KernelSource::total(Counter counter) const
{
    const CounterRow &table = row(counter);
    const Choice &choice = loaded_->programs(table).choice(table.first);
    if (!choice.backend)
        return absent_total;
    switch (table.unit) {
    case Unit::bytes:
        return fold(loaded_->bytes(), table.first - KTALLY_READ, table.last - KTALLY_READ);
    case Unit::errors:
        for (std::size_t operation = 0; operation < operations.size(); ++operation)
            if (operations[operation].counter == counter)
                return fold(loaded_->errors(operation));
        return absent_total;
    case Unit::calls:
        break;
    }
    std::uint64_t total = fold(loaded_->calls(), table.first, table.last);
    if (counts_every_run(table.first, *choice.backend))
        total += loaded_->entry.programs.recursion_misses(choice);
    return total;
}

std::vector<ErrorCount> KernelSource::errors() const
{
    std::vector<ErrorCount> found;
    for (std::size_t operation = 0; operation < operations.size(); ++operation) {
        const auto counts = loaded_->errors(operation);
        for (std::uint32_t column = 1; column < counts.size(); ++column)
            if (const std::uint64_t count = *const_cast<const volatile __u64 *>(&counts[column]))
                found.push_back(
                    {static_cast<ktally_operation>(operation), static_cast<int>(ktally_column_errno(column)), count});
    }
    return found;
}

std::vector<Probe> KernelSource::probes() const
{
    std::vector<Probe> probes;
    for (const CounterRow &counter : counters) {
        const Programs &programs = loaded_->programs(counter);
        const Choice &choice = programs.choice(counter.first);
        Probe probe{counter.counter, choice.source(), ProbeState::active, choice.reason};
        if (!choice.backend)
            probe.state = ProbeState::absent;
        else if (counter.unit != Unit::calls && !programs.attached())
            probe.state = ProbeState::off;
        // A run that the kernel skipped happened; but unless each is one count, what it would have found nobody knows.
        const bool known =
            !choice.backend || (counter.unit == Unit::calls && counts_every_run(counter.first, *choice.backend));
        const std::uint64_t missed = known ? 0 : programs.recursion_misses(choice);
        if (missed > 0)
            probe.reason += (probe.reason.empty() ? "" : "; ") + std::to_string(missed) +
                            " events could not be looked at (recursion_misses)";
        probes.push_back(std::move(probe));
    }
    return probes;
}

void KernelSource::attach_return()
{
    Object<return_bpf> &object = loaded_->ret;
    if (object.programs.attach().empty() && object.programs.attached())
        return;
    // Before commit f3a95075549e (5.13) a program that was detached from a trampoline cannot be attached again: another
    // copy can, and counts on in the same slots. If that was not the reason, the copy does without what is refused.
    const KernelBtf btf;
    object.programs.detach();
    object = load<return_bpf>(btf, At::exit, loaded_->return_slots, loaded_->return_refusals);
    attach(object, btf, At::exit, loaded_->return_slots, loaded_->return_refusals);
    if (!object.programs.attached())
        throw std::runtime_error{object.programs.choices().front().reason};
}

void KernelSource::detach_return()
{
    loaded_->ret.programs.detach();
}

} // namespace ktally
