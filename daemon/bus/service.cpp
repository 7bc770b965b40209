// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus/service.hpp"

namespace ktally {

Service::Service(sdbus::IConnection &connection, sd_event *event, Source &source, View &view, UnitWatch &units,
                 UnitObjects::ZombiesNow zombies, ReturnProgram &return_program, Manager::Facts facts,
                 std::function<MonotonicTime()> now, std::function<void()> on_switch)
    : view_{view}, units_{connection, units, source, std::move(zombies), now},
      manager_{connection,       event,          sdbus::ObjectPath{object_path},
               source,           return_program, units_,
               std::move(facts), std::move(now), std::move(on_switch)},
      files_{connection, sdbus::ObjectPath{object_path}, view, source}, vfs_{connection, sdbus::ObjectPath{object_path},
                                                                             view, source},
      processes_{connection, sdbus::ObjectPath{object_path}, view, source}
{
}

void Service::publish(const Sample &sample)
{
    units_.read_sample(sample.taken); // at once: its counters belong to the measured interval too
    const View::Freeze freeze{view_, sample.totals};
    files_.publish(sample);
    vfs_.publish(sample);
    processes_.publish(sample);
    units_.publish_sample();
    manager_.publish(sample);
}

} // namespace ktally
