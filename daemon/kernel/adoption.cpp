// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/adoption.hpp"

#include "kernel/info.hpp"

#include <filesystem>
#include <stdexcept>

namespace ktally {
namespace {

void check_program(int fd, const Inventory::Ids &ids)
{
    const auto info = info_of<bpf_prog_info>(fd);
    if (info.id != ids.program || (info.type != BPF_PROG_TYPE_TRACING && info.type != BPF_PROG_TYPE_KPROBE))
        throw std::runtime_error{"it is not the program that was left"};
}

void check_link(int fd, const Inventory::Ids &ids)
{
    if (ids.link == 0) {
        std::error_code error;
        if (std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), error) != "anon_inode:[perf_event]")
            throw std::runtime_error{"it is no perf event"};
        return;
    }
    const auto info = info_of<bpf_link_info>(fd);
    if (info.id != ids.link || info.prog_id != ids.program)
        throw std::runtime_error{"it is not the link that was left"};
}

} // namespace

std::string program_name(const std::string &program)
{
    return kernel_prefix + program;
}

std::string map_name(const std::string &map)
{
    return kernel_prefix + map + "-map";
}

std::string link_name(const std::string &program)
{
    return kernel_prefix + program + "-link";
}

std::vector<std::string> Left::names() const
{
    std::vector<std::string> names;
    for (const auto &[name, fd] : fds_)
        names.push_back(name);
    return names;
}

Fd Left::take(const std::string &name)
{
    if (const std::size_t count = fds_.count(name); count != 1)
        throw std::runtime_error{name + (count == 0 ? " is missing" : " is there more than once")};
    return std::move(fds_.extract(name).mapped());
}

AccountMaps adopt_accounts(const Inventory &inventory, Left &left)
{
    std::map<std::string, Fd> maps;
    for (const std::string &name : account_maps(inventory.accounts.how)) {
        const auto id = inventory.accounts.maps.find(name);
        if (id == inventory.accounts.maps.end())
            throw std::runtime_error{inventory_name + ": it does not have the map " + name};
        maps.emplace(name, left.take(map_name(name), [&id](Fd fd) {
            if (info_of<bpf_map_info>(fd.get()).id != id->second)
                throw std::runtime_error{"it is another map"};
            return fd;
        }));
    }
    return {inventory.accounts.how, std::move(maps), inventory.accounts.reason};
}

Programs adopt(const Inventory &inventory, const Inventory::Object &object, Left &left)
{
    std::map<std::string, Programs::Kept> kept;
    for (const Choice &choice : object.choices) {
        for (const std::string &name : program_names(choice, inventory.variant())) {
            if (kept.contains(name))
                continue; // choices may share one
            const auto ids = object.programs.find(name);
            if (ids == object.programs.end())
                throw std::runtime_error{inventory_name + ": it does not have the program " + name};
            const auto checked = [&ids](auto check) {
                return [&ids, check](Fd fd) {
                    check(fd.get(), ids->second);
                    return fd;
                };
            };
            Fd program = left.take(program_name(name), checked(check_program));
            Fd link = left.take(link_name(name), checked(check_link));
            kept.emplace(name, Programs::Kept{std::move(program), std::move(link)});
        }
    }
    return {inventory.variant(), object.choices, std::move(kept)};
}

} // namespace ktally
