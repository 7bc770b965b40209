/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The few kernel types and fields that the programs look at. Offsets are relocated at load time from
 * the running kernel's BTF (preserve_access_index), so only names and rough types matter here.
 */
#ifndef KTALLY_CORE_TYPES_H
#define KTALLY_CORE_TYPES_H

#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* x86-64 only, like the tracepoint backend's syscall tables */
struct pt_regs {
    unsigned long dx;
    unsigned long si;
    unsigned long di;
    unsigned long orig_ax;
};

typedef struct {
    int counter;
} atomic_t;

struct signal_struct {
    atomic_t live; /* threads of the group that have not begun to exit */
    int nr_threads; /* threads not yet released */
};

struct file {
    unsigned int f_mode;
};

struct fdtable {
    unsigned int max_fds;
    struct file **fd;
};

struct files_struct {
    struct fdtable *fdt;
};

struct thread_info {
    __u32 status;
};

struct task_struct {
    struct thread_info thread_info;
    unsigned int flags;
    int pid;
    int tgid;
    struct signal_struct *signal;
    struct files_struct *files;
};

/* Only asked whether the running kernel has it (5.11 and newer). */
enum bpf_func_id___core { BPF_FUNC_get_current_task_btf___core = 0xffff };

#pragma clang attribute pop

#define PF_KTHREAD 0x00200000u     /* include/linux/sched.h */
#define CLONE_THREAD 0x00010000ul  /* include/uapi/linux/sched.h */
#define FMODE_CREATED 0x00100000u  /* include/linux/fs.h, since 4.19 */
#define TS_COMPAT 0x0002u          /* arch/x86/include/asm/thread_info.h: in an ia32 syscall */
#define X32_SYSCALL_BIT 0x40000000u
#define AT_REMOVEDIR 0x200u

#endif
