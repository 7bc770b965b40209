// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/programs.hpp"

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

} // namespace

Programs::Programs(bpf_object *object, const KernelBtf &btf, std::vector<Choice> choices)
    : object_{object}, exit_tells_group_dead_{btf.exit_tells_group_dead()}, choices_{std::move(choices)}
{
    bpf_program *program = nullptr;
    bpf_object__for_each_program(program, object_) bpf_program__set_autoload(program, false);
    for (const Choice &choice : choices_) {
        for (const Program &chosen : programs_.emplace_back(find_programs(choice))) {
            bpf_program__set_autoload(chosen.program, true);
            if (uses(choice, Backend::fentry))
                bpf_program__set_attach_target(chosen.program, 0, chosen.function.c_str());
        }
    }
}

std::map<std::pair<Backend, std::string>, std::string> Programs::attach()
{
    std::map<std::pair<Backend, std::string>, std::string> refused;
    for (const Choice &choice : choices_) {
        for (const Program &program : programs(choice)) {
            if (links_.contains(program.name))
                continue;
            Link link = attach(choice, program);
            if (link) {
                links_.emplace(program.name, std::move(link));
            } else {
                const std::string &target = program.function.empty() ? choice.targets.front().name : program.function;
                refused.emplace(std::pair{*choice.backend, target},
                                "attaching " + program.name + " to " + target + ": " + std::strerror(errno));
            }
        }
    }
    return refused;
}

std::uint64_t Programs::recursion_misses(const Choice &choice) const
{
    std::uint64_t misses = 0;
    for (const Program &program : programs(choice)) {
        bpf_prog_info info{};
        unsigned size = sizeof info;
        if (bpf_obj_get_info_by_fd(bpf_program__fd(program.program), &info, &size) == 0)
            misses += info.recursion_misses;
    }
    return misses;
}

const Choice &Programs::choice(ktally_call first) const
{
    const auto found = std::ranges::find(choices_, first, &Choice::first);
    assert(found != choices_.end());
    return *found;
}

const std::vector<Programs::Program> &Programs::programs(const Choice &choice) const
{
    return programs_[static_cast<std::size_t>(&choice - choices_.data())];
}

std::vector<Programs::Program> Programs::find_programs(const Choice &choice) const
{
    std::vector<Program> found;
    const auto add = [&](const std::string &name, const std::string &function) {
        bpf_program *program = bpf_object__find_program_by_name(object_, name.c_str());
        assert(program); // tests/unit/skeleton_test.cpp looks for every one of them
        found.push_back({program, name, function});
    };
    if (!choice.backend)
        return found;
    const Hook &hook = hooks[choice.first];
    if (uses(choice, Backend::tracepoint)) {
        if (choice.targets.front().name == "sys_enter") {
            add("tp_sys_enter", {});
        } else if (choice.at == At::exit) {
            add("tp_sys_exit", {});
        } else if (choice.first == KTALLY_EXIT && !exit_tells_group_dead_) {
            add("tp_exit_first", {});
            add("tp_exit_forget", {});
        } else {
            add("tp_" + std::string{hook.name}, {});
        }
        return found;
    }
    const std::string prefix = std::string{kind(*choice.backend, choice.at)} + '_';
    for (const Target &target : choice.targets)
        add(prefix + target.program, target.name);
    return found;
}

Programs::Link Programs::attach(const Choice &choice, const Program &program) const
{
    if (uses(choice, Backend::kprobe))
        return Link{bpf_program__attach_kprobe(program.program, false, program.function.c_str())};
    return Link{bpf_program__attach(program.program)};
}

} // namespace ktally
