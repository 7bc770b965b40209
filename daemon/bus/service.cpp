// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus/service.hpp"

#include "log.hpp"

#include <exception>
#include <string>
#include <utility>

namespace ktally {

Service::Service(sdbus::IConnection &connection, sd_event *event, Source &source, View &view, UnitWatch &units,
                 ProcessWatch &watch, ReturnProgram &return_program, Manager::Facts facts,
                 std::function<MonotonicTime()> now, std::function<void()> on_switch)
    : view_{view}, watch_{watch}, units_{connection, units, source, [&watch, now] { return watch.zombies(now()); },
                                         now},
      manager_{connection,
               event,
               sdbus::ObjectPath{object_path},
               source,
               return_program,
               units_,
               std::move(facts),
               now,
               std::move(on_switch)},
      files_{connection, sdbus::ObjectPath{object_path}, view, source}, vfs_{connection, sdbus::ObjectPath{object_path},
                                                                             view, source},
      processes_{connection, sdbus::ObjectPath{object_path}, view, source, watch, units_, now}, findings_{watch, files_,
                                                                                                          processes_,
                                                                                                          units_}
{
}

void Service::publish(const Sample &sample, const ProcessWatch::Rules &rules)
{
    units_.read_sample(sample.taken); // at once: its counters belong to the measured interval too
    const std::optional<ProcessWatch::Sampled> processes = watch_processes(sample, rules);
    const View::Freeze freeze{view_, sample.totals};
    files_.publish(sample);
    vfs_.publish(sample);
    processes_.publish(sample, processes.has_value());
    if (processes) {
        units_.publish_sample();
        processes->tell();
    }
    manager_.publish(sample);
}

std::optional<ProcessWatch::Sampled> Service::watch_processes(const Sample &sample, const ProcessWatch::Rules &rules)
{
    try {
        auto sampled = watch_.sample(sample.taken, rules);
        unreadable_ = false;
        return sampled;
    } catch (const std::exception &failure) {
        if (!std::exchange(unreadable_, true))
            log::warning(std::string{"processes cannot be read: "} + failure.what());
        return std::nullopt;
    }
}

} // namespace ktally
