// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/btf.hpp"

#include <stdexcept>
#include <string>

namespace ktally {

KernelBtf::KernelBtf() : types_{btf__load_vmlinux_btf()}
{
    if (!types_)
        throw std::runtime_error{
            "this kernel describes no types in /sys/kernel/btf/vmlinux; ktallyd needs one built with "
            "CONFIG_DEBUG_INFO_BTF=y"};
}

std::optional<BtfFunction> KernelBtf::function(std::string_view name) const
{
    const int id = btf__find_by_name_kind(types_.get(), std::string{name}.c_str(), BTF_KIND_FUNC);
    if (id < 0)
        return std::nullopt;
    const btf_type *function = btf__type_by_id(types_.get(), static_cast<unsigned>(id));
    const btf_type *prototype = btf__type_by_id(types_.get(), function->type);
    return BtfFunction{static_cast<unsigned>(id), btf_vlen(prototype)};
}

bool KernelBtf::exit_tells_group_dead() const
{
    const auto process_exit = tracepoint("sched_process_exit");
    return process_exit && process_exit->arguments > 1;
}

std::optional<BtfFunction> KernelBtf::tracepoint(std::string_view name) const
{
    // typedef void (*btf_trace_NAME)(void *data, arguments...)
    const std::string type_name = "btf_trace_" + std::string{name};
    const int id = btf__find_by_name_kind(types_.get(), type_name.c_str(), BTF_KIND_TYPEDEF);
    if (id < 0)
        return std::nullopt;
    const btf_type *pointer =
        btf__type_by_id(types_.get(), btf__type_by_id(types_.get(), static_cast<unsigned>(id))->type);
    const btf_type *prototype = btf__type_by_id(types_.get(), pointer->type);
    return BtfFunction{static_cast<unsigned>(id), btf_vlen(prototype) - 1u};
}

} // namespace ktally
