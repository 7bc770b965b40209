// SPDX-License-Identifier: LGPL-2.1-or-later
#include "client.hpp"

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

std::vector<ProbeRow> probes(const Properties &manager)
{
    using Row = sdbus::Struct<std::string, std::string, std::string, std::string>;
    std::vector<ProbeRow> probes;
    for (const Row &row : value<std::vector<Row>>(manager, "Probes").value_or(std::vector<Row>{}))
        probes.push_back({std::get<0>(row), std::get<1>(row), std::get<2>(row), std::get<3>(row)});
    return probes;
}

ReturnProgramState return_program(const Properties &manager)
{
    using Row = std::map<std::string, sdbus::Variant>;
    ReturnProgramState state{value<bool>(manager, "ReturnProgramEnabled").value_or(false),
                             value<bool>(manager, "ReturnProgramActive").value_or(false),
                             {}};
    for (const Row &row : value<std::vector<Row>>(manager, "ReturnProgramHolds").value_or(std::vector<Row>{}))
        state.holds.push_back({row.at("cookie").get<std::uint32_t>(), row.at("owner").get<std::string>(),
                               row.at("uid").get<std::uint32_t>(), row.at("reason").get<std::string>(),
                               row.at("since_monotonic_usec").get<std::uint64_t>()});
    return state;
}

Failure not_running()
{
    return {Exit::not_running, "ktallyd is not running; start it with: systemctl start ktallyd"};
}

Failure failure_of(const sdbus::Error &error)
{
    // sd-bus names the errors of its own after the errno: System.Error.ECONNRESET.
    constexpr std::array lost{"org.freedesktop.DBus.Error.Disconnected", "System.Error.ECONNRESET",
                              "System.Error.ENOTCONN", "System.Error.EPIPE"};
    const std::string name = error.getName();
    if (name == "org.freedesktop.DBus.Error.ServiceUnknown" || name == "org.freedesktop.DBus.Error.NameHasNoOwner" ||
        name.starts_with("org.freedesktop.DBus.Error.Spawn."))
        return not_running();
    if (name == "org.freedesktop.DBus.Error.NoReply")
        return {Exit::not_running,
                "ktallyd did not answer (" + error.getMessage() + "); look at it with: systemctl status ktallyd"};
    if (std::ranges::find(lost, name) != lost.end())
        return {Exit::not_running, "the connection to the bus was lost; is dbus running?"};
    return {Exit::failure, error.getMessage().empty() ? name : error.getMessage()};
}

} // namespace ktally
