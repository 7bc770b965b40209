/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the workload does, and how often. The program (workload.c) and what it is worth in each counter (worth.cpp) both
 * come from these numbers.
 */
#ifndef KTALLY_TESTS_WORKLOAD_H
#define KTALLY_TESTS_WORKLOAD_H

enum ktally_workload {
    BLOCK = 4096,

    /* With a file of one block */
    READS = 1000,    /* read, pread64, readv, preadv, preadv2 in turn, a block each */
    END_READS = 10,  /* at the end of the file: no byte */
    WRITES = 1000,   /* write, pwrite64, writev, pwritev, pwritev2 in turn, a block each */
    FSYNCS = 20,     /* fsync and fdatasync in turn */
    OPENS = 300,     /* open, openat, openat2 in turn, O_CREAT for a third of them, of a file that exists; closed */
    CREATES = 100,   /* creat, openat, openat2 in turn; closed and unlinked, by unlink and unlinkat in turn */
    RMDIRS = 5,      /* unlinkat with AT_REMOVEDIR: no unlink */
    FILES = 5,       /* opened and closed to do all this: the file, which is created and unlinked, twice more, a directory, */
                     /* /dev/full */
    PIPE_ENDS = 2,   /* closed */

    /* Calls that fail in the virtual file system */
    ENOENT_OPENS = 70,
    ENOTDIR_OPENS = 30,
    EBADF_CLOSES = 40,
    EISDIR_READS = 15,   /* of a directory: read and readv in turn */
    EBADF_READS = 5,     /* of a file opened for writing */
    EAGAIN_READS = 9,    /* of an empty pipe */
    EBADF_WRITES = 8,    /* to a file opened for reading: write and writev in turn */
    ENOSPC_WRITES = 12,  /* to /dev/full: write and writev in turn */
    EPIPE_WRITES = 3,    /* to a pipe without a reader */
    EISDIR_UNLINKS = 6,  /* of a directory */
    EBADF_FSYNCS = 5,
    EINVAL_FSYNCS = 3,   /* of a pipe */
    EINVAL_CLONES = 7,   /* CLONE_THREAD without CLONE_SIGHAND */

    /* Calls that fail before they come so far: seen by those who watch system calls */
    EARLY_READS = 6,     /* EBADF, read and readv in turn */
    EARLY_WRITES = 4,    /* EBADF, write and writev in turn */
    EARLY_UNLINKS = 12,  /* ENOENT */
    EARLY_CLONES = 3,    /* EINVAL, clone3 without arguments */

    /* Processes, each reaped, and threads */
    FORKS = 50,          /* a child that exits at once */
    THREADS = 20,        /* a thread that ends at once, joined */
    EXECS = 10,          /* a child that executes a program */
    VFORKS = 5,          /* the same with vfork */
    KILLS = 5,           /* a child that a signal ends */
    UNREAPED = 5,        /* a child that the kernel reaps, SIGCHLD being ignored */
    LEADERS_FIRST = 5,   /* a child whose first thread ends before its second */
    GROUP_EXITS = 5,     /* a child with GROUP_THREADS more threads that all end at once */
    GROUP_THREADS = 3,
    THREAD_EXECS = 5,    /* a child whose second thread executes a program, which ends the first */
};

#endif
