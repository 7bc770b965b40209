// SPDX-License-Identifier: LGPL-2.1-or-later
#include "client.hpp"

#include "failure.hpp"
#include "names.hpp"
#include "org.ktally1.Manager-proxy.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ktally {
namespace {

constexpr const char *bus_name = "org.ktally1";
constexpr const char *object_path = "/org/ktally1";
constexpr std::string_view interface_prefix = "org.ktally1.";
constexpr std::chrono::microseconds patience = std::chrono::minutes{10}; // somebody may have to type a password
constexpr Clock::duration longest_wait = std::chrono::hours{1};          // poll counts milliseconds in an int

std::string dbus_name(std::string_view interface)
{
    return std::string{interface_prefix}.append(interface);
}

std::unique_ptr<sdbus::IConnection> connect()
{
    try {
        return sdbus::createSystemBusConnection();
    } catch (const sdbus::Error &error) {
        throw Failure{Exit::not_running, "the system bus cannot be reached: " + error.getMessage() +
                                             "; start dbus, or name another bus with --address"};
    }
}

// sd-bus permits asking for a password for all calls of a connection. sdbus-c++ keeps its sd_bus to itself, but a
// message knows it.
void allow_interactive_authorization(sdbus::IProxy &proxy)
{
    const auto message =
        proxy.createMethodCall(dbus::InterfaceName{"org.freedesktop.DBus.Peer"}, dbus::MethodName{"Ping"});
    sd_bus_set_allow_interactive_authorization(sd_bus_message_get_bus(dbus::handle(message)), true);
}

} // namespace

class Client::Proxy final : public sdbus::ProxyInterfaces<sdbus::Properties_proxy, org::ktally1::Manager_proxy> {
public:
    explicit Proxy(sdbus::IConnection &connection)
        : ProxyInterfaces{connection, dbus::ServiceName{bus_name}, sdbus::ObjectPath{object_path}}
    {
    }
    ~Proxy() { unregisterProxy(); }

    // Signals cost round trips to subscribe to, so only who wants them does.
    void watch(Signals signals)
    {
        signals_ = std::move(signals);
        registerProxy();
    }

    sdbus::IProxy &raw() { return getProxy(); }

private:
    void onPropertiesChanged(const dbus::InterfaceName &interface,
                             const std::map<dbus::PropertyName, sdbus::Variant> &changed,
                             const std::vector<dbus::PropertyName> &) override
    {
        if (signals_.changed && interface.starts_with(interface_prefix))
            signals_.changed(std::string_view{interface}.substr(interface_prefix.size()), changed);
    }

    void onSampleTaken(const std::uint64_t &timestamp_usec, const std::uint64_t &interval_usec) override
    {
        if (signals_.sample_taken)
            signals_.sample_taken(timestamp_usec, interval_usec);
    }

    Signals signals_;
};

Client::Client() : connection_{connect()}, proxy_{std::make_unique<Proxy>(*connection_)}
{
    allow_interactive_authorization(proxy_->raw());
}

Client::~Client() = default;

bool Client::running()
{
    const auto bus = sdbus::createProxy(*connection_, dbus::ServiceName{"org.freedesktop.DBus"},
                                        sdbus::ObjectPath{"/org/freedesktop/DBus"});
    bool has_owner = false;
    bus->callMethod("NameHasOwner")
        .onInterface("org.freedesktop.DBus")
        .withArguments(std::string{bus_name})
        .storeResultsTo(has_owner);
    return has_owner;
}

Properties Client::properties(std::string_view interface)
{
    return proxy_->GetAll(dbus::InterfaceName{dbus_name(interface)});
}

std::vector<ErrorRow> Client::errors()
{
    std::vector<ErrorRow> errors;
    for (std::string_view interface : counter_interfaces()) {
        std::vector<sdbus::Struct<std::string, std::int32_t, std::string, std::uint64_t>> rows;
        proxy_->raw().callMethod("GetErrors").onInterface(dbus_name(interface)).storeResultsTo(rows);
        for (const auto &row : rows)
            errors.push_back(
                {std::string{interface}, std::get<0>(row), std::get<1>(row), std::get<2>(row), std::get<3>(row)});
    }
    return errors;
}

std::vector<UnitRow> Client::units()
{
    std::map<sdbus::ObjectPath, std::map<dbus::InterfaceName, Properties>> objects;
    proxy_->raw()
        .callMethod("GetManagedObjects")
        .onInterface("org.freedesktop.DBus.ObjectManager")
        .storeResultsTo(objects);
    std::vector<UnitRow> units;
    for (const auto &[path, interfaces] : objects) {
        UnitRow unit{};
        for (const auto &[interface, properties] : interfaces)
            take(unit, interface, properties);
        if (!unit.name.empty())
            units.push_back(std::move(unit));
    }
    return units;
}

std::optional<UnitRow> Client::unit(const std::string &name)
{
    return unit_at([&] { return proxy_->GetUnit(name); });
}

std::optional<UnitRow> Client::unit_of_process(std::uint32_t pid)
{
    return unit_at([&] { return proxy_->GetUnitByPID(pid); });
}

std::optional<UnitRow> Client::unit_at(const std::function<sdbus::ObjectPath()> &path)
{
    try {
        const auto object = sdbus::createProxy(*connection_, dbus::ServiceName{bus_name}, path());
        UnitRow unit{};
        for (const char *interface :
             {"org.ktally1.Unit", "org.ktally1.Files", "org.ktally1.Vfs", "org.ktally1.Processes"}) {
            Properties properties;
            object->callMethod("GetAll")
                .onInterface("org.freedesktop.DBus.Properties")
                .withArguments(std::string{interface})
                .storeResultsTo(properties);
            take(unit, interface, properties);
        }
        return unit;
    } catch (const sdbus::Error &error) {
        // The second when it goes while it is read.
        if (std::string_view{error.getName()} == "org.ktally1.Error.NoSuchUnit" ||
            std::string_view{error.getName()} == "org.freedesktop.DBus.Error.UnknownObject")
            return std::nullopt;
        throw;
    }
}

std::vector<ProcessRow> Client::top_processes(const TopQuery &query)
{
    std::map<std::string, sdbus::Variant> options;
    if (query.interval)
        options["interval_usec"] = sdbus::Variant{static_cast<std::uint64_t>(query.interval->count())};
    if (query.own)
        options["own"] = sdbus::Variant{true};
    connection_->setMethodCallTimeout(static_cast<std::uint64_t>(patience.count()));
    std::vector<ProcessRow> processes;
    for (const TopRow &row : proxy_->ListTopProcesses(full_name(query.counter), query.limit, options))
        processes.push_back(process_row(row));
    return processes;
}

std::vector<ZombieRow> Client::zombies()
{
    using Row =
        sdbus::Struct<std::uint32_t, std::uint32_t, std::string, std::string, std::string, std::int32_t, std::uint64_t>;
    std::vector<Row> rows;
    proxy_->raw().callMethod("ListZombies").onInterface(dbus_name(current_zombies.interface)).storeResultsTo(rows);
    std::vector<ZombieRow> zombies;
    for (const Row &row : rows)
        zombies.push_back({std::get<0>(row), std::get<1>(row), std::get<2>(row), std::get<3>(row), std::get<4>(row),
                           std::get<5>(row), std::get<6>(row)});
    return zombies;
}

void Client::set_return_program(bool enabled)
{
    connection_->setMethodCallTimeout(static_cast<std::uint64_t>(patience.count()));
    proxy_->SetReturnProgram(enabled);
}

std::uint32_t Client::hold_return_program(const std::string &reason)
{
    connection_->setMethodCallTimeout(static_cast<std::uint64_t>(patience.count()));
    return proxy_->HoldReturnProgram(reason);
}

bool Client::holds_return_program()
{
    const auto holds = return_program(properties("Manager")).holds;
    return std::ranges::find(holds, connection_->getUniqueName(), &Hold::owner) != holds.end();
}

void Client::watch(Signals signals)
{
    const std::string rule = std::string{"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
                                         "member='NameOwnerChanged',arg0='"} +
                             bus_name + '\'';
    owner_match_ =
        dbus::add_match(*connection_, rule, [owner_changed = signals.owner_changed](sdbus::Message &message) {
            std::string name, before, after;
            message >> name >> before >> after;
            if (owner_changed)
                owner_changed(!after.empty());
        });
    proxy_->watch(std::move(signals));
}

void Client::wait(pollfd &also, std::optional<Clock::time_point> until)
{
    // A call that waited for its reply may have queued messages that the socket no longer shows.
    bool handled = false;
    while (dbus::process(*connection_))
        handled = true;
    also.revents = 0;
    if (handled)
        return;

    const auto bus = connection_->getEventLoopPollData();
    int timeout_msec = bus.getPollTimeout();
    if (until) {
        const auto left = std::clamp(*until - Clock::now(), Clock::duration::zero(), longest_wait);
        const auto left_msec = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
        timeout_msec = timeout_msec < 0 ? left_msec : std::min(timeout_msec, left_msec);
    }
    std::array<pollfd, 2> fds{{{bus.fd, bus.events, 0}, also}};
    poll(fds.data(), fds.size(), timeout_msec);
    also.revents = fds[1].revents;
    while (dbus::process(*connection_)) {
    }
}

} // namespace ktally
