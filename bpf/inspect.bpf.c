// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * inspect: looks at all tasks when it is asked to: what they counted and have not yet added to their cgroup, and which
 * processes there are, with their descriptors and their state. Counts nothing. The accounts are entry's own maps.
 */
#include "accounts.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* processes() writes zombies, and others that have so many. Set by the daemon before it reads. */
__u32 min_descriptors;

/* The pid of a process in the namespace of who reads, which is the current task; 0 if it has none there. */
static __always_inline __u32 pid_here(struct task_struct *task)
{
    struct task_struct *reader = (struct task_struct *)bpf_get_current_task();
    struct pid *readers = BPF_CORE_READ(reader, thread_pid);
    struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
    __u32 level = BPF_CORE_READ(readers, level);
    struct upid here = {}, reader_here = {};

    if (BPF_CORE_READ(pid, level) < level)
        return 0;
    bpf_probe_read_kernel(&here, sizeof(here), &pid->numbers[0] + level);
    bpf_probe_read_kernel(&reader_here, sizeof(reader_here), &readers->numbers[0] + level);
    return here.ns == reader_here.ns ? here.nr : 0;
}

/* Makes entries for the cgroups that were there before counting began. */
SEC("iter/task")
int enter_all(struct bpf_iter__task *ctx)
{
    struct task_struct *task = ctx->task;

    if (task)
        enter_cgroups((__u64)cgroup_of(task));
    return 0;
}

SEC("iter/task")
int task_accounts(struct bpf_iter__task *ctx)
{
    struct task_struct *task = ctx->task;
    struct ktally_account *account;
    struct ktally_task found = {};
    __u64 how = accounts_by(), sum = 0;

    if (!task || how == KTALLY_NO_ACCOUNTS)
        return 0;
    account = find_account(how, task);
    if (!account)
        return 0;
    found.pid = pid_here(task);
    found.cgroup = account->cgroup;
    for (int call = 0; call < KTALLY_TASK_CALLS; call++) {
        found.calls[call] = account->calls[call];
        sum += found.calls[call];
    }
    if (sum)
        bpf_seq_write(ctx->meta->seq, &found, sizeof(found));
    return 0;
}

/* What processes counted that none of their tasks has. */
SEC("iter/task")
int process_accounts(struct bpf_iter__task *ctx)
{
    struct task_struct *task = ctx->task;
    struct ktally_ended *ended;
    struct ktally_task found = {};
    __u64 group;

    if (!task || task->pid != task->tgid)
        return 0;
    group = (__u64)task->signal;
    ended = bpf_map_lookup_elem(&ended_threads, &group);
    if (!ended)
        return 0;
    found.pid = pid_here(task);
    for (int call = 0; call < KTALLY_TASK_CALLS; call++)
        found.calls[call] = ended->calls[call];
    bpf_seq_write(ctx->meta->seq, &found, sizeof(found));
    return 0;
}

static __always_inline __u32 bits(__u64 word)
{
    word -= (word >> 1) & 0x5555555555555555;
    word = (word & 0x3333333333333333) + ((word >> 2) & 0x3333333333333333);
    word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
    return (word * 0x0101010101010101) >> 56;
}

#define WORDS 16
#define CHUNK (WORDS * sizeof(__u64)) /* bytes of a table's bitmap that are read at once: 1024 descriptors */

/* A table's bitmap of open descriptors, and how far it is counted. */
struct bitmap {
    char *next;
    __u32 left; /* bytes; tables are whole words */
    __u32 count;
};

static __always_inline __u32 bits_of(const __u64 *words)
{
    __u32 count = 0;

    for (int word = 0; word < WORDS; word++)
        count += bits(words[word]);
    return count;
}

/* Returns 1 when there is no whole chunk any more. */
static long count_chunk(__u32 unused, struct bitmap *bitmap)
{
    __u64 words[WORDS] = {};

    if (bitmap->left < CHUNK || bpf_probe_read_kernel(words, CHUNK, bitmap->next))
        return 1;
    bitmap->count += bits_of(words);
    bitmap->next += CHUNK;
    bitmap->left -= CHUNK;
    return 0;
}

/* fs.nr_open allows 1,048,576 in a table if nobody changed it, and 2,147,483,584 at most. Before bpf_loop() (5.17) the
 * verifier follows each turn, and has patience for so many. */
#define MOST_CHUNKS (2147483584 / (CHUNK * 8) + 1)
#define MOST_CHUNKS_WITHOUT_LOOP 256

static __always_inline __u32 open_descriptors(struct files_struct *files, _Bool with_loop)
{
    struct fdtable *table = BPF_CORE_READ(files, fdt);
    struct bitmap bitmap = {(char *)BPF_CORE_READ(table, open_fds), BPF_CORE_READ(table, max_fds) / 8, 0};
    __u64 words[WORDS] = {};
    __u32 size;

    if (with_loop)
        bpf_loop(MOST_CHUNKS, count_chunk, &bitmap, 0);
    else
        for (int chunk = 0; chunk < MOST_CHUNKS_WITHOUT_LOOP; chunk++)
            if (count_chunk(0, &bitmap))
                break;
    if (bitmap.left >= CHUNK)
        return ~0u;
    size = bitmap.left;
    barrier_var(size);
    size &= CHUNK - 1; /* the verifier of 5.10 follows masks, but not comparisons */
    bpf_probe_read_kernel(words, size, bitmap.next);
    return bitmap.count + bits_of(words);
}

static __always_inline int write_process(struct bpf_iter__task *ctx, _Bool with_loop)
{
    struct task_struct *task = ctx->task, *leader, *parent;
    struct signal_struct *signal;
    struct files_struct *files;
    struct ktally_process found = {};

    if (!task || (task->flags & PF_KTHREAD))
        return 0;
    found.is_leader = task->pid == task->tgid;
    signal = task->signal;
    files = task->files;
    if (found.is_leader) {
        found.zombie = (task->exit_state & EXIT_ZOMBIE) && signal->live.counter == 0;
    } else {
        /* A thread has its own descriptors if it has left its leader's, or its leader has ended. */
        leader = task->group_leader;
        if (min_descriptors == KTALLY_ZOMBIES_ONLY || !files || files == leader->files)
            return 0;
    }
    if (files && min_descriptors != KTALLY_ZOMBIES_ONLY) {
        found.descriptors = open_descriptors(files, with_loop);
        found.descriptor_table = (__u64)files;
    }
    if (!found.zombie && found.descriptors < min_descriptors)
        return 0;
    found.pid = pid_here(task);
    parent = task->real_parent;
    found.parent = pid_here(parent);
    found.uid = task->real_cred->uid.val;
    found.cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
    found.start_nsec = task->start_boottime;
    found.wait_status = signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code : task->exit_code;
    found.descriptor_limit = BPF_CORE_READ(signal, rlim[RLIMIT_NOFILE].rlim_cur);
    bpf_probe_read_kernel_str(found.name, sizeof(found.name), task->comm);
    bpf_probe_read_kernel_str(found.parent_name, sizeof(found.parent_name), parent->comm);
    bpf_seq_write(ctx->meta->seq, &found, sizeof(found));
    return 0;
}

SEC("iter/task")
int processes(struct bpf_iter__task *ctx)
{
    return write_process(ctx, 1);
}

/* For kernels that refuse that one. */
SEC("iter/task")
int processes_without_loop(struct bpf_iter__task *ctx)
{
    return write_process(ctx, 0);
}
