/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one header that the BPF programs and the daemon share: where each number lives.
 * Both sides index the same arrays with these names; nothing here is ever printed or stored.
 */
#ifndef KTALLY_ABI_H
#define KTALLY_ABI_H

#include <linux/types.h>

/* A slot block per possible CPU: the programs are compiled for this many, as many as Linux has on x86-64, and fitted to
 * the machine before they are loaded. A power of two, so that masking a CPU number is all the verifier needs to see. */
#define KTALLY_MAX_CPUS 8192

/* The columns of a slot block: one per counted kernel function, each written by one program. */
enum ktally_call {
    KTALLY_OPEN,
    KTALLY_CLOSE,
    KTALLY_READ,
    KTALLY_READV,
    KTALLY_WRITE,
    KTALLY_WRITEV,
    KTALLY_UNLINK,
    KTALLY_FSYNC,
    KTALLY_CREATE,
    KTALLY_FORK,
    KTALLY_THREAD,
    KTALLY_EXEC,
    KTALLY_EXIT,
    KTALLY_TASK_EXIT,
    KTALLY_RELEASE,
    KTALLY_CALLS,
    KTALLY_CALL_SLOTS = 16, /* two cache lines, no block shares one with its neighbour */
};

struct ktally_calls {
    __u64 slot[KTALLY_CALL_SLOTS];
} __attribute__((aligned(64)));

/* Bytes moved by KTALLY_READ .. KTALLY_WRITEV, in that order, from their return values. */
#define KTALLY_BYTE_SLOTS 8 /* four used, one cache line */

struct ktally_bytes {
    __u64 slot[KTALLY_BYTE_SLOTS];
} __attribute__((aligned(64)));

/* The rows of the error table: what failed. read includes readv, write includes writev. */
enum ktally_operation {
    KTALLY_OP_OPEN,
    KTALLY_OP_CLOSE,
    KTALLY_OP_READ,
    KTALLY_OP_WRITE,
    KTALLY_OP_UNLINK,
    KTALLY_OP_FSYNC,
    KTALLY_OP_FORK,
    KTALLY_OPERATIONS,
    KTALLY_OP_NONE = 7, /* the call has no row; a spare row keeps the index a mask */
    KTALLY_OP_ROWS = 8,
};

/* The columns of the error table: the errno up to EHWPOISON (133), then the kernel's own from ERESTARTSYS (512) to
 * ERECALLCONFLICT (530); the last column takes what is neither. Small, because it is read at each sample. */
#define KTALLY_ERRNOS 256 /* a power of two: a mask is all that the verifier of 5.10 follows */
#define KTALLY_LAST_ERRNO 133
#define KTALLY_FIRST_KERNEL_ERRNO 512
#define KTALLY_LAST_KERNEL_ERRNO 530
#define KTALLY_OTHER_ERRNO 4095 /* what the last column is called; the kernel's MAX_ERRNO */

static inline __attribute__((always_inline)) __u32 ktally_errno_column(__u64 error)
{
    if (error <= KTALLY_LAST_ERRNO)
        return (__u32)error;
    if (error >= KTALLY_FIRST_KERNEL_ERRNO && error <= KTALLY_LAST_KERNEL_ERRNO)
        return (__u32)error - KTALLY_FIRST_KERNEL_ERRNO + KTALLY_LAST_ERRNO + 1;
    return KTALLY_ERRNOS - 1;
}

static inline __attribute__((always_inline)) __u32 ktally_column_errno(__u32 column)
{
    if (column <= KTALLY_LAST_ERRNO)
        return column;
    if (column <= KTALLY_LAST_ERRNO + 1 + KTALLY_LAST_KERNEL_ERRNO - KTALLY_FIRST_KERNEL_ERRNO)
        return column - KTALLY_LAST_ERRNO - 1 + KTALLY_FIRST_KERNEL_ERRNO;
    return KTALLY_OTHER_ERRNO;
}

/* Accounts: the same calls once more, by who made them. KTALLY_OPEN to KTALLY_EXEC are counted by task, the ends of
 * tasks by cgroup only. */
#define KTALLY_TASK_CALLS (KTALLY_EXEC + 1)

/* A task's own, written by nobody else, so that plain ++ is exact. Added to its cgroup's when it ends, or finds itself
 * in another. */
struct ktally_account {
    __u64 cgroup;     /* for which it counts; 0: none yet */
    __u32 generation; /* of ktally_accounting, when that was looked up */
    __u32 unused;
    __u64 calls[KTALLY_TASK_CALLS];
};

#define KTALLY_CGROUP_NAME 256 /* bytes: NAME_MAX and a NUL */

/* Of a cgroup: tasks that ended or left, and removed cgroups below. */
struct ktally_cgroup {
    __u64 parent; /* id; 0: it has none, or is not complete yet */
    __u64 gone;   /* removed; then what comes late is also added to the parent */
    __u64 calls[KTALLY_CALL_SLOTS];
    char name[KTALLY_CGROUP_NAME];
};

/* Of a process that goes on: its threads that ended, and what the others did in cgroups that they have left. */
struct ktally_ended {
    __u64 calls[KTALLY_TASK_CALLS];
};

/* What all accounts have in common. */
struct ktally_accounting {
    __u64 changes;      /* of cgroups: odd while one is being removed */
    __u64 unattributed; /* calls that could be added to nobody */
    __u32 generation;   /* increases whenever a task moves to another cgroup */
} __attribute__((aligned(64)));

/* How a task finds its account. The daemon puts it into the programs, like the mask of cpu.bpf.h, in the place of
 * KTALLY_ACCOUNTS_MARK. */
enum ktally_accounts { KTALLY_NO_ACCOUNTS, KTALLY_TASK_STORAGE, KTALLY_TASK_HASH };
#define KTALLY_ACCOUNTS_MARK 0x6b74a0c5

/* What the iterators write. */
struct ktally_task {
    __u32 pid; /* of the process */
    __u32 unused;
    __u64 cgroup;
    __u64 calls[KTALLY_TASK_CALLS];
};

#define KTALLY_COMM 16 /* TASK_COMM_LEN */

struct ktally_process {
    __u32 is_leader; /* else a thread with descriptors of its own */
    __u32 pid;       /* as the reader sees it, like all here */
    __u32 parent;
    __u32 uid;
    __u64 cgroup;
    __u64 start_nsec; /* CLOCK_BOOTTIME */
    __u32 zombie;
    __s32 wait_status;
    __u32 descriptors; /* UINT32_MAX: too many to count */
    __u32 unused;
    __u64 descriptor_limit;
    __u64 descriptor_table; /* an address that is not told further */
    char name[KTALLY_COMM];
    char parent_name[KTALLY_COMM];
};

/* For whom wants no process but zombies: nobody has so many descriptors. */
#define KTALLY_ZOMBIES_ONLY 0xffffffffu

/* The syscall table of the tracepoint backend, by ABI and number: 0, or what is counted there. */
enum ktally_syscall_abi { KTALLY_ABI_NATIVE, KTALLY_ABI_IA32, KTALLY_ABI_X32, KTALLY_ABIS };
#define KTALLY_SYSCALLS 1024
#define KTALLY_SYSCALL_CALL 0x1f             /* the ktally_call plus one, 0 for none */
#define KTALLY_SYSCALL_CREATES 0x40          /* open(2) and its like: Creates looks at what it opened */
#define KTALLY_SYSCALL_UNLESS_REMOVEDIR 0x80 /* unlinkat(2) with AT_REMOVEDIR is an rmdir(2) */

#endif
