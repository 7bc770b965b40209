// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * return: counts how calls ended, while it is attached: errors by errno, and the bytes really moved.
 * It writes nothing that entry writes, so that switching it cannot lose or double a call.
 *
 * Bytes are per-CPU slots and plain ++, as in entry. Errors are one table for all CPUs with atomic adds:
 * a table per CPU would take 10 MiB at 1,024 CPUs for numbers that move rarely.
 *
 * There are no kretprobes: one has room for ten calls in flight, or two for each possible CPU, and does not see the
 * others; on any machine more than that wait in a read. Where there is no fexit, sys_exit tells how system calls end.
 */
#include "cpu.bpf.h"
#include "syscalls.bpf.h"

#include <asm-generic/errno-base.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

__u64 errors[KTALLY_OP_ROWS][KTALLY_ERRNOS];
struct ktally_bytes bytes[KTALLY_MAX_CPUS]; /* last: how many there are depends on the machine */

/* Set by the daemon from the running kernel's BTF. */
const volatile _Bool close_returns_file; /* file_close_fd: the file or NULL; close_fd: 0 or -errno */
const volatile __u32 unlink_arguments;   /* vfs_unlink takes 3 before 5.12, 4 since */

static __always_inline void ended(__u32 operation, __u32 bytes_slot, long ret)
{
    if (ret < 0) {
        __u32 column = ktally_errno_column(-ret);

        barrier_var(column); /* the compiler knows that the mask does nothing, the verifier does not */
        column &= KTALLY_ERRNOS - 1;
        __sync_fetch_and_add(&errors[operation & (KTALLY_OP_ROWS - 1)][column], 1);
    } else if (bytes_slot < 4) {
        bytes[this_cpu()].slot[bytes_slot] += ret;
    }
}

#define NO_BYTES 4

/* A trampoline hands over the arguments and, behind them, the return value: its width is the function's,
 * so an int must be cut to an int (do_sys_openat2 went from long to int, its values fit both). */
#define COUNT_RETURNS(name, operation, bytes_slot, arguments, type)                                                    \
    SEC("fexit")                                                                                                       \
    int fexit_##name(__u64 *ctx)                                                                                       \
    {                                                                                                                  \
        ended(operation, bytes_slot, (type)ctx[arguments]);                                                            \
        return 0;                                                                                                      \
    }

COUNT_RETURNS(open, KTALLY_OP_OPEN, NO_BYTES, 3, int)
COUNT_RETURNS(read, KTALLY_OP_READ, KTALLY_READ - KTALLY_READ, 4, long)
COUNT_RETURNS(readv, KTALLY_OP_READ, KTALLY_READV - KTALLY_READ, 5, long)
COUNT_RETURNS(write, KTALLY_OP_WRITE, KTALLY_WRITE - KTALLY_READ, 4, long)
COUNT_RETURNS(writev, KTALLY_OP_WRITE, KTALLY_WRITEV - KTALLY_READ, 5, long)
COUNT_RETURNS(fsync, KTALLY_OP_FSYNC, NO_BYTES, 1, int)
COUNT_RETURNS(fdatasync, KTALLY_OP_FSYNC, NO_BYTES, 1, int)
COUNT_RETURNS(ia32_fsync, KTALLY_OP_FSYNC, NO_BYTES, 1, int)
COUNT_RETURNS(ia32_fdatasync, KTALLY_OP_FSYNC, NO_BYTES, 1, int)
COUNT_RETURNS(fork, KTALLY_OP_FORK, NO_BYTES, 1, int)

static __always_inline void closed(__u64 ret)
{
    if (close_returns_file)
        ended(KTALLY_OP_CLOSE, NO_BYTES, ret ? 0 : -EBADF);
    else
        ended(KTALLY_OP_CLOSE, NO_BYTES, (int)ret);
}

SEC("fexit")
int fexit_close(__u64 *ctx)
{
    closed(ctx[1]);
    return 0;
}

SEC("fexit")
int fexit_unlink(__u64 *ctx)
{
    /* Two loads at fixed offsets, kept apart: the verifier drops the one that this kernel lacks. */
    if (unlink_arguments == 3) {
        __u64 ret = ctx[3];
        barrier_var(ret);
        ended(KTALLY_OP_UNLINK, NO_BYTES, (int)ret);
    } else {
        __u64 ret = ctx[4];
        barrier_var(ret);
        ended(KTALLY_OP_UNLINK, NO_BYTES, (int)ret);
    }
    return 0;
}

/* What kind of end a counted call has, by ktally_call. */
const volatile __u8 operation_of[KTALLY_CALL_SLOTS] = {
    [KTALLY_OPEN] = KTALLY_OP_OPEN,     [KTALLY_CLOSE] = KTALLY_OP_CLOSE,   [KTALLY_READ] = KTALLY_OP_READ,
    [KTALLY_READV] = KTALLY_OP_READ,    [KTALLY_WRITE] = KTALLY_OP_WRITE,   [KTALLY_WRITEV] = KTALLY_OP_WRITE,
    [KTALLY_UNLINK] = KTALLY_OP_UNLINK, [KTALLY_FSYNC] = KTALLY_OP_FSYNC,   [KTALLY_CREATE] = KTALLY_OP_NONE,
    [KTALLY_FORK] = KTALLY_OP_FORK,     [KTALLY_THREAD] = KTALLY_OP_NONE,   [KTALLY_EXEC] = KTALLY_OP_NONE,
    [KTALLY_EXIT] = KTALLY_OP_NONE,     [KTALLY_TASK_EXIT] = KTALLY_OP_NONE, [KTALLY_RELEASE] = KTALLY_OP_NONE,
};

/* All returns at once, for those the daemon put into the syscall table. */
SEC("tp_btf/sys_exit")
int tp_sys_exit(__u64 *ctx)
{
    struct pt_regs *regs = (struct pt_regs *)ctx[0];
    __u32 call = syscall_entry(regs, regs->orig_ax) & KTALLY_SYSCALL_CALL;

    if (!call)
        return 0;
    call = (call - 1) & (KTALLY_CALL_SLOTS - 1);
    ended(operation_of[call], call - KTALLY_READ, (long)ctx[1]);
    return 0;
}
