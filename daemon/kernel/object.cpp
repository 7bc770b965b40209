// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/object.hpp"

#include "keep/fnv.hpp"
#include "kernel/btf.hpp"
#include "kernel/syscall_filter.hpp"
#include "kernel/trial.hpp"

#include "entry.skel.h"
#include "return.skel.h"

#include <cerrno>
#include <cstring>
#include <system_error>
#include <type_traits>

namespace ktally {
namespace {

template <typename Skeleton> constexpr At at_of = std::is_same_v<Skeleton, entry_bpf> ? At::entry : At::exit;

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

Variant variant(const KernelBtf &btf, Counted in)
{
    return {btf.exit_tells_group_dead(), in.accounts.how() != KTALLY_NO_ACCOUNTS};
}

template <typename Skeleton> auto open(const KernelBtf &btf, const std::vector<Choice> &choices, Counted in)
{
    std::unique_ptr<Skeleton, DestroySkeleton> skeleton{Skeleton::open()};
    if (!skeleton)
        throw std::system_error{errno, std::generic_category(), "opening the BPF programs"};
    configure(*skeleton, btf, choices);
    in.slots.give_to(skeleton->obj, skeleton->maps.bss);
    in.accounts.give_to(skeleton->obj);
    return skeleton;
}

// Loads the programs of each choice without the others and notes those that the kernel refuses. Returns whether there
// are any.
template <typename Skeleton>
bool note_refused_choices(const KernelBtf &btf, const std::vector<Choice> &choices, Counted in, Refusals &refusals)
{
    bool any = false;
    for (const Choice &choice : choices) {
        if (!choice.backend)
            continue;
        const auto alone = open<Skeleton>(btf, choices, in);
        const Programs programs{alone->obj, variant(btf, in), {choice}};
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
                   Counted in, Refusals &refusals)
{
    for (Backend backend : backends)
        if (note_refused_targets(btf, choices, backend, refusals))
            return;
    if (!note_refused_choices<Skeleton>(btf, choices, in, refusals))
        refusals.backends.emplace(most_preferred, "loading the " + std::string{name(most_preferred)} +
                                                      " programs: " + std::strerror(error));
}

} // namespace

void DestroySkeleton::operator()(entry_bpf *skeleton) const
{
    entry_bpf::destroy(skeleton);
}

void DestroySkeleton::operator()(return_bpf *skeleton) const
{
    return_bpf::destroy(skeleton);
}

template <typename Skeleton> Object<Skeleton> load(const KernelBtf &btf, Counted in, Refusals &refusals)
{
    for (;;) {
        std::vector<Choice> choices = choose(btf, at_of<Skeleton>, refusals);
        auto skeleton = open<Skeleton>(btf, choices, in);
        Programs programs{skeleton->obj, variant(btf, in), std::move(choices)};
        const int error = -Skeleton::load(skeleton.get());
        if (error == 0)
            return {std::move(skeleton), std::move(programs)};
        const auto used = first_used(programs.choices());
        if (!used)
            throw std::system_error{error, std::generic_category(), "creating BPF maps"};
        note_refusals<Skeleton>(btf, programs.choices(), *used, error, in, refusals);
    }
}

template <typename Skeleton> void attach(Object<Skeleton> &object, const KernelBtf &btf, Counted in, Refusals &refusals)
{
    for (auto refused = object.programs.attach(); !refused.empty(); refused = object.programs.attach()) {
        refusals.targets.merge(refused);
        object.programs.detach();
        object = load<Skeleton>(btf, in, refusals);
    }
}

AccountMaps make_account_maps(const KernelBtf &btf, const Slots &slots)
{
    std::string reason;
    for (const ktally_accounts how : {KTALLY_TASK_STORAGE, KTALLY_TASK_HASH}) {
        const auto trial = open<entry_bpf>(btf, {}, {slots, AccountMaps{how, {}, {}}});
        bpf_program *program = nullptr;
        bpf_object__for_each_program(program, trial->obj) bpf_program__set_autoload(program, false);
        bpf_program__set_autoload(trial->progs.tp_exec, true);
        for (const char *needed : account_programs)
            bpf_program__set_autoload(bpf_object__find_program_by_name(trial->obj, needed), true);
        if (const int error = -entry_bpf::load(trial.get()))
            reason +=
                (reason.empty() ? "" : "; ") + ("accounts by " + std::string{name(how)} + ": " + std::strerror(error));
        else
            return {how, accounts_of(trial->obj, how), reason};
    }
    return AccountMaps{reason};
}

std::uint64_t objects_fingerprint()
{
    std::uint64_t hash = fnv_start;
    for (const auto elf : {&entry_bpf::elf_bytes, &return_bpf::elf_bytes}) {
        std::size_t size = 0;
        const auto *bytes = static_cast<const char *>(elf(&size));
        hash = fnv({bytes, size}, hash);
    }
    return hash;
}

template Object<entry_bpf> load(const KernelBtf &, Counted, Refusals &);
template Object<return_bpf> load(const KernelBtf &, Counted, Refusals &);
template void attach(Object<entry_bpf> &, const KernelBtf &, Counted, Refusals &);
template void attach(Object<return_bpf> &, const KernelBtf &, Counted, Refusals &);

} // namespace ktally
