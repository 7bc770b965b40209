// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PID 1 of the guest: mounts what the daemon and its tests look at, runs the command that the kernel's command line
 * names behind "--", hands its exit status and its result file to the host over the serial ports, and ends the machine.
 * While the command runs it does nothing, and nothing else runs: what is counted is the command's.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* ttyS0 is the kernel's console. */
#define OUTPUT "/dev/ttyS1"
#define VERDICT "/dev/ttyS2"
#define RESULT "/tmp/result.xml"

static int serial(const char *path)
{
    int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios settings;

    if (fd < 0 || tcgetattr(fd, &settings))
        return -1;
    cfmakeraw(&settings);
    tcsetattr(fd, TCSANOW, &settings);
    return fd;
}

static void copy(const char *path, int to)
{
    char block[4096];
    int from = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size;

    while (from >= 0 && (size = read(from, block, sizeof block)) > 0)
        if (write(to, block, size) != size)
            break;
}

static int run(char **command)
{
    int status = 0, out = serial(OUTPUT);
    pid_t child = fork();

    if (child == 0) {
        dup2(open("/dev/null", O_RDONLY), 0);
        dup2(out, 1);
        dup2(out, 2);
        execv(command[0], command);
        perror(command[0]);
        _exit(127);
    }
    while (wait(&status) != child)
        ;
    tcdrain(out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    int verdict, status;

    (void)argc;
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sys", "/sys", "sysfs", 0, NULL);
    mount("dev", "/dev", "devtmpfs", 0, NULL);
    mount("cgroup", "/sys/fs/cgroup", "cgroup2", 0, NULL);
    mount("security", "/sys/kernel/security", "securityfs", 0, NULL);
    mount("tmp", "/tmp", "tmpfs", 0, "mode=1777");
    setenv("PATH", "/usr/bin", 1);
    setenv("KTALLY_PATIENCE", "4", 1); /* an emulated CPU that other guests use too takes its time */
    setenv("GTEST_OUTPUT", "xml:" RESULT, 1);
    verdict = serial(VERDICT);
    status = run(argv + 1);
    copy(RESULT, verdict);
    dprintf(verdict, "\nexit status %d\n", status);
    tcdrain(verdict);
    reboot(RB_AUTOBOOT); /* QEMU's -no-reboot makes it the end */
    return 1;
}
