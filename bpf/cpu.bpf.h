/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which slot block is this CPU's.
 *
 * The programs are compiled for KTALLY_MAX_CPUS. Before they are loaded, the daemon puts the mask for this machine's
 * CPUs in the place of the one here (daemon/kernel/slots.hpp), so the instruction must be just this one. A mask in
 * .rodata would do without that, but cost each counted call two instructions more.
 */
#ifndef KTALLY_CPU_BPF_H
#define KTALLY_CPU_BPF_H

#include <linux/bpf.h>

#include "abi.h"

#include <bpf/bpf_helpers.h>

/* As bpf_helpers.h has it, but for the type: 64 bits need not be extended to be an index. */
static __u64 (*const processor_id)(void) = (void *)BPF_FUNC_get_smp_processor_id;

static __always_inline __u64 this_cpu(void)
{
    __u64 cpu = processor_id();

    asm volatile("%0 &= %1" : "+r"(cpu) : "i"(KTALLY_MAX_CPUS - 1));
    return cpu;
}

#endif
