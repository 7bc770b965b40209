// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * entry: counts calls. Always attached; it alone writes the call counters.
 *
 * One program and one slot column per kernel function and backend (but fsync's four, which share theirs); the daemon
 * loads one backend of each.
 * Plain ++ is exact: a slot belongs to one CPU, and a program cannot be preempted by itself. Where it runs
 * with preemption on (in a trampoline since kernel commit ca06f55b9002, in a tracepoint since 7.0), the
 * kernel skips the second run and counts it in recursion_misses, which the daemon adds: to the total where
 * each run is a call, and everywhere to what may be in no account.
 */
#include "attribution.bpf.h"
#include "cpu.bpf.h"
#include "syscalls.bpf.h"

#include <asm-generic/errno-base.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct ktally_calls calls[KTALLY_MAX_CPUS]; /* last: how many there are depends on the machine */

static __always_inline void count(__u32 call)
{
    calls[this_cpu()].slot[call]++;
    attribute(call);
}

static __always_inline void count_end(struct task_struct *task, __u32 call)
{
    calls[this_cpu()].slot[call]++;
    if (accounts_by() != KTALLY_NO_ACCOUNTS)
        attribute_end((__u64)task, call);
}

/* For a column that several programs write: one of them can preempt another. */
static __always_inline void count_atomically(__u32 call)
{
    __sync_fetch_and_add(&calls[this_cpu()].slot[call], 1);
    attribute(call);
}

/* The target functions are set by the daemon before load: a program has no favourite of its own. */
#define COUNT_CALLS(name, call, count)                                                                                 \
    SEC("fentry")                                                                                                      \
    int fentry_##name(void *ctx)                                                                                       \
    {                                                                                                                  \
        count(call);                                                                                                   \
        return 0;                                                                                                      \
    }                                                                                                                  \
    SEC("kprobe")                                                                                                      \
    int kprobe_##name(void *ctx)                                                                                       \
    {                                                                                                                  \
        count(call);                                                                                                   \
        return 0;                                                                                                      \
    }

COUNT_CALLS(open, KTALLY_OPEN, count)
COUNT_CALLS(close, KTALLY_CLOSE, count)
COUNT_CALLS(read, KTALLY_READ, count)
COUNT_CALLS(readv, KTALLY_READV, count)
COUNT_CALLS(write, KTALLY_WRITE, count)
COUNT_CALLS(writev, KTALLY_WRITEV, count)
COUNT_CALLS(unlink, KTALLY_UNLINK, count)
COUNT_CALLS(fsync, KTALLY_FSYNC, count_atomically)
COUNT_CALLS(fdatasync, KTALLY_FSYNC, count_atomically)
COUNT_CALLS(ia32_fsync, KTALLY_FSYNC, count_atomically)
COUNT_CALLS(ia32_fdatasync, KTALLY_FSYNC, count_atomically)

/* All calls at once, for those the daemon put into the syscall table. */
SEC("tp_btf/sys_enter")
int tp_sys_enter(__u64 *ctx)
{
    struct pt_regs *regs = (struct pt_regs *)ctx[0];
    __u8 call = syscall_entry(regs, ctx[1]) & KTALLY_SYSCALL_CALL;

    if (call)
        count((call - 1) & 7); /* those are the system calls: KTALLY_OPEN to KTALLY_FSYNC */
    return 0;
}

/* A file was created if the open that did it says so when it reaches vfs_open(path, file). */
SEC("fentry")
int fentry_create(__u64 *ctx)
{
    struct file *file = (struct file *)ctx[1];

    if (file->f_mode & FMODE_CREATED)
        count(KTALLY_CREATE);
    return 0;
}

SEC("kprobe")
int kprobe_create(struct pt_regs *ctx)
{
    struct file *file = (struct file *)ctx->si;

    if (BPF_CORE_READ(file, f_mode) & FMODE_CREATED)
        count(KTALLY_CREATE);
    return 0;
}

/* Without vfs_open: the descriptor that open(2) is about to return carries the same mark. */
SEC("tp_btf/sys_exit")
int tp_create(__u64 *ctx)
{
    struct pt_regs *regs = (struct pt_regs *)ctx[0];
    long ret = (long)ctx[1];
    struct task_struct *task;
    struct file **slot, *file = 0;

    if (ret < 0 || !(syscall_entry(regs, regs->orig_ax) & KTALLY_SYSCALL_CREATES))
        return 0;
    task = (void *)bpf_get_current_task();
    if ((unsigned long)ret >= BPF_CORE_READ(task, files, fdt, max_fds))
        return 0;
    slot = BPF_CORE_READ(task, files, fdt, fd) + ret;
    if (bpf_probe_read_kernel(&file, sizeof(file), slot) || !file)
        return 0;
    if (BPF_CORE_READ(file, f_mode) & FMODE_CREATED)
        count(KTALLY_CREATE);
    return 0;
}

/* The life of tasks: tracepoints on every backend. Kernel threads are in none of these counters. */

SEC("tp_btf/task_newtask")
int tp_fork(__u64 *ctx)
{
    struct task_struct *task = (struct task_struct *)ctx[0];

    if (!(task->flags & PF_KTHREAD) && !(ctx[1] & CLONE_THREAD))
        count(KTALLY_FORK);
    return 0;
}

SEC("tp_btf/task_newtask")
int tp_thread(__u64 *ctx)
{
    struct task_struct *task = (struct task_struct *)ctx[0];

    if (!(task->flags & PF_KTHREAD) && (ctx[1] & CLONE_THREAD))
        count(KTALLY_THREAD);
    return 0;
}

SEC("tp_btf/sched_process_exec")
int tp_exec(void *ctx)
{
    count(KTALLY_EXEC);
    return 0;
}

SEC("tp_btf/sched_process_exit")
int tp_task_exit(__u64 *ctx)
{
    struct task_struct *task = (struct task_struct *)ctx[0];

    close_account(task);
    if (!(task->flags & PF_KTHREAD))
        count_end(task, KTALLY_TASK_EXIT);
    return 0;
}

/* sched_process_exit(task, group_dead), 6.16 and newer: the kernel says which task was the last one. */
SEC("tp_btf/sched_process_exit")
int tp_exit(__u64 *ctx)
{
    struct task_struct *task = (struct task_struct *)ctx[0];

    if (!(task->flags & PF_KTHREAD) && (ctx[1] & 1)) {
        close_process(task->signal);
        count_end(task, KTALLY_EXIT);
    }
    return 0;
}

/*
 * Before 6.16: signal->live is 0 for the last task, but it may be 0 for others as well, which counted
 * down earlier and were overtaken on their way to the tracepoint. The first to see 0 counts and leaves
 * the group's address for the others; the leader, always the last to be freed, takes it away. A group of
 * one thread needs no note: whoever was overtaken is still among its threads.
 */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 4096);
    __type(key, __u64);
    __type(value, __u8);
} dead_groups SEC(".maps");

SEC("tp_btf/sched_process_exit")
int tp_exit_first(__u64 *ctx)
{
    struct task_struct *task = (struct task_struct *)ctx[0];
    struct signal_struct *signal = task->signal;
    __u64 group = (__u64)signal;
    __u8 mark = 1;

    if ((task->flags & PF_KTHREAD) || signal->live.counter > 0)
        return 0;
    if (signal->nr_threads > 1) {
        /* Cut to an int: before commit d7ba4cc900bf (6.4) it is one, with nothing of use in its upper half. */
        if ((int)bpf_map_update_elem(&dead_groups, &group, &mark, BPF_NOEXIST) == -EEXIST)
            return 0;
    } else if (bpf_map_lookup_elem(&dead_groups, &group)) {
        return 0;
    }
    close_process(signal);
    count_end(task, KTALLY_EXIT);
    return 0;
}

SEC("tp_btf/sched_process_free")
int tp_exit_forget(__u64 *ctx)
{
    struct task_struct *task = (struct task_struct *)ctx[0];
    __u64 group = (__u64)task->signal;

    if (task->pid == task->tgid)
        bpf_map_delete_elem(&dead_groups, &group);
    return 0;
}

/* For accounts: a task whose end was skipped has its own still. */
SEC("tp_btf/sched_process_free")
int tp_close_account(__u64 *ctx)
{
    close_account((struct task_struct *)ctx[0]);
    return 0;
}

/* The leader goes last. A thread that was overtaken by the end of its process may have left something behind. Without
 * accounts no memory is read: lockdown refuses programs that do. */
static __always_inline void released(struct task_struct *task)
{
    count_end(task, KTALLY_RELEASE);
    if (accounts_by() != KTALLY_NO_ACCOUNTS && BPF_CORE_READ(task, pid) == BPF_CORE_READ(task, tgid))
        close_process(BPF_CORE_READ(task, signal));
}

SEC("fentry")
int fentry_release(__u64 *ctx)
{
    struct task_struct *task = (struct task_struct *)ctx[0];

    if (!(task->flags & PF_KTHREAD))
        released(task);
    return 0;
}

SEC("kprobe")
int kprobe_release(struct pt_regs *ctx)
{
    struct task_struct *task = (struct task_struct *)ctx->di;

    if (!(BPF_CORE_READ(task, flags) & PF_KTHREAD))
        released(task);
    return 0;
}

SEC("tp_btf/sched_process_free")
int tp_release(__u64 *ctx)
{
    struct task_struct *task = (struct task_struct *)ctx[0];

    if (!(task->flags & PF_KTHREAD))
        released(task);
    return 0;
}

/* The life of cgroups, for accounts only. */

SEC("tp_btf/cgroup_mkdir")
int tp_cgroup_mkdir(__u64 *ctx)
{
    enter_cgroups(ctx[0]);
    __sync_fetch_and_add(&accounting.changes, 2);
    return 0;
}

/*
 * What a cgroup counted goes on in its parent. Nothing else runs in it any more; who left it earlier and has not yet
 * been seen elsewhere is added to both, later.
 */
SEC("tp_btf/cgroup_rmdir")
int tp_cgroup_rmdir(__u64 *ctx)
{
    struct cgroup *cgroup = (struct cgroup *)ctx[0];
    __u64 id = BPF_CORE_READ(cgroup, kn, id), parent;
    struct ktally_cgroup *entry = bpf_map_lookup_elem(&cgroups, &id), *above;

    if (!entry)
        return 0;
    parent = entry->parent;
    above = bpf_map_lookup_elem(&cgroups, &parent);
    if (!above)
        return 0;
    __sync_fetch_and_add(&accounting.changes, 1);
    entry->gone = 1;
    for (int call = 0; call < KTALLY_CALLS; call++)
        if (entry->calls[call])
            __sync_fetch_and_add(&above->calls[call], entry->calls[call]);
    __sync_fetch_and_add(&accounting.changes, 1);
    return 0;
}

SEC("tp_btf/cgroup_attach_task")
int tp_cgroup_attach(__u64 *ctx)
{
    enter_cgroups(ctx[0]); /* it may have been empty when counting began */
    __sync_fetch_and_add(&accounting.generation, 1);
    return 0;
}
