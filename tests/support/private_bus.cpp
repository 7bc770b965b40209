// SPDX-License-Identifier: LGPL-2.1-or-later
#include "private_bus.hpp"

#include "eventually.hpp"
#include "places.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace ktally::test {
namespace {

namespace fs = std::filesystem;

constexpr const char *address_variable = "DBUS_SYSTEM_BUS_ADDRESS";

// As in the system.conf of dbus-daemon.
constexpr std::string_view policies = R"(
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Introspectable"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Properties"/>
  </policy>
  <policy user="root">
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Monitoring"/>
    <allow own="org.freedesktop.PolicyKit1"/>
  </policy>
  <policy context="default">
    <allow send_destination="org.freedesktop.PolicyKit1"/>
  </policy>
)";
constexpr std::string_view lenient_policy = R"(
  <policy user="root">
    <allow send_destination="*" eavesdrop="true"/>
    <allow send_type="method_call"/>
  </policy>
  <policy user="nobody">
    <allow send_destination="*"/>
    <allow send_type="method_call"/>
  </policy>
)";

void write_configuration(const fs::path &file, const fs::path &socket, Policy policy)
{
    std::ofstream out{file};
    out << R"(<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <auth>EXTERNAL</auth>
  <listen>unix:path=)"
        << socket.string() << "</listen>" << policies;
    if (policy != Policy::none)
        out << "  <include>" << bus_policy() << "</include>";
    if (policy == Policy::lenient)
        out << lenient_policy;
    out << "</busconfig>\n";
}

} // namespace

TemporaryDirectory::TemporaryDirectory()
{
    std::string name = "/tmp/ktally-bus-XXXXXX";
    if (!mkdtemp(name.data()) || chmod(name.c_str(), 0755) != 0)
        throw std::system_error{errno, std::generic_category(), name};
    path_ = name;
}

TemporaryDirectory::~TemporaryDirectory()
{
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

PrivateBus::PrivateBus(const fs::path &directory, Policy policy)
{
    const fs::path configuration = directory / "bus.conf";
    write_configuration(configuration, directory / "bus", policy);
    const Output output{directory / "bus.address", directory / "bus.log"};
    daemon_ = std::make_unique<Child>(std::vector<std::string>{"dbus-daemon", "--nofork", "--print-address=1",
                                                               "--config-file=" + configuration.string()},
                                      output);
    // It prints the address when it listens.
    if (!eventually([&] { return text_of(output.out).ends_with('\n'); }))
        throw std::runtime_error{"dbus-daemon does not start: " + text_of(output.err)};
    address_ = text_of(output.out);
    address_.pop_back();
    setenv(address_variable, address_.c_str(), 1);
}

PrivateBus::~PrivateBus()
{
    unsetenv(address_variable);
}

} // namespace ktally::test
