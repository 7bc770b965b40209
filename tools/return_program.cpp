// SPDX-License-Identifier: LGPL-2.1-or-later
#include "commands.hpp"

#include "client.hpp"
#include "names.hpp"
#include "report.hpp"

namespace ktally {

int switch_return_program(Switch state, const Output &output)
{
    Client client;
    if (state != Switch::status) {
        client.set_return_program(state == Switch::on);
        return static_cast<int>(Exit::ok);
    }
    const ReturnProgramState now = return_program(client.properties(manager_interface));
    if (output.json != JsonMode::off) {
        print(json_of(now), output.json);
        return static_cast<int>(Exit::ok);
    }
    std::string lines = summary(now) + '\n';
    for (const Hold &hold : now.holds)
        lines += "  " + description(hold) + '\n';
    print(lines);
    return static_cast<int>(Exit::ok);
}

} // namespace ktally
