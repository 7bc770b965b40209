// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fake_daemon.hpp"

#include "org.ktally1.Files-adaptor.hpp"
#include "org.ktally1.Manager-adaptor.hpp"
#include "org.ktally1.Processes-adaptor.hpp"
#include "org.ktally1.Unit-adaptor.hpp"
#include "org.ktally1.Vfs-adaptor.hpp"

#include <algorithm>
#include <utility>

namespace ktally::test {
namespace {

using namespace org::ktally1;

constexpr const char *machine_path = "/org/ktally1";

sdbus::ObjectPath path_of(const std::string &unit)
{
    std::unique_ptr<char, decltype(&std::free)> path{nullptr, std::free};
    char *encoded = nullptr;
    if (const int result = sd_bus_path_encode("/org/ktally1/unit", unit.c_str(), &encoded); result < 0)
        throw sdbus::createError(-result, unit);
    path.reset(encoded);
    return sdbus::ObjectPath{path.get()};
}

// The three interfaces with numbers, and some more.
template <typename... More>
class Counting : public sdbus::AdaptorInterfaces<Files_adaptor, Vfs_adaptor, Processes_adaptor, More...> {
public:
    Counting(sdbus::IConnection &connection, const sdbus::ObjectPath &path, const FakeNumbers &numbers)
        : sdbus::AdaptorInterfaces<Files_adaptor, Vfs_adaptor, Processes_adaptor, More...>{connection, path},
          numbers_{numbers}
    {
    }

protected:
    const FakeNumbers &numbers() const { return numbers_; }

private:
#define X(property, unit, first, last)                                                                                 \
    std::uint64_t property() override                                                                                  \
    {                                                                                                                  \
        return numbers_.totals[static_cast<std::size_t>(Counter::property)];                                           \
    }
    KTALLY_FILES(X)
    KTALLY_VFS(X)
    KTALLY_PROCESSES(X)
#undef X
    std::uint64_t DescriptorsCurrent() override
    {
        return numbers_.descriptors;
    }
    std::uint64_t ZombiesCurrent() override
    {
        return numbers_.zombies;
    }
    std::vector<sdbus::Struct<std::string, std::int32_t, std::string, std::uint64_t>> GetErrors() override
    {
        return {};
    }
    std::vector<ZombieRow> ListZombies() override
    {
        return zombies();
    }
    virtual std::vector<ZombieRow> zombies()
    {
        return {};
    }

    const FakeNumbers &numbers_;
};

} // namespace

class FakeDaemon::UnitObject final : public Counting<Unit_adaptor> {
public:
    UnitObject(sdbus::IConnection &connection, std::unique_ptr<const FakeNumbers> numbers)
        : Counting{connection, path_of(numbers->name), *numbers}, owned_{std::move(numbers)}
    {
        registerAdaptor();
    }
    ~UnitObject() { unregisterAdaptor(); }

    const std::string &unit() const { return owned_->name; }

private:
    std::string Name() override { return owned_->name; }
    std::string ControlGroup() override { return owned_->control_group; }
    std::uint64_t ControlGroupId() override { return 7; }
    std::uint64_t SinceTimestampMonotonicUSec() override { return owned_->since; }

    std::unique_ptr<const FakeNumbers> owned_;
};

class FakeDaemon::Machine final : public Counting<Manager_adaptor, sdbus::ObjectManager_adaptor> {
public:
    Machine(FakeDaemon &daemon, sdbus::IConnection &connection)
        : Counting{connection, sdbus::ObjectPath{machine_path}, daemon.answers.machine}, daemon_{daemon}
    {
        registerAdaptor();
    }
    ~Machine() { unregisterAdaptor(); }

private:
    void SetReturnProgram(sdbus::Result<> &&result, bool) override { result.returnResults(); }
    void HoldReturnProgram(sdbus::Result<std::uint32_t> &&result, std::string) override { result.returnResults(1); }
    void ReleaseReturnProgram(const std::uint32_t &) override {}
    void Subscribe() override {}
    void Unsubscribe() override {}

    sdbus::ObjectPath GetUnit(const std::string &name) override
    {
        if (std::ranges::none_of(daemon_.units_, [&name](const auto &unit) { return unit->unit() == name; }))
            throw dbus::error("org.ktally1.Error.NoSuchUnit", "no unit " + name);
        return path_of(name);
    }

    void GetUnitByPID(sdbus::Result<sdbus::ObjectPath> &&result, std::uint32_t pid) override
    {
        const auto unit = daemon_.answers.unit_of_process.find(pid);
        if (unit == daemon_.answers.unit_of_process.end())
            result.returnError(dbus::error("org.ktally1.Error.NoSuchUnit", "no process " + std::to_string(pid)));
        else
            result.returnResults(path_of(unit->second));
    }

    void ListTopProcesses(sdbus::Result<std::vector<TopRow>> &&result, std::string counter, std::uint32_t limit,
                          std::map<std::string, sdbus::Variant> options) override
    {
        daemon_.answers.asked = {counter, limit, options};
        if (daemon_.answers.refusal)
            result.returnError(*daemon_.answers.refusal);
        else
            result.returnResults(daemon_.answers.top);
    }

    std::vector<ZombieRow> zombies() override { return daemon_.answers.zombies; }
    std::uint64_t EventsUnattributed() override { return daemon_.answers.unattributed; }
    std::string Version() override { return "1.2.3"; }
    std::string Backend() override { return "fentry"; }
    std::vector<std::string> Features() override { return {}; }
    std::vector<ProbeRow> Probes() override { return daemon_.answers.probes; }
    std::uint64_t StartTimestampMonotonicUSec() override { return 0; }
    std::uint64_t SampleIntervalUSec() override { return 1'000; }
    bool ReturnProgramEnabled() override { return false; }
    bool ReturnProgramActive() override { return false; }
    std::vector<std::map<std::string, sdbus::Variant>> ReturnProgramHolds() override { return {}; }

    FakeDaemon &daemon_;
};

FakeDaemon::FakeDaemon()
    : connection_{sdbus::createSystemBusConnection()}, machine_{std::make_unique<Machine>(*this, *connection_)}
{
    connection_->requestName(dbus::ServiceName{"org.ktally1"});
    connection_->enterEventLoopAsync();
}

FakeDaemon::~FakeDaemon()
{
    connection_->leaveEventLoop();
}

void FakeDaemon::add_unit(const FakeNumbers &unit)
{
    units_.push_back(std::make_unique<UnitObject>(*connection_, std::make_unique<const FakeNumbers>(unit)));
}

} // namespace ktally::test
