// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/kernel_source.hpp"

#include "core/fold.hpp"
#include "keep/fnv.hpp"
#include "keep/record.hpp"
#include "kernel/adoption.hpp"
#include "kernel/btf.hpp"
#include "kernel/kernel_accounts.hpp"
#include "kernel/object.hpp"
#include "kernel/possible_cpus.hpp"

#include "entry.skel.h"
#include "return.skel.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <stdexcept>
#include <system_error>
#include <type_traits>

namespace ktally {
namespace {

using EntryBss = std::remove_pointer_t<decltype(entry_bpf::bss)>;
using ReturnBss = std::remove_pointer_t<decltype(return_bpf::bss)>;

Slots::Layout entry_layout(std::size_t cpus)
{
    return {offsetof(EntryBss, calls), sizeof(ktally_calls), cpus};
}

Slots::Layout return_layout(std::size_t cpus)
{
    return {offsetof(ReturnBss, bytes), sizeof(ktally_bytes), cpus};
}

// Why there are no accounts, whatever the kernel would let; empty if there is no reason.
std::string reason_against_accounts(const Config &config)
{
    if (!config.accounting)
        return "Accounting=no";
    if (config.exclude.contains("sched_process_exit"))
        return "Exclude=sched_process_exit";
    if (find_root_cgroup() == 0)
        return "cgroup v2 is not mounted at /sys/fs/cgroup nor /sys/fs/cgroup/unified";
    return {};
}

AccountMaps new_accounts(const KernelBtf &btf, const Slots &slots, const Config &config)
{
    std::string reason = reason_against_accounts(config);
    return reason.empty() ? make_account_maps(btf, slots) : AccountMaps{std::move(reason)};
}

// Takes Slots out of what was left, where one is constructed.
auto slots(const Slots::Layout &layout, unsigned id)
{
    return [layout, id](Fd map) { return Slots{layout, std::move(map), id}; };
}

// The return program as it was left, attached or not. If not, it is loaded when it is wanted.
Programs adopt_return(const Inventory &inventory, Left &left)
{
    if (inventory.ret.programs.empty())
        return {inventory.variant(), inventory.ret.choices, {}};
    return adopt(inventory, inventory.ret, left);
}

} // namespace

// The slots live on when an object is loaded again.
struct KernelSource::Loaded {
    std::size_t cpus;
    bool exit_tells_group_dead;
    Slots entry_slots;
    Slots return_slots;
    Refusals entry_refusals;
    Refusals return_refusals;
    KernelAccounts accounts;
    Object<entry_bpf> entry;
    Object<return_bpf> ret;

    Loaded(std::size_t possible, const KernelBtf &btf, const Refusals &configured, const Config &config)
        : cpus{possible}, exit_tells_group_dead{btf.exit_tells_group_dead()}, entry_slots{entry_layout(cpus)},
          return_slots{return_layout(cpus)}, entry_refusals{configured},
          return_refusals{configured}, accounts{new_accounts(btf, entry_slots, config), shared(), find_root_cgroup()},
          entry{load<entry_bpf>(btf, in_entry(), entry_refusals)}, ret{load<return_bpf>(btf, in_return(),
                                                                                        return_refusals)}
    {
        accounts.enter_cgroups();
        attach(entry, btf, in_entry(), entry_refusals);
        accounts.enter_cgroups(); // those that came meanwhile
    }

    // Of what was left. The entry program is attached already.
    Loaded(std::size_t possible, const Refusals &configured, const Inventory &inventory, Left &left)
        : cpus{possible}, exit_tells_group_dead{inventory.exit_tells_group_dead},
          entry_slots{left.take(entry_slots_name, slots(entry_layout(cpus), inventory.entry.slots))},
          return_slots{left.take(return_slots_name, slots(return_layout(cpus), inventory.ret.slots))},
          entry_refusals{configured}, return_refusals{configured}, accounts{adopt_accounts(inventory, left), shared(),
                                                                            find_root_cgroup()},
          entry{nullptr, adopt(inventory, inventory.entry, left)}, ret{nullptr, adopt_return(inventory, left)}
    {
    }

    Counted in_entry() const { return {entry_slots, accounts.maps()}; }
    Counted in_return() const { return {return_slots, accounts.maps()}; }
    const ktally_accounting &shared() const
    {
        return *entry_slots.at<ktally_accounting>(offsetof(EntryBss, accounting));
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

// What the totals of an earlier instance must have been counted by, to be counted on.
std::uint64_t fingerprint_of(const Config &config)
{
    std::string text = config.backend ? std::string{name(*config.backend)} : "auto";
    for (const std::string &name : config.exclude)
        text += ' ' + name;
    text += config.accounting ? "; accounting" : "";
    return fnv(text, objects_fingerprint());
}

std::string capabilities_hint(const std::string &reason)
{
    return reason + (reason.find(std::strerror(EPERM)) != std::string::npos ||
                             reason.find(std::strerror(EACCES)) != std::string::npos
                         ? "; ktallyd must run as root or with CAP_BPF and CAP_PERFMON"
                         : "");
}

} // namespace

KernelSource::KernelSource(const Config &config, FdStore &store, MonotonicTime now)
    : store_{store}, fingerprint_{fingerprint_of(config)}
{
    libbpf_set_print(nullptr); // what libbpf would print is said once, in our words, by whoever handles the failure
    const std::size_t cpus = checked_possible_cpus();
    take_over(cpus, config);
    if (loaded_)
        return;
    const KernelBtf btf;
    try {
        loaded_ = std::make_unique<Loaded>(cpus, btf, configured(config), config);
    } catch (const std::system_error &error) {
        throw std::runtime_error{capabilities_hint(error.what())};
    }
    if (!loaded_->entry.programs.attached())
        throw std::runtime_error{"nothing can be counted on this kernel: " +
                                 capabilities_hint(loaded_->entry.programs.choices().front().reason)};
    beginning_.since = now;
    leave_everything();
}

KernelSource::~KernelSource() = default;

// Takes over what was left in the store, if that can be. If not, the store is empty afterwards.
void KernelSource::take_over(std::size_t cpus, const Config &config)
{
    Left left{store_};
    if (left.empty())
        return;
    const std::vector<std::string> names = left.names();
    try {
        record_.emplace(left.take(inventory_name, [](Fd fd) { return Record{std::move(fd)}; }));
        const Inventory inventory = Inventory::from(record_->text());
        if (inventory.fingerprint != fingerprint_)
            throw std::runtime_error{"it is of another build or configuration of ktallyd"};
        loaded_ = std::make_unique<Loaded>(cpus, configured(config), inventory, left);
        beginning_ = {inventory.since, true, {}};
        store_.remove(left.names()); // of a switch that was not finished
    } catch (const std::exception &error) {
        beginning_.refusal = error.what();
        store_.remove(names);
        record_.reset();
    }
}

// The inventory goes last: it is valid when everything in it is in the store.
void KernelSource::leave_everything()
{
    store_.put(entry_slots_name, loaded_->entry_slots.map());
    store_.put(return_slots_name, loaded_->return_slots.map());
    for (const auto &[name, map] : loaded_->accounts.maps().all())
        store_.put(map_name(name), map.get());
    leave(loaded_->entry.programs);
    record_.emplace();
    write_inventory(false);
    store_.put(inventory_name, record_->fd());
}

void KernelSource::leave(const Programs &programs)
{
    for (const auto &[name, attached] : programs.all_attached()) {
        store_.put(program_name(name), attached.program);
        store_.put(link_name(name), attached.link);
    }
}

void KernelSource::write_inventory(bool with_return)
{
    Inventory inventory{fingerprint_,
                        beginning_.since,
                        loaded_->exit_tells_group_dead,
                        inventory_of(loaded_->entry_slots.map(), loaded_->entry.programs),
                        inventory_of(loaded_->return_slots.map(), loaded_->ret.programs),
                        inventory_of(loaded_->accounts.maps())};
    if (!with_return)
        inventory.ret.programs.clear();
    record_->write(inventory.text());
}

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
    attach_return_program();
    leave(loaded_->ret.programs);
    write_inventory(true);
}

void KernelSource::attach_return_program()
{
    Object<return_bpf> &object = loaded_->ret;
    if (object.programs.attach().empty() && object.programs.attached())
        return;
    // Before commit f3a95075549e (5.13) a program that was detached from a trampoline cannot be attached again: another
    // copy can, and counts on in the same slots. If that was not the reason, the copy does without what is refused.
    const KernelBtf btf;
    object.programs.detach();
    object = load<return_bpf>(btf, loaded_->in_return(), loaded_->return_refusals);
    attach(object, btf, loaded_->in_return(), loaded_->return_refusals);
    if (!object.programs.attached())
        throw std::runtime_error{object.programs.choices().front().reason};
}

void KernelSource::detach_return()
{
    Programs &programs = loaded_->ret.programs;
    std::vector<std::string> names;
    for (const auto &[name, attached] : programs.all_attached()) {
        names.push_back(program_name(name));
        names.push_back(link_name(name));
    }
    write_inventory(false);
    store_.remove(names); // before us: the last to let go waits until the kernel has done it
    programs.detach();
}

Accounts &KernelSource::accounts()
{
    return loaded_->accounts;
}

std::uint64_t KernelSource::unattributed() const
{
    if (loaded_->accounts.maps().how() == KTALLY_NO_ACCOUNTS)
        return 0;
    return loaded_->accounts.unattributed() + loaded_->entry.programs.recursion_misses();
}

bool KernelSource::return_attached() const
{
    return loaded_->ret.programs.attached();
}

} // namespace ktally
