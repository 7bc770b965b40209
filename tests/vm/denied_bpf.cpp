// SPDX-License-Identifier: LGPL-2.1-or-later
#include "denied_bpf.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>

namespace ktally::test {
namespace {

// Sends each bpf(2) to whoever holds the descriptor that this returns, or -1.
int ask_about_bpf()
{
    std::array<sock_filter, 4> program{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog filter{program.size(), program.data()};
    return static_cast<int>(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter));
}

bool is_denied(const seccomp_notif &asked, const DeniedBpf &denied)
{
    bpf_attr attributes{};
    iovec here{&attributes, sizeof attributes};
    iovec there{reinterpret_cast<void *>(asked.data.args[1]), // NOLINT: an address of the other process
                std::min<std::size_t>(asked.data.args[2], sizeof attributes)};
    if (asked.data.args[0] != BPF_PROG_LOAD ||
        process_vm_readv(static_cast<pid_t>(asked.pid), &here, 1, &there, 1, 0) < 0)
        return false;
    return attributes.prog_type == denied.type &&
           (denied.attach_types.empty() || denied.attach_types.contains(attributes.expected_attach_type));
}

[[noreturn]] void answer(int listener, const DeniedBpf &denied)
{
    for (;;) {
        seccomp_notif asked{};
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0)
            continue;
        seccomp_notif_resp response{asked.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE};
        if (is_denied(asked, denied))
            response = {asked.id, 0, -EPERM, 0};
        ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
    }
}

} // namespace

void deny_bpf(const DeniedBpf &denied)
{
    const int listener = ask_about_bpf();
    const pid_t answering = listener < 0 ? -1 : fork();
    if (answering < 0)
        _exit(126);
    if (answering == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        answer(listener, denied);
    }
    close(listener);
}

} // namespace ktally::test
