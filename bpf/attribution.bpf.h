/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counts a call for whoever makes it: in the account of the task, or, when that ends, in the entry of its cgroup.
 */
#ifndef KTALLY_ATTRIBUTION_BPF_H
#define KTALLY_ATTRIBUTION_BPF_H

#include "accounts.bpf.h"

struct ktally_accounting accounting;

static __always_inline void unattributed(__u64 times)
{
    __sync_fetch_and_add(&accounting.unattributed, times);
}

/* Removed cgroups one above the other, for the last of which somebody counted who has made no call since. */
#define GONE_DEPTH 8

/* Adds what an account has to the entry of its cgroup, and of those above if it is removed, and empties it. */
static __noinline int fold(struct ktally_account *account)
{
    __u64 id, gone = 1, sum = 0;

    if (!account)
        return 0;
    id = account->cgroup;
    for (int depth = 0; gone && depth < GONE_DEPTH; depth++) {
        struct ktally_cgroup *entry = bpf_map_lookup_elem(&cgroups, &id);

        if (!entry)
            break;
        gone = entry->gone;
        for (int call = 0; call < KTALLY_TASK_CALLS; call++)
            __sync_fetch_and_add(&entry->calls[call], account->calls[call]);
        id = entry->parent;
    }
    for (int call = 0; call < KTALLY_TASK_CALLS; call++) {
        sum += account->calls[call];
        account->calls[call] = 0;
    }
    if (gone)
        unattributed(sum);
    return 0;
}

/* Keeps what an account has, which is about to be emptied, for its process. */
static __noinline int keep_for_process(struct ktally_account *account, __u64 group)
{
    struct ktally_ended *ended;
    __u64 sum = 0;

    if (!account)
        return 0;
    for (int call = 0; call < KTALLY_TASK_CALLS; call++)
        sum += account->calls[call];
    if (!sum)
        return 0;
    bpf_map_update_elem(&ended_threads, &group, &empty_ended, BPF_NOEXIST);
    ended = bpf_map_lookup_elem(&ended_threads, &group);
    if (!ended) {
        unattributed(sum);
        return 0;
    }
    for (int call = 0; call < KTALLY_TASK_CALLS; call++)
        if (account->calls[call])
            __sync_fetch_and_add(&ended->calls[call], account->calls[call]);
    return 0;
}

/* Has an account count for the cgroup that its task is in now. */
static __always_inline void settle(struct ktally_account *account, struct task_struct *task)
{
    __u32 generation = *(volatile __u32 *)&accounting.generation; /* before the cgroup: a later move is a later one */
    struct cgroup *cgroup = cgroup_of(task);
    __u64 id = BPF_CORE_READ(cgroup, kn, id);

    if (account->cgroup != id) {
        if (account->cgroup) {
            keep_for_process(account, (__u64)BPF_CORE_READ(task, signal));
            fold(account);
        }
        account->cgroup = id;
    }
    account->generation = generation;
}

static __always_inline struct ktally_account *account_by_task(__u64 task)
{
    struct ktally_account *account = bpf_map_lookup_elem(&accounts_by_task, &task);

    if (account)
        return account;
    bpf_map_update_elem(&accounts_by_task, &task, &empty_account, BPF_NOEXIST);
    return bpf_map_lookup_elem(&accounts_by_task, &task);
}

static __noinline int unsettled(struct ktally_account *account, __u64 task)
{
    if (account)
        settle(account, (struct task_struct *)task);
    return 0;
}

/* Counts a call for the current task, who makes it. */
static __noinline int attribute_anyhow(__u32 call, __u64 how)
{
    struct ktally_account *account;

    if (how == KTALLY_TASK_STORAGE)
        account = bpf_task_storage_get(&accounts, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
    else
        account = account_by_task(bpf_get_current_task());
    if (!account) {
        unattributed(1);
        return 0;
    }
    if (!account->cgroup || account->generation != accounting.generation)
        settle(account, (struct task_struct *)bpf_get_current_task());
    account->calls[call]++;
    return 0;
}

/* The same, in line for what most calls find: task storage, in this generation. No register is kept over the look-up,
 * to save and restore one costs two instructions. */
static __always_inline void attribute(__u32 call)
{
    __u64 how = accounts_by();
    struct ktally_account *account;

    if (how == KTALLY_NO_ACCOUNTS)
        return;
    if (how == KTALLY_TASK_STORAGE) {
        account = bpf_task_storage_get(&accounts, bpf_get_current_task_btf(), 0, 0);
        if (account && account->generation == accounting.generation) {
            account->calls[call]++;
            return;
        }
    }
    attribute_anyhow(call, accounts_by()); /* asked again: else it is kept */
}

/* Counts the end of a task, which makes no calls any more, for its cgroup. */
static __noinline int attribute_end(__u64 task, __u32 call)
{
    __u64 id = BPF_CORE_READ((struct task_struct *)task, cgroups, dfl_cgrp, kn, id), gone = 1;

    for (int depth = 0; gone && depth < GONE_DEPTH; depth++) {
        struct ktally_cgroup *entry = bpf_map_lookup_elem(&cgroups, &id);

        if (!entry)
            break;
        gone = entry->gone;
        __sync_fetch_and_add(&entry->calls[call & (KTALLY_CALL_SLOTS - 1)], 1);
        id = entry->parent;
    }
    if (gone)
        unattributed(1);
    return 0;
}

/* A task ends: so does its account. A zombie has none. */
static __always_inline void close_account(struct task_struct *task)
{
    __u64 how = accounts_by();
    struct signal_struct *signal = task->signal;
    struct ktally_account *account;
    __u64 address = (__u64)task;

    if (how == KTALLY_NO_ACCOUNTS)
        return;
    account = find_account(how, task);
    if (!account)
        return;
    if (account->generation != accounting.generation)
        unsettled(account, (__u64)task);
    if (signal->live.counter > 0)
        keep_for_process(account, (__u64)signal);
    fold(account);
    if (how == KTALLY_TASK_STORAGE)
        bpf_task_storage_delete(&accounts, task);
    else
        bpf_map_delete_elem(&accounts_by_task, &address);
}

/* A process ends: nobody counts for it any more. */
static __always_inline void close_process(struct signal_struct *signal)
{
    __u64 group = (__u64)signal;

    if (accounts_by() != KTALLY_NO_ACCOUNTS)
        bpf_map_delete_elem(&ended_threads, &group);
}

#endif
