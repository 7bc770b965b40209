/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who did it: each task counts what it does in an account of its own, and what it counted is added to its cgroup's when
 * it ends, or when its next call finds it in another cgroup.
 *
 * An account is task local storage, which nobody else looks up, which needs no atomics, and which the kernel frees with
 * the task; where tracing programs have none (before 5.13), a hash by task does. Whether a task has moved is not asked
 * at each call: tracepoint cgroup_attach_task, which comes before whoever moves it learns that it has, begins a new
 * generation, and in a new generation each task looks once.
 */
#ifndef KTALLY_ACCOUNTS_BPF_H
#define KTALLY_ACCOUNTS_BPF_H

#include "core_types.h"

#include <linux/bpf.h>

#include "abi.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* Created and shared by the daemon; daemon/kernel/account_maps.cpp has their sizes for kernels
 * that want memory set aside. */
struct {
    __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct ktally_account);
} accounts SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 16384);
    __type(key, __u64); /* address of the task_struct: a tid changes when a thread executes a program */
    __type(value, struct ktally_account);
} accounts_by_task SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 4096);
    __type(key, __u64); /* id */
    __type(value, struct ktally_cgroup);
} cgroups SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 4096);
    __type(key, __u64); /* address of the signal_struct, which is the process's as long as there is one */
    __type(value, struct ktally_ended);
} ended_threads SEC(".maps");

/* Levels that are entered at once: more than anybody has above a cgroup when counting begins. Later each is entered
 * when it is made, however deep. */
#define CGROUP_DEPTH 16

/* enum ktally_accounts. Only in what is inlined into a program: functions of their own come to it too late for that. */
static __always_inline __u64 accounts_by(void)
{
    __u64 how;

    asm volatile("%0 = %1" : "=r"(how) : "i"(KTALLY_ACCOUNTS_MARK));
    return how;
}

static const struct ktally_account empty_account;
static const struct ktally_cgroup empty_cgroup;
static const struct ktally_ended empty_ended;

/* The account of a task, if it has one. Storage takes a task whose type the verifier knows. */
static __always_inline struct ktally_account *find_account(__u64 how, struct task_struct *task)
{
    __u64 address = (__u64)task;

    if (how == KTALLY_TASK_STORAGE)
        return bpf_task_storage_get(&accounts, task, 0, 0);
    return bpf_map_lookup_elem(&accounts_by_task, &address);
}

static __always_inline struct cgroup *cgroup_of(struct task_struct *task)
{
    return BPF_CORE_READ(task, cgroups, dfl_cgrp);
}

static __always_inline struct cgroup *parent_of(struct cgroup *cgroup)
{
    return (struct cgroup *)BPF_CORE_READ(cgroup, self.parent);
}

/* Makes entries for a cgroup and those above it that have none, one of which may be missing between others: the kernel
 * has few elements in store for the first to come (bpf_mem_alloc) and may refuse the second. The parent's id goes last:
 * without it an entry is not complete. */
static __noinline int enter_cgroups(__u64 address)
{
    struct cgroup *cgroup = (struct cgroup *)address;

    for (int depth = 0; cgroup && depth < CGROUP_DEPTH; depth++) {
        struct kernfs_node *node = BPF_CORE_READ(cgroup, kn);
        struct cgroup *parent = parent_of(cgroup);
        __u64 id = BPF_CORE_READ(node, id);
        struct ktally_cgroup *entry;

        cgroup = parent;
        if (bpf_map_update_elem(&cgroups, &id, &empty_cgroup, BPF_NOEXIST))
            continue; /* it is there, or there is no room */
        entry = bpf_map_lookup_elem(&cgroups, &id);
        if (!entry)
            continue;
        bpf_probe_read_kernel_str(entry->name, sizeof(entry->name), BPF_CORE_READ(node, name));
        if (parent)
            entry->parent = BPF_CORE_READ(parent, kn, id);
    }
    return 0;
}

#endif
