// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A workload of known size: workload DIRECTORY does what workload.h lists, with files in that directory, and leaves
 * nothing behind. Linked statically, so that starting it opens and reads nothing; built for x86-64 and for i386. Says
 * which call did not do what it was meant to, and exits with 1. workload alone ends at once: it is what it executes.
 */
#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail(#condition, __LINE__);                                                                                \
    } while (0)
#define EXPECT_ERROR(error, call) EXPECT((call) == -1 && errno == (error))

static void fail(const char *what, int line)
{
    dprintf(STDERR_FILENO, "workload.c:%d: not so: %s (errno %d)\n", line, what, errno);
    _exit(1);
}

static char *self;
static char block[BLOCK];
static const struct iovec vector = {block, BLOCK};

static void reap(pid_t child, int expected)
{
    int status;

    EXPECT(child > 0);
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(status == expected);
}

static void execute(void)
{
    execl(self, self, (char *)NULL);
    _exit(127);
}

/* The system calls themselves: the C library has its own idea of which one an open() is. */
static int open_by(int turn, const char *path, int flags)
{
    struct open_how how = {.flags = (unsigned)flags, .mode = flags & O_CREAT ? 0600 : 0};

    switch (turn % 3) {
    case 0:
        return (int)syscall(SYS_open, path, flags, 0600);
    case 1:
        return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0600);
    default:
        return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
    }
}

static int create_by(int turn, const char *path)
{
    return turn % 3 ? open_by(turn, path, O_WRONLY | O_CREAT) : (int)syscall(SYS_creat, path, 0600);
}

static void read_and_write(int file)
{
    for (int i = 0; i < WRITES; i++) {
        EXPECT(lseek(file, 0, SEEK_SET) == 0);
        switch (i % 5) {
        case 0:
            EXPECT(write(file, block, BLOCK) == BLOCK);
            break;
        case 1:
            EXPECT(pwrite(file, block, BLOCK, 0) == BLOCK);
            break;
        case 2:
            EXPECT(writev(file, &vector, 1) == BLOCK);
            break;
        case 3:
            EXPECT(pwritev(file, &vector, 1, 0) == BLOCK);
            break;
        default:
            EXPECT(pwritev2(file, &vector, 1, 0, 0) == BLOCK);
        }
    }
    for (int i = 0; i < READS; i++) {
        EXPECT(lseek(file, 0, SEEK_SET) == 0);
        switch (i % 5) {
        case 0:
            EXPECT(read(file, block, BLOCK) == BLOCK);
            break;
        case 1:
            EXPECT(pread(file, block, BLOCK, 0) == BLOCK);
            break;
        case 2:
            EXPECT(readv(file, &vector, 1) == BLOCK);
            break;
        case 3:
            EXPECT(preadv(file, &vector, 1, 0) == BLOCK);
            break;
        default:
            EXPECT(preadv2(file, &vector, 1, 0, 0) == BLOCK);
        }
    }
    for (int i = 0; i < END_READS; i++)
        EXPECT(pread(file, block, BLOCK, BLOCK) == 0);
    for (int i = 0; i < FSYNCS; i++)
        EXPECT((i % 2 ? fdatasync(file) : fsync(file)) == 0);
}

static void open_and_close(void)
{
    int fd;

    for (int i = 0; i < OPENS; i++) {
        EXPECT((fd = open_by(i, "scratch", i % 9 < 3 ? O_RDWR | O_CREAT : O_RDONLY)) >= 0);
        EXPECT(close(fd) == 0);
    }
    for (int i = 0; i < CREATES; i++) {
        EXPECT((fd = create_by(i, "created")) >= 0);
        EXPECT(close(fd) == 0);
        EXPECT((i % 2 ? unlink("created") : unlinkat(AT_FDCWD, "created", 0)) == 0);
    }
    for (int i = 0; i < RMDIRS; i++) {
        EXPECT(mkdir("directory", 0700) == 0);
        EXPECT(unlinkat(AT_FDCWD, "directory", AT_REMOVEDIR) == 0);
    }
    for (int i = 0; i < ENOENT_OPENS; i++)
        EXPECT_ERROR(ENOENT, open_by(i, "missing", O_RDONLY));
    for (int i = 0; i < ENOTDIR_OPENS; i++)
        EXPECT_ERROR(ENOTDIR, open_by(i, "scratch/below", O_RDONLY));
    for (int i = 0; i < EBADF_CLOSES; i++)
        EXPECT_ERROR(EBADF, close(1 << 20));
}

static void fail_reads_and_writes(void)
{
    int directory, write_only, read_only, full, ends[2];

    EXPECT((directory = open_by(0, ".", O_RDONLY | O_DIRECTORY)) >= 0);
    EXPECT((write_only = open_by(0, "scratch", O_WRONLY)) >= 0);
    EXPECT((read_only = open_by(0, "scratch", O_RDONLY)) >= 0);
    EXPECT((full = open_by(0, "/dev/full", O_WRONLY)) >= 0);
    EXPECT(pipe2(ends, O_NONBLOCK) == 0);
    for (int i = 0; i < EISDIR_READS; i++)
        EXPECT_ERROR(EISDIR, i % 2 ? readv(directory, &vector, 1) : read(directory, block, BLOCK));
    for (int i = 0; i < EBADF_READS; i++)
        EXPECT_ERROR(EBADF, read(write_only, block, BLOCK));
    for (int i = 0; i < EAGAIN_READS; i++)
        EXPECT_ERROR(EAGAIN, read(ends[0], block, BLOCK));
    for (int i = 0; i < EBADF_WRITES; i++)
        EXPECT_ERROR(EBADF, i % 2 ? writev(read_only, &vector, 1) : write(read_only, block, BLOCK));
    for (int i = 0; i < ENOSPC_WRITES; i++)
        EXPECT_ERROR(ENOSPC, i % 2 ? writev(full, &vector, 1) : write(full, block, BLOCK));
    for (int i = 0; i < EBADF_FSYNCS; i++)
        EXPECT_ERROR(EBADF, i % 2 ? fsync(-1) : fdatasync(-1));
    for (int i = 0; i < EINVAL_FSYNCS; i++)
        EXPECT_ERROR(EINVAL, i % 2 ? fsync(ends[0]) : fdatasync(ends[0]));
    for (int i = 0; i < EARLY_READS; i++)
        EXPECT_ERROR(EBADF, i % 2 ? readv(-1, &vector, 1) : read(-1, block, BLOCK));
    for (int i = 0; i < EARLY_WRITES; i++)
        EXPECT_ERROR(EBADF, i % 2 ? writev(-1, &vector, 1) : write(-1, block, BLOCK));
    EXPECT(close(ends[0]) == 0);
    for (int i = 0; i < EPIPE_WRITES; i++)
        EXPECT_ERROR(EPIPE, write(ends[1], block, BLOCK));
    EXPECT(close(ends[1]) == 0);
    EXPECT(close(full) == 0 && close(read_only) == 0 && close(write_only) == 0 && close(directory) == 0);
}

static void fail_unlinks(void)
{
    EXPECT(mkdir("directory", 0700) == 0);
    for (int i = 0; i < EISDIR_UNLINKS; i++)
        EXPECT_ERROR(EISDIR, i % 2 ? unlink("directory") : unlinkat(AT_FDCWD, "directory", 0));
    EXPECT(rmdir("directory") == 0);
    for (int i = 0; i < EARLY_UNLINKS; i++)
        EXPECT_ERROR(ENOENT, i % 2 ? unlink("missing") : unlinkat(AT_FDCWD, "missing", 0));
}

static void *end_at_once(void *unused)
{
    return unused;
}

static void *wait_forever(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static void *end_after(void *thread)
{
    pthread_join(*(pthread_t *)thread, NULL);
    syscall(SYS_exit, 0);
    return NULL;
}

static void *execute_in_thread(void *unused)
{
    execute();
    return unused;
}

static pthread_t start_thread(void *(*body)(void *), void *argument)
{
    pthread_t thread;

    EXPECT(pthread_create(&thread, NULL, body, argument) == 0);
    return thread;
}

static void start_processes(void)
{
    pid_t child;

    for (int i = 0; i < FORKS; i++) {
        if ((child = fork()) == 0)
            _exit(0);
        reap(child, 0);
    }
    for (int i = 0; i < EXECS; i++) {
        if ((child = fork()) == 0)
            execute();
        reap(child, 0);
    }
    for (int i = 0; i < VFORKS; i++) {
        if ((child = vfork()) == 0)
            execute();
        reap(child, 0);
    }
    for (int i = 0; i < KILLS; i++) {
        if ((child = fork()) == 0)
            wait_forever(NULL);
        EXPECT(kill(child, SIGKILL) == 0);
        reap(child, SIGKILL);
    }
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < UNREAPED; i++) {
        EXPECT((child = fork()) >= 0);
        if (child == 0)
            _exit(0);
        EXPECT_ERROR(ECHILD, waitpid(child, NULL, 0));
    }
    signal(SIGCHLD, SIG_DFL);
    for (int i = 0; i < EINVAL_CLONES; i++)
        EXPECT_ERROR(EINVAL, syscall(SYS_clone, CLONE_THREAD | SIGCHLD, NULL, NULL, NULL, NULL));
    for (int i = 0; i < EARLY_CLONES; i++)
        EXPECT_ERROR(EINVAL, syscall(SYS_clone3, NULL, 0));
}

static void start_threads(void)
{
    pthread_t first;
    pid_t child;

    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_join(start_thread(end_at_once, NULL), NULL) == 0);
    for (int i = 0; i < LEADERS_FIRST; i++) {
        if ((child = fork()) == 0) {
            first = pthread_self();
            start_thread(end_after, &first);
            syscall(SYS_exit, 0); /* this thread alone */
        }
        reap(child, 0);
    }
    for (int i = 0; i < GROUP_EXITS; i++) {
        if ((child = fork()) == 0) {
            for (int thread = 0; thread < GROUP_THREADS; thread++)
                start_thread(wait_forever, NULL);
            _exit(0); /* all threads */
        }
        reap(child, 0);
    }
    for (int i = 0; i < THREAD_EXECS; i++) {
        if ((child = fork()) == 0) {
            start_thread(execute_in_thread, NULL);
            wait_forever(NULL);
        }
        reap(child, 0);
    }
}

int main(int argc, char **argv)
{
    int file;

    if (argc < 2)
        return 0;
    self = argv[0];
    signal(SIGPIPE, SIG_IGN);
    EXPECT(chdir(argv[1]) == 0);
    EXPECT((file = open_by(0, "scratch", O_RDWR | O_CREAT | O_EXCL)) >= 0);
    read_and_write(file);
    open_and_close();
    fail_reads_and_writes();
    fail_unlinks();
    start_processes();
    start_threads();
    EXPECT(close(file) == 0);
    EXPECT(unlink("scratch") == 0);
    return 0;
}
