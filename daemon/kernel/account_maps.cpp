// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/account_maps.hpp"

#include "kernel/immediates.hpp"

#include <bpf/bpf.h>
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace ktally {
namespace {

constexpr std::array all_maps{"accounts", "accounts_by_task", "cgroups", "ended_threads"};

// Before commit a37a32583e28 (6.1) the kernel warns in its log of a kprobe that allocates. Kernels that have task
// storage for tracing programs, but are older, are few.
void set_memory_aside(bpf_object *object)
{
    constexpr unsigned entries = 2048;
    for (const char *name : {"cgroups", "ended_threads"}) {
        if (bpf_map *map = bpf_object__find_map_by_name(object, name)) {
            bpf_map__set_map_flags(map, 0);
            bpf_map__set_max_entries(map, entries);
        }
    }
}

void say_how(bpf_object *object, ktally_accounts how)
{
    put_immediate(object, BPF_ALU64 | BPF_MOV | BPF_K, KTALLY_ACCOUNTS_MARK, how);
    const std::vector<std::string> used = account_maps(how);
    for (const char *name : all_maps)
        if (bpf_map *map = bpf_object__find_map_by_name(object, name))
            bpf_map__set_autocreate(map, std::ranges::find(used, name) != used.end());
}

} // namespace

std::string_view name(ktally_accounts how)
{
    constexpr std::array<std::string_view, 3> names{"", "task_storage", "hash"};
    return names[how];
}

std::vector<std::string> account_maps(ktally_accounts how)
{
    if (how == KTALLY_NO_ACCOUNTS)
        return {};
    return {how == KTALLY_TASK_STORAGE ? "accounts" : "accounts_by_task", "cgroups", "ended_threads"};
}

void AccountMaps::give_to(bpf_object *object) const
{
    say_how(object, how_);
    if (maps_.empty() && how_ == KTALLY_TASK_HASH)
        set_memory_aside(object);
    for (const auto &[name, fd] : maps_)
        if (bpf_map *map = bpf_object__find_map_by_name(object, name.c_str()))
            if (bpf_map__reuse_fd(map, fd.get()) != 0)
                throw std::system_error{errno, std::generic_category(), "giving a BPF map to an object"};
}

std::map<std::string, Fd> accounts_of(bpf_object *object, ktally_accounts how)
{
    std::map<std::string, Fd> maps;
    for (const std::string &name : account_maps(how)) {
        Fd copy{fcntl(bpf_object__find_map_fd_by_name(object, name.c_str()), F_DUPFD_CLOEXEC, 0)};
        if (!copy)
            throw std::system_error{errno, std::generic_category(), "keeping a BPF map"};
        maps.emplace(name, std::move(copy));
    }
    return maps;
}

} // namespace ktally
