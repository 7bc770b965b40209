// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The counter interfaces on the bus: org.ktally1.Files, .Vfs and .Processes, each an object of its own at one path.
// They only translate; every total comes from the view, every error count from the source, and zombies from the watch.
#pragma once

#include "bus/unit_objects.hpp"
#include "core/accounts.hpp"
#include "core/descriptors.hpp"
#include "core/process_watch.hpp"
#include "core/view.hpp"
#include "sdbus.hpp"

#include "org.ktally1.Files-adaptor.hpp"
#include "org.ktally1.Processes-adaptor.hpp"
#include "org.ktally1.Vfs-adaptor.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ktally {

using ErrorRow = sdbus::Struct<std::string, std::int32_t, std::string, std::uint64_t>;

// pid, parent's pid, comm, parent's comm, unit, wait status, since when
using ZombieRow =
    sdbus::Struct<std::uint32_t, std::uint32_t, std::string, std::string, std::string, std::int32_t, std::uint64_t>;

// The errors of the operations that count on one interface.
std::vector<ErrorRow> error_rows(const Source &source, std::string_view interface);

std::vector<ZombieRow> zombie_rows(const std::vector<Zombies::Zombie> &zombies, const Units &units);

template <typename Adaptor> class CounterObject : public sdbus::AdaptorInterfaces<Adaptor> {
public:
    CounterObject(sdbus::IConnection &connection, const sdbus::ObjectPath &path, View &view, Source &source)
        : sdbus::AdaptorInterfaces<Adaptor>{connection, path}, view_{view}, source_{source}
    {
    }

    // PropertiesChanged for the counters of this interface that a sample changed, and for what else did.
    void publish(const Sample &sample, std::vector<dbus::PropertyName> names = {})
    {
        for (const CounterRow &counter : counters)
            if (sample.changed[static_cast<std::size_t>(counter.counter)] && name().ends_with(counter.interface))
                names.emplace_back(std::string{counter.property});
        if (!names.empty())
            this->getObject().emitPropertiesChangedSignal(dbus::InterfaceName{std::string{name()}}, names);
    }

protected:
    Accounts &accounts() { return source_.accounts(); }
    static constexpr std::string_view name() { return Adaptor::INTERFACE_NAME; }
    std::uint64_t total(Counter counter) { return view_.total(counter); }
    // What `read` finds among the processes.
    template <typename Read> std::uint64_t gauge(Read read)
    {
        return dbus::answer_of([&]() -> std::uint64_t {
            try {
                return read();
            } catch (const ProcessesAbsent &) {
                return absent_total;
            }
        });
    }
    std::vector<ErrorRow> errors() { return error_rows(source_, name().substr(name().rfind('.') + 1)); }

private:
    View &view_;
    Source &source_;
};

#define X(property, unit, first, last)                                                                                 \
    std::uint64_t property() override                                                                                  \
    {                                                                                                                  \
        return total(Counter::property);                                                                               \
    }

class Files final : public CounterObject<org::ktally1::Files_adaptor> {
public:
    Files(sdbus::IConnection &connection, const sdbus::ObjectPath &path, View &view, Source &source)
        : CounterObject{connection, path, view, source}
    {
        registerAdaptor();
    }
    ~Files() { unregisterAdaptor(); }

private:
    KTALLY_FILES(X)
    std::uint64_t DescriptorsCurrent() override
    {
        return gauge([this] { return open_descriptors(accounts().processes(all_processes)); });
    }
    std::vector<ErrorRow> GetErrors() override { return errors(); }
};

class Vfs final : public CounterObject<org::ktally1::Vfs_adaptor> {
public:
    Vfs(sdbus::IConnection &connection, const sdbus::ObjectPath &path, View &view, Source &source)
        : CounterObject{connection, path, view, source}
    {
        registerAdaptor();
    }
    ~Vfs() { unregisterAdaptor(); }

private:
    KTALLY_VFS(X)
    std::vector<ErrorRow> GetErrors() override { return errors(); }
};

class Processes final : public CounterObject<org::ktally1::Processes_adaptor> {
public:
    Processes(sdbus::IConnection &connection, const sdbus::ObjectPath &path, View &view, Source &source,
              ProcessWatch &watch, UnitObjects &units, std::function<MonotonicTime()> now)
        : CounterObject{connection, path, view, source}, watch_{watch}, units_{units}, now_{std::move(now)}
    {
        registerAdaptor();
    }
    ~Processes() { unregisterAdaptor(); }

    // `sampled`: whether the watch has seen the processes in this sample.
    void publish(const Sample &sample, bool sampled)
    {
        std::vector<dbus::PropertyName> names;
        const std::uint64_t zombies = sampled ? ZombiesCurrent() : zombies_published_;
        if (std::exchange(zombies_published_, zombies) != zombies)
            names.emplace_back("ZombiesCurrent");
        CounterObject::publish(sample, std::move(names));
    }

private:
    KTALLY_PROCESSES(X)
    std::uint64_t ZombiesCurrent() override
    {
        return gauge([this] { return watch_.zombie_count(now_()); });
    }
    std::vector<ZombieRow> ListZombies() override
    {
        return dbus::answer_of([this] {
            try {
                const std::vector<Zombies::Zombie> zombies = watch_.zombies(now_());
                units_.read(); // after them: what they are in is there
                return zombie_rows(zombies, units_.units());
            } catch (const ProcessesAbsent &absent) {
                throw dbus::error("org.freedesktop.DBus.Error.NotSupported", absent.what());
            }
        });
    }
    std::vector<ErrorRow> GetErrors() override { return errors(); }

    ProcessWatch &watch_;
    UnitObjects &units_;
    std::function<MonotonicTime()> now_;
    std::uint64_t zombies_published_ = 0;
};

#undef X

} // namespace ktally
