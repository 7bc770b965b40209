// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/syscall_filter.hpp"

#include "kernel/syscall_table.hpp"

#include <array>
#include <cstddef>

namespace ktally {
namespace {

bool by_syscall(const Choice &choice)
{
    return choice.backend == Backend::tracepoint &&
           (choice.targets.front().name == "sys_enter" || choice.targets.front().name == "sys_exit");
}

} // namespace

void fill_syscall_table(__u8 (&table)[KTALLY_ABIS][KTALLY_SYSCALLS], const std::vector<Choice> &choices)
{
    const std::array<std::span<const Syscall>, KTALLY_ABIS> abis{native_syscalls(), ia32_syscalls(), x32_syscalls()};
    for (const Choice &choice : choices) {
        if (!by_syscall(choice))
            continue;
        for (std::size_t abi = 0; abi < abis.size(); ++abi) {
            for (const Syscall &syscall : abis[abi]) {
                __u8 &entry = table[abi][syscall.number];
                if (choice.first == KTALLY_CREATE && syscall.call == KTALLY_OPEN)
                    entry |= KTALLY_SYSCALL_CREATES;
                if (syscall.call < choice.first || syscall.call > choice.last)
                    continue;
                entry |= static_cast<__u8>(syscall.call + 1);
                if (syscall.unless_removedir)
                    entry |= KTALLY_SYSCALL_UNLESS_REMOVEDIR;
            }
        }
    }
}

} // namespace ktally
