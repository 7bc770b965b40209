// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus/findings.hpp"

#include "core/utf8.hpp"
#include "log.hpp"
#include "message.hpp"

namespace ktally {
namespace {

std::string described(std::uint32_t pid, const std::string &comm, const std::string &unit)
{
    return std::to_string(pid) + " (" + comm + (unit.empty() ? "" : ", " + unit) + ')';
}

void log_unmentioned(std::size_t zombies)
{
    const std::string count = std::to_string(zombies);
    log::warning(count + " more processes have ended and are not reaped; \"ktallyctl zombies\" lists all",
                 {{"MESSAGE_ID", message::zombies}, {"KTALLY_ZOMBIES", count}});
}

} // namespace

Findings::Findings(ProcessWatch &watch, Files &files, Processes &processes, UnitObjects &units)
    : watch_{watch}, files_{files}, processes_{processes}, units_{units}
{
    watch_.tell({
        .appeared = [this](const Process &zombie, const Process *parent) { zombie_appeared(zombie, parent); },
        .unmentioned = log_unmentioned,
        .reaped = [this](std::uint32_t pid) { processes_.emitZombieReaped(pid); },
        .leak_suspected = [this](const Process &process) { leak_suspected(process); },
    });
}

Findings::~Findings()
{
    watch_.tell({});
}

void Findings::zombie_appeared(const Process &zombie, const Process *parent)
{
    const std::string comm = valid_utf8(zombie.name);
    const std::string parent_comm = valid_utf8(zombie.parent_name);
    const std::string unit = unit_of(parent ? *parent : zombie);
    processes_.emitZombieAppeared(zombie.pid, zombie.parent, comm, parent_comm);
    log::warning("process " + described(zombie.pid, comm, "") + " has ended and is not reaped by its parent, process " +
                     described(zombie.parent, parent_comm, unit),
                 {{"MESSAGE_ID", message::zombie},
                  {"KTALLY_PID", std::to_string(zombie.pid)},
                  {"KTALLY_COMM", comm},
                  {"KTALLY_PARENT_PID", std::to_string(zombie.parent)},
                  {"KTALLY_PARENT_COMM", parent_comm},
                  {"KTALLY_UNIT", unit}});
}

void Findings::leak_suspected(const Process &process)
{
    const std::string comm = valid_utf8(process.name);
    const std::string unit = unit_of(process);
    const std::string descriptors = std::to_string(process.descriptors);
    const std::string limit = std::to_string(process.descriptor_limit);
    files_.emitDescriptorLeakSuspected(process.pid, comm, unit, process.descriptors, process.descriptor_limit);
    log::warning("process " + described(process.pid, comm, unit) + " seems to leak file descriptors: it has " +
                     descriptors + " of at most " + limit,
                 {{"MESSAGE_ID", message::leak},
                  {"KTALLY_PID", std::to_string(process.pid)},
                  {"KTALLY_COMM", comm},
                  {"KTALLY_UNIT", unit},
                  {"KTALLY_DESCRIPTORS", descriptors},
                  {"KTALLY_LIMIT", limit}});
}

// As of this sample: a process that was found in it is in a cgroup that was there before.
std::string Findings::unit_of(const Process &process) const
{
    return valid_utf8(units_.units().name_of_cgroup(process.cgroup));
}

} // namespace ktally
