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

struct rlimit {
    unsigned long rlim_cur;
};

struct pid_namespace;

struct upid {
    int nr;
    struct pid_namespace *ns;
};

struct pid {
    unsigned int level;
    struct upid numbers[1]; /* one for each namespace, from the first down to `level` */
};

struct signal_struct {
    atomic_t live; /* threads of the group that have not begun to exit */
    int nr_threads; /* threads not yet released */
    int group_exit_code;
    unsigned int flags;
    struct rlimit rlim[16]; /* RLIM_NLIMITS */
};

struct file {
    unsigned int f_mode;
};

struct fdtable {
    unsigned int max_fds;
    struct file **fd;
    unsigned long *open_fds; /* a bit each */
};

struct files_struct {
    struct fdtable *fdt;
};

struct thread_info {
    __u32 status;
};

struct kernfs_node {
    __u64 id;
    const char *name;
};

struct cgroup_subsys_state {
    struct cgroup_subsys_state *parent;
    unsigned int flags;
};

struct cgroup {
    struct cgroup_subsys_state self; /* the first member, by whose parent one climbs */
    struct kernfs_node *kn;
};

struct css_set {
    struct cgroup *dfl_cgrp; /* in the unified hierarchy */
};

typedef struct {
    __u32 val;
} kuid_t;

struct cred {
    kuid_t uid;
};

struct task_struct {
    struct thread_info thread_info;
    unsigned int flags;
    int exit_state;
    int exit_code;
    int pid;
    int tgid;
    __u64 start_boottime;
    struct task_struct *real_parent;
    struct task_struct *group_leader;
    struct pid *thread_pid;
    const struct cred *real_cred;
    char comm[16];
    struct signal_struct *signal;
    struct files_struct *files;
    struct css_set *cgroups;
};

struct bpf_iter_meta {
    struct seq_file *seq;
};

struct bpf_iter__task {
    struct bpf_iter_meta *meta;
    struct task_struct *task;
};

/* Only asked whether the running kernel has it (5.11 and newer). */
enum bpf_func_id___core { BPF_FUNC_get_current_task_btf___core = 0xffff };

#pragma clang attribute pop

#define PF_KTHREAD 0x00200000u     /* include/linux/sched.h */
#define EXIT_ZOMBIE 0x00000020     /* include/linux/sched.h */
#define SIGNAL_GROUP_EXIT 0x04u    /* include/linux/sched/signal.h */
#define RLIMIT_NOFILE 7
#define CSS_ONLINE 0x02u           /* include/linux/cgroup-defs.h */
#define CLONE_THREAD 0x00010000ul  /* include/uapi/linux/sched.h */
#define FMODE_CREATED 0x00100000u  /* include/linux/fs.h, since 4.19 */
#define TS_COMPAT 0x0002u          /* arch/x86/include/asm/thread_info.h: in an ia32 syscall */
#define X32_SYSCALL_BIT 0x40000000u
#define AT_REMOVEDIR 0x200u

#endif
