// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/kernel_accounts.hpp"

#include "inspect.skel.h"

#include <bpf/bpf.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <set>
#include <system_error>
#include <utility>

namespace ktally {
namespace {

[[noreturn]] void fail(const char *what, int error = errno)
{
    throw std::system_error{error, std::generic_category(), what};
}

Fd attach(const bpf_program *iterator)
{
    Fd link{bpf_link_create(bpf_program__fd(iterator), 0, BPF_TRACE_ITER, nullptr)};
    if (!link)
        fail("attaching a BPF iterator");
    return link;
}

// Has an iterator program look at all tasks, and hands over each record that it writes.
template <typename Record, typename Use> void iterate(const Fd &link, Use use)
{
    const Fd iterator{bpf_iter_create(link.get())};
    if (!iterator)
        fail("creating a BPF iterator");
    std::array<char, 32768> buffer; // as much as the kernel gathers
    std::size_t filled = 0;
    for (;;) {
        const ssize_t got = read(iterator.get(), buffer.data() + filled, buffer.size() - filled);
        if (got < 0 && errno != EINTR && errno != EAGAIN)
            fail("reading a BPF iterator");
        if (got == 0)
            break;
        filled += got > 0 ? static_cast<std::size_t>(got) : 0;
        std::size_t used = 0;
        for (; filled - used >= sizeof(Record); used += sizeof(Record)) {
            Record record;
            std::memcpy(&record, buffer.data() + used, sizeof record);
            use(record);
        }
        std::memmove(buffer.data(), buffer.data() + used, filled - used);
        filled -= used;
    }
}

// All of a hash, by key. Elements that come or go meanwhile may be there or not.
template <typename Value, typename Use> void read_hash(int map, Use use)
{
    constexpr std::size_t at_once = 256;
    std::vector<std::uint64_t> keys(at_once);
    std::vector<Value> values(at_once);
    std::uint32_t position = 0, count = 0;
    int result = 0;
    bool first = true;
    do {
        count = static_cast<std::uint32_t>(keys.size());
        result = bpf_map_lookup_batch(map, first ? nullptr : &position, &position, keys.data(), values.data(), &count,
                                      nullptr);
        if (result != 0 && errno == ENOSPC && count == 0) { // one bucket has more
            keys.resize(keys.size() * 2);
            values.resize(values.size() * 2);
            continue;
        }
        if (result != 0 && errno != ENOENT && errno != ENOSPC)
            fail("reading a BPF map");
        for (std::uint32_t index = 0; index < count; ++index)
            use(keys[index], values[index]);
        first = false;
    } while (result == 0 || errno == ENOSPC);
}

Calls calls_of(const __u64 (&counted)[KTALLY_TASK_CALLS])
{
    Calls calls{};
    std::ranges::copy(counted, calls.begin());
    return calls;
}

Process process_of(const ktally_process &record)
{
    const auto text = [](const char(&name)[KTALLY_COMM]) { return std::string{name, strnlen(name, sizeof name)}; };
    return {record.pid,
            record.parent,
            record.uid,
            record.cgroup,
            std::chrono::nanoseconds{record.start_nsec},
            record.zombie != 0,
            record.wait_status,
            record.descriptors,
            record.descriptor_limit,
            record.descriptor_table,
            text(record.name),
            text(record.parent_name)};
}

// Adds the tables of threads that do not have their leader's: because they left it, or it has ended before them.
void add_tables(std::vector<Process> &processes, const std::vector<ktally_process> &threads)
{
    if (threads.empty())
        return;
    std::map<std::uint32_t, std::size_t> index;
    std::set<std::pair<std::uint32_t, std::uint64_t>> seen;
    for (std::size_t each = 0; each < processes.size(); ++each)
        index.emplace(processes[each].pid, each);
    for (const ktally_process &thread : threads) {
        if (!seen.emplace(thread.pid, thread.descriptor_table).second)
            continue;
        const auto [found, added] = index.emplace(thread.pid, processes.size());
        if (added) {
            processes.push_back(process_of(thread));
            continue;
        }
        Process &process = processes[found->second];
        if (process.descriptor_table == 0)
            process.descriptor_table = thread.descriptor_table;
        process.descriptors += thread.descriptors;
    }
}

std::string text_of(const char *text, std::size_t size)
{
    return {text, strnlen(text, size)};
}

} // namespace

std::uint64_t find_root_cgroup()
{
    for (const char *place : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
        struct statfs file_system {};
        struct stat root {};
        if (statfs(place, &file_system) == 0 && file_system.f_type == CGROUP2_SUPER_MAGIC && stat(place, &root) == 0)
            return root.st_ino;
    }
    return 0;
}

void KernelAccounts::Destroy::operator()(inspect_bpf *skeleton) const
{
    inspect_bpf::destroy(skeleton);
}

KernelAccounts::KernelAccounts(AccountMaps maps, const ktally_accounting &shared, std::uint64_t root)
    : maps_{std::move(maps)}, shared_{shared}, root_{root}
{
    try {
        load();
    } catch (const std::system_error &refused) {
        unreadable_ = refused.what();
        maps_ = AccountMaps{maps_.how() == KTALLY_NO_ACCOUNTS ? maps_.reason() : unreadable_};
    }
}

void KernelAccounts::load()
{
    try {
        inspect_ = load(true);
        processes_ = attach(inspect_->progs.processes);
    } catch (const std::system_error &) {
        inspect_ = load(false);
        processes_ = attach(inspect_->progs.processes_without_loop);
    }
    if (maps_.how() == KTALLY_NO_ACCOUNTS)
        return;
    enter_all_ = attach(inspect_->progs.enter_all);
    task_accounts_ = attach(inspect_->progs.task_accounts);
    process_accounts_ = attach(inspect_->progs.process_accounts);
}

KernelAccounts::Inspect KernelAccounts::load(bool with_loop) const
{
    Inspect inspect{inspect_bpf::open()};
    if (!inspect)
        fail("opening the BPF iterators");
    maps_.give_to(inspect->obj);
    for (bpf_program *of_accounts :
         {inspect->progs.enter_all, inspect->progs.task_accounts, inspect->progs.process_accounts})
        bpf_program__set_autoload(of_accounts, maps_.how() != KTALLY_NO_ACCOUNTS);
    bpf_program__set_autoload(inspect->progs.processes, with_loop);
    bpf_program__set_autoload(inspect->progs.processes_without_loop, !with_loop);
    if (const int result = inspect_bpf::load(inspect.get()); result != 0)
        fail("loading the BPF iterators", -result);
    return inspect;
}

KernelAccounts::~KernelAccounts() = default;

void KernelAccounts::enter_cgroups() const
{
    if (maps_.how() != KTALLY_NO_ACCOUNTS)
        iterate<char>(enter_all_, [](char) {});
}

Accounts::Mechanism KernelAccounts::mechanism() const
{
    return {std::string{name(maps_.how())}, maps_.how() == KTALLY_NO_ACCOUNTS ? ProbeState::absent : ProbeState::active,
            maps_.reason()};
}

// Twice, if a cgroup is removed meanwhile: it must not be seen both in its own entry and in the one above. For those
// that came, entries may be missing that there was no memory for at that moment.
std::vector<CgroupAccount> KernelAccounts::cgroups() const
{
    std::vector<CgroupAccount> found;
    if (maps_.how() == KTALLY_NO_ACCOUNTS)
        return found;
    std::uint64_t before = 0;
    if (const std::uint64_t changes = cgroup_changes(); changes != entered_) {
        enter_cgroups();
        entered_ = changes;
    }
    do {
        before = cgroup_changes();
        found.clear();
        read_hash<ktally_cgroup>(maps_.fd("cgroups"), [&found](std::uint64_t id, const ktally_cgroup &entry) {
            found.push_back({id, entry.parent, text_of(entry.name, sizeof entry.name), entry.gone != 0, {}});
            std::copy_n(entry.calls, KTALLY_CALLS, found.back().calls.begin());
        });
    } while (before % 2 != 0 || before != cgroup_changes());
    return found;
}

std::vector<EndedThreads> KernelAccounts::ended_threads() const
{
    std::vector<EndedThreads> found;
    if (maps_.how() != KTALLY_NO_ACCOUNTS)
        iterate<ktally_task>(process_accounts_, [&found](const ktally_task &ended) {
            found.push_back({ended.pid, calls_of(ended.calls)});
        });
    return found;
}

std::vector<TaskAccount> KernelAccounts::tasks() const
{
    std::vector<TaskAccount> found;
    if (maps_.how() != KTALLY_NO_ACCOUNTS)
        iterate<ktally_task>(task_accounts_, [&found](const ktally_task &task) {
            found.push_back({task.pid, task.cgroup, calls_of(task.calls)});
        });
    return found;
}

std::uint64_t KernelAccounts::cgroup_changes() const
{
    return *const_cast<const volatile __u64 *>(&shared_.changes);
}

void KernelAccounts::forget_cgroup(std::uint64_t id)
{
    if (maps_.how() != KTALLY_NO_ACCOUNTS)
        bpf_map_delete_elem(maps_.fd("cgroups"), &id);
}

// A process has the table of its first thread, and those that other threads have of their own.
std::vector<Process> KernelAccounts::processes(std::uint32_t min_descriptors) const
{
    if (!processes_)
        throw ProcessesAbsent{"processes are absent: " + unreadable_};
    inspect_->bss->min_descriptors = min_descriptors;
    std::vector<Process> found;
    std::vector<ktally_process> others;
    iterate<ktally_process>(processes_, [&](const ktally_process &each) {
        if (!each.is_leader) {
            others.push_back(each);
            return;
        }
        found.push_back(process_of(each));
    });
    add_tables(found, others);
    return found;
}

std::uint64_t KernelAccounts::unattributed() const
{
    return *const_cast<const volatile __u64 *>(&shared_.unattributed);
}

} // namespace ktally
