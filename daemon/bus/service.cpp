// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus/service.hpp"

namespace ktally {

Service::Service(sdbus::IConnection &connection, Source &source, View &view, ReturnProgram &return_program,
                 Manager::Facts facts, std::function<MonotonicTime()> now, std::function<void()> on_switch)
    : view_{view}, manager_{connection,
                            sdbus::ObjectPath{object_path},
                            source,
                            return_program,
                            std::move(facts),
                            std::move(now),
                            std::move(on_switch)},
      files_{connection, sdbus::ObjectPath{object_path}, view, source}, vfs_{connection, sdbus::ObjectPath{object_path},
                                                                             view, source},
      processes_{connection, sdbus::ObjectPath{object_path}, view, source}
{
}

void Service::publish(const Sample &sample)
{
    const View::Freeze freeze{view_, sample.totals};
    files_.publish(sample);
    vfs_.publish(sample);
    processes_.publish(sample);
    manager_.publish(sample);
}

} // namespace ktally
