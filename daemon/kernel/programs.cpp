// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/programs.hpp"

#include "kernel/attach.hpp"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

namespace ktally {
namespace {

bool uses(const Choice &choice, Backend backend)
{
    return choice.backend == backend;
}

std::uint64_t misses_of(int program)
{
    bpf_prog_info info{};
    unsigned size = sizeof info;
    return bpf_obj_get_info_by_fd(program, &info, &size) == 0 ? info.recursion_misses : 0;
}

} // namespace

std::vector<std::string> program_names(const Choice &choice, Variant variant)
{
    if (!choice.backend)
        return {};
    if (uses(choice, Backend::tracepoint)) {
        if (choice.targets.front().name == "sys_enter")
            return {"tp_sys_enter"};
        if (choice.at == At::exit)
            return {"tp_sys_exit"};
        if (choice.first == KTALLY_EXIT && !variant.exit_tells_group_dead)
            return {"tp_exit_first", "tp_exit_forget"};
        if (choice.first == KTALLY_TASK_EXIT && variant.accounts)
            return {account_programs.begin(), account_programs.end()};
        return {"tp_" + std::string{hooks[choice.first].name}};
    }
    std::vector<std::string> names;
    for (const Target &target : choice.targets)
        names.push_back(std::string{kind(*choice.backend, choice.at)} + '_' + target.program);
    return names;
}

Programs::Programs(bpf_object *object, Variant variant, std::vector<Choice> choices) : choices_{std::move(choices)}
{
    bpf_program *each = nullptr;
    bpf_object__for_each_program(each, object) bpf_program__set_autoload(each, false);
    find_programs(variant, object);
    for (const Choice &choice : choices_) {
        for (const Program &chosen : programs(choice)) {
            assert(chosen.loaded); // tests/unit/skeleton_test.cpp looks for every one of them
            bpf_program__set_autoload(chosen.loaded, true);
            if (uses(choice, Backend::fentry))
                bpf_program__set_attach_target(chosen.loaded, 0, chosen.function.c_str());
        }
    }
}

Programs::Programs(Variant variant, std::vector<Choice> choices, std::map<std::string, Kept> kept)
    : choices_{std::move(choices)}
{
    find_programs(variant, nullptr);
    for (auto &[name, each] : kept) {
        kept_.emplace(name, std::move(each.program));
        links_.emplace(name, std::move(each.link));
    }
}

std::map<std::pair<Backend, std::string>, std::string> Programs::attach()
{
    std::map<std::pair<Backend, std::string>, std::string> refused;
    for (const Choice &choice : choices_) {
        for (const Program &each : programs(choice)) {
            if (links_.contains(each.name))
                continue;
            Fd link = uses(choice, Backend::kprobe) ? attach_kprobe(fd(each), each.function) : attach_tracing(fd(each));
            if (link) {
                links_.emplace(each.name, std::move(link));
            } else {
                const std::string &target = each.function.empty() ? choice.targets.front().name : each.function;
                refused.emplace(std::pair{*choice.backend, target},
                                "attaching " + each.name + " to " + target + ": " + std::strerror(errno));
            }
        }
    }
    return refused;
}

std::uint64_t Programs::recursion_misses(const Choice &choice) const
{
    std::uint64_t misses = 0;
    for (const Program &each : programs(choice))
        misses += misses_of(fd(each));
    return misses;
}

std::uint64_t Programs::recursion_misses() const
{
    std::uint64_t misses = 0;
    for (const auto &[name, each] : all_attached())
        misses += misses_of(each.program);
    return misses;
}

const Choice &Programs::choice(ktally_call first) const
{
    const auto found = std::ranges::find(choices_, first, &Choice::first);
    assert(found != choices_.end());
    return *found;
}

std::map<std::string, Programs::Attached> Programs::all_attached() const
{
    std::map<std::string, Attached> all;
    for (const auto &of_choice : programs_)
        for (const Program &each : of_choice)
            if (const auto link = links_.find(each.name); link != links_.end())
                all.emplace(each.name, Attached{fd(each), link->second.get()});
    return all;
}

const std::vector<Programs::Program> &Programs::programs(const Choice &choice) const
{
    return programs_[static_cast<std::size_t>(&choice - choices_.data())];
}

int Programs::fd(const Program &program) const
{
    if (program.loaded)
        return bpf_program__fd(program.loaded);
    const auto kept = kept_.find(program.name);
    return kept == kept_.end() ? -1 : kept->second.get();
}

void Programs::find_programs(Variant variant, bpf_object *object)
{
    for (const Choice &choice : choices_) {
        std::vector<Program> &found = programs_.emplace_back();
        for (const std::string &name : program_names(choice, variant)) {
            const std::string function =
                uses(choice, Backend::tracepoint) ? std::string{} : choice.targets[found.size()].name;
            found.push_back(
                {name, function, object ? bpf_object__find_program_by_name(object, name.c_str()) : nullptr});
        }
    }
}

} // namespace ktally
