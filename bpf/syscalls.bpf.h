/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The tracepoint backend's view of a syscall: which counted call it is, in any of the three x86-64 ABIs.
 * The daemon fills the table before load with the syscalls of those functions that it could hook in no
 * better way, so a syscall that nobody counts costs a look-up.
 */
#ifndef KTALLY_SYSCALLS_BPF_H
#define KTALLY_SYSCALLS_BPF_H

#include "core_types.h"

#include <linux/bpf.h>

#include "abi.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

const volatile __u8 syscalls[KTALLY_ABIS][KTALLY_SYSCALLS];

static __always_inline _Bool in_ia32_syscall(void)
{
    __u32 status;

    if (bpf_core_enum_value_exists(enum bpf_func_id___core, BPF_FUNC_get_current_task_btf___core)) {
        struct task_struct *task = (struct task_struct *)bpf_get_current_task_btf();
        status = task->thread_info.status;
    } else {
        struct task_struct *task = (void *)bpf_get_current_task();
        status = BPF_CORE_READ(task, thread_info.status);
    }
    return status & TS_COMPAT;
}

/* What the table says of the syscall that is entered or left here: 0 if nobody counts it. */
static __always_inline __u8 syscall_entry(struct pt_regs *regs, __u32 id)
{
    __u32 number = id & ~X32_SYSCALL_BIT;
    __u8 entry;

    if (number >= KTALLY_SYSCALLS)
        return 0;
    /* The verifier follows registers, not values: clang 19 compares one and indexes with another if it is not told. */
    barrier_var(number);
    number &= KTALLY_SYSCALLS - 1;
    if (id & X32_SYSCALL_BIT) {
        entry = syscalls[KTALLY_ABI_X32][number];
    } else {
        __u8 ia32 = syscalls[KTALLY_ABI_IA32][number];

        entry = syscalls[KTALLY_ABI_NATIVE][number];
        /* Reading the task is the dear part: only for a number that counts in either ABI. */
        if ((entry | ia32) && in_ia32_syscall())
            entry = ia32;
    }
    /* unlinkat(dirfd, path, flags): the third argument is in dx (edx) in every ABI. */
    if ((entry & KTALLY_SYSCALL_UNLESS_REMOVEDIR) && (regs->dx & AT_REMOVEDIR))
        return 0;
    return entry;
}

#endif
