// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus/unit_objects.hpp"

#include "bus/names.hpp"
#include "core/unit_name.hpp"
#include "core/utf8.hpp"
#include "log.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>

namespace ktally {
namespace {

int check(int result, const char *what)
{
    if (result < 0)
        throw sdbus::createError(-result, what);
    return result;
}

std::string path_of_unit(std::string_view name)
{
    return std::string{unit_path} + '/' + escape_for_object_path(name);
}

// No exception may pass through sd-bus, which is C.
template <typename Act> int guarded(sd_bus_error *error, Act act) noexcept
{
    try {
        return act();
    } catch (const std::exception &failure) {
        return sd_bus_error_set(error, SD_BUS_ERROR_FAILED, failure.what());
    }
}

void append_zombie(sd_bus_message *reply, const Zombies::Zombie &zombie, const std::string &unit)
{
    const Process &process = zombie.process;
    check(sd_bus_message_append(reply, "(uusssit)", process.pid, process.parent, valid_utf8(process.name).c_str(),
                                valid_utf8(process.parent_name).c_str(), unit.c_str(), process.wait_status,
                                usec(zombie.since)),
          "listing a zombie");
}

} // namespace

struct UnitObjects::Callbacks {
    static Object &object(void *found) { return *static_cast<Object *>(found); }
    static UnitObjects &self(void *data) { return *static_cast<UnitObjects *>(data); }

    static int on_message(sd_bus_message *, void *data, sd_bus_error *) noexcept
    {
        self(data).forget_readings();
        return 0; // not handled: it is for somebody else
    }

    static int find(sd_bus *, const char *path, const char *, void *data, void **found, sd_bus_error *error) noexcept
    {
        return guarded(error, [&] {
            self(data).read_once();
            const auto object = self(data).objects_.find(std::string_view{path});
            if (object == self(data).objects_.end())
                return 0;
            *found = &object->second;
            return 1;
        });
    }

    // The paths are sd-bus's to free, with free(3).
    static int list(sd_bus *, const char *, void *data, char ***nodes, sd_bus_error *error) noexcept
    {
        return guarded(error, [&] {
            self(data).read_once();
            const auto &objects = self(data).objects_;
            auto *const paths = static_cast<char **>(std::calloc(objects.size() + 1, sizeof(char *)));
            if (!paths)
                return -ENOMEM;
            std::ranges::transform(objects, paths, [](const auto &object) { return strdup(object.first.c_str()); });
            *nodes = paths;
            return 0;
        });
    }

    template <Counter counter>
    static int total(sd_bus *, const char *, const char *, const char *, sd_bus_message *reply, void *found,
                     sd_bus_error *) noexcept
    {
        return sd_bus_message_append(reply, "t", object(found).owner.total(object(found).unit, counter));
    }

    template <std::uint64_t (UnitObjects::*gauge)(const UnitAccount &)>
    static int current(sd_bus *, const char *, const char *, const char *, sd_bus_message *reply, void *found,
                       sd_bus_error *error) noexcept
    {
        return guarded(
            error, [&] { return sd_bus_message_append(reply, "t", (object(found).owner.*gauge)(object(found).unit)); });
    }

    template <std::string UnitAccount::*member>
    static int text(sd_bus *, const char *, const char *, const char *, sd_bus_message *reply, void *found,
                    sd_bus_error *error) noexcept
    {
        return guarded(error, [&] { return sd_bus_message_append(reply, "s", (object(found).unit.*member).c_str()); });
    }

    static int cgroup_id(sd_bus *, const char *, const char *, const char *, sd_bus_message *reply, void *found,
                         sd_bus_error *) noexcept
    {
        return sd_bus_message_append(reply, "t", object(found).unit.cgroup_id);
    }

    static int since(sd_bus *, const char *, const char *, const char *, sd_bus_message *reply, void *found,
                     sd_bus_error *) noexcept
    {
        return sd_bus_message_append(reply, "t", usec(object(found).unit.since));
    }

    static int errors(sd_bus_message *, void *, sd_bus_error *error) noexcept
    {
        return sd_bus_error_set(error, SD_BUS_ERROR_NOT_SUPPORTED,
                                "errors are counted for the machine as a whole, at /org/ktally1");
    }

    static int list_zombies(sd_bus_message *call, void *found, sd_bus_error *error) noexcept
    {
        return guarded(error, [&] {
            sd_bus_message *reply = nullptr;
            check(sd_bus_message_new_method_return(call, &reply), "answering");
            const std::unique_ptr<sd_bus_message, decltype(&sd_bus_message_unref)> owner{reply, &sd_bus_message_unref};
            check(sd_bus_message_open_container(reply, 'a', "(uusssit)"), "listing zombies");
            UnitObjects &units = object(found).owner;
            const UnitIndex index{units.units()};
            for (const Zombies::Zombie &zombie : units.zombies_now_()) {
                const auto around = index.around(zombie.process.cgroup);
                if (std::ranges::find(around, &object(found).unit) != around.end())
                    append_zombie(reply, zombie, around.front()->name);
            }
            check(sd_bus_message_close_container(reply), "listing zombies");
            return check(sd_bus_send(nullptr, reply, nullptr), "answering");
        });
    }

    static constexpr auto counter_flags = SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE;
    static constexpr auto method_flags = SD_BUS_VTABLE_UNPRIVILEGED;

#define X(property, unit, first, last) SD_BUS_PROPERTY(#property, "t", total<Counter::property>, 0, counter_flags),
#define KTALLY_GET_ERRORS                                                                                              \
    SD_BUS_METHOD_WITH_NAMES("GetErrors", "", "", "a(sist)", SD_BUS_PARAM(errors), errors, method_flags)

    static const sd_bus_vtable *unit()
    {
        static const sd_bus_vtable table[] = {
            SD_BUS_VTABLE_START(0),
            SD_BUS_PROPERTY("Name", "s", text<&UnitAccount::name>, 0, SD_BUS_VTABLE_PROPERTY_CONST),
            SD_BUS_PROPERTY("ControlGroup", "s", text<&UnitAccount::cgroup>, 0, SD_BUS_VTABLE_PROPERTY_CONST),
            SD_BUS_PROPERTY("ControlGroupId", "t", cgroup_id, 0, SD_BUS_VTABLE_PROPERTY_CONST),
            SD_BUS_PROPERTY("SinceTimestampMonotonicUSec", "t", since, 0, SD_BUS_VTABLE_PROPERTY_CONST),
            SD_BUS_VTABLE_END,
        };
        return table;
    }

    static const sd_bus_vtable *files()
    {
        static const sd_bus_vtable table[] = {
            SD_BUS_VTABLE_START(0),
            KTALLY_FILES(X) // a comma ends it
            SD_BUS_PROPERTY("DescriptorsCurrent", "t", current<&UnitObjects::descriptors>, 0, 0),
            KTALLY_GET_ERRORS,
            SD_BUS_SIGNAL_WITH_NAMES("DescriptorLeakSuspected", "ussut",
                                     SD_BUS_PARAM(pid) SD_BUS_PARAM(comm) SD_BUS_PARAM(unit) SD_BUS_PARAM(descriptors)
                                         SD_BUS_PARAM(limit),
                                     0),
            SD_BUS_VTABLE_END,
        };
        return table;
    }

    static const sd_bus_vtable *vfs()
    {
        static const sd_bus_vtable table[] = {
            SD_BUS_VTABLE_START(0),
            KTALLY_VFS(X) //
            KTALLY_GET_ERRORS,
            SD_BUS_VTABLE_END,
        };
        return table;
    }

    static const sd_bus_vtable *processes()
    {
        static const sd_bus_vtable table[] = {
            SD_BUS_VTABLE_START(0),
            KTALLY_PROCESSES(X) //
            SD_BUS_PROPERTY("ZombiesCurrent", "t", current<&UnitObjects::zombies>, 0, counter_flags),
            SD_BUS_METHOD_WITH_NAMES("ListZombies", "", "", "a(uusssit)", SD_BUS_PARAM(zombies), list_zombies,
                                     method_flags),
            KTALLY_GET_ERRORS,
            SD_BUS_SIGNAL_WITH_NAMES(
                "ZombieAppeared", "uuss",
                SD_BUS_PARAM(pid) SD_BUS_PARAM(parent_pid) SD_BUS_PARAM(comm) SD_BUS_PARAM(parent_comm), 0),
            SD_BUS_SIGNAL_WITH_NAMES("ZombieReaped", "u", SD_BUS_PARAM(pid), 0),
            SD_BUS_VTABLE_END,
        };
        return table;
    }

#undef KTALLY_GET_ERRORS
#undef X
};

UnitObjects::UnitObjects(sdbus::IConnection &connection, UnitWatch &watch, Source &source, ZombiesNow zombies,
                         std::function<MonotonicTime()> now)
    : bus_{dbus::handle(connection)}, watch_{watch}, accounts_{source.accounts()},
      zombies_now_{std::move(zombies)}, now_{std::move(now)}
{
    for (const Probe &probe : source.probes())
        if (probe.state == ProbeState::absent)
            absent_.set(static_cast<std::size_t>(probe.counter));
    watch_.read(now_());
    for (const auto &[name, unit] : units().all())
        add(name);
    watch_.tell([this](const Units::Change &change) { tell(change); });
    sd_bus_slot *slot = nullptr;
    const auto keep = [&](int result) {
        check(result, "publishing units");
        slots_.emplace_back(slot);
    };
    keep(sd_bus_add_filter(bus_, &slot, &Callbacks::on_message, this));
    keep(sd_bus_add_object_manager(bus_, &slot, object_path));
    keep(sd_bus_add_node_enumerator(bus_, &slot, unit_path, &Callbacks::list, this));
    const auto publish_interface = [&](const char *interface, const sd_bus_vtable *table) {
        keep(sd_bus_add_fallback_vtable(bus_, &slot, unit_path, interface, table, &Callbacks::find, this));
    };
    publish_interface("org.ktally1.Unit", Callbacks::unit());
    publish_interface("org.ktally1.Files", Callbacks::files());
    publish_interface("org.ktally1.Vfs", Callbacks::vfs());
    publish_interface("org.ktally1.Processes", Callbacks::processes());
}

UnitObjects::~UnitObjects()
{
    watch_.tell({});
}

void UnitObjects::subscribe(bool wanted)
{
    if (wanted && !subscribed_) {
        read_once();
        for (auto &[path, object] : objects_) {
            object.published = object.unit.totals;
            object.zombies_published = zombies(object.unit);
        }
    }
    subscribed_ = wanted;
}

void UnitObjects::read_sample(MonotonicTime now)
{
    if (!subscribed_ && !watch_.due(now))
        return;
    forget_readings();
    units_read_ = true;
    try {
        watch_.read(now);
        unreadable_ = false;
    } catch (const std::exception &failure) {
        if (!std::exchange(unreadable_, true))
            log::warning(std::string{"units cannot be read: "} + failure.what());
    }
}

void UnitObjects::publish_sample()
{
    if (!subscribed_)
        return;
    zombies_.reset(); // they are the sample's from here on
    for (auto &[path, object] : objects_)
        publish(path, object);
}

std::optional<std::string> UnitObjects::path_of(std::string_view name)
{
    if (!units().all().contains(name))
        read_once();
    if (!units().all().contains(name))
        return std::nullopt;
    return path_of_unit(name);
}

std::optional<std::string> UnitObjects::path_of_process(std::uint32_t pid)
{
    const std::vector<Process> processes = accounts_.processes(all_processes);
    const auto process = std::ranges::find(processes, pid, &Process::pid);
    if (process == processes.end())
        return std::nullopt;
    read(); // after the processes: what they are in is there
    return path_of(units().name_of_cgroup(process->cgroup));
}

void UnitObjects::read()
{
    forget_readings();
    read_once();
}

void UnitObjects::forget_readings()
{
    units_read_ = false;
    zombies_.reset();
    descriptors_.reset();
}

void UnitObjects::read_once()
{
    if (std::exchange(units_read_, true)) // before: telling of a unit has sd-bus look for its object
        return;
    watch_.read(now_());
}

std::uint64_t UnitObjects::total(const UnitAccount &unit, Counter counter) const
{
    const auto index = static_cast<std::size_t>(counter);
    return absent_[index] ? absent_total : unit.totals[index];
}

std::uint64_t UnitObjects::zombies(const UnitAccount &unit)
{
    if (!zombies_)
        zombies_ = zombies_by_unit(units(), zombies_now_());
    const auto found = zombies_->find(&unit);
    return found == zombies_->end() ? 0 : found->second;
}

std::uint64_t UnitObjects::descriptors(const UnitAccount &unit)
{
    if (!descriptors_)
        descriptors_ = descriptors_by_unit(units(), accounts_.processes(all_processes));
    const auto found = descriptors_->find(&unit);
    return found == descriptors_->end() ? 0 : found->second;
}

void UnitObjects::add(const std::string &name)
{
    const UnitAccount &unit = units().all().at(name);
    objects_.emplace(path_of_unit(name), Object{*this, unit, unit.totals, 0});
}

void UnitObjects::tell(const Units::Change &change)
{
    zombies_.reset(); // they are by unit
    descriptors_.reset();
    int failure = 0;
    for (const std::string &name : change.removed) {
        const std::string path = path_of_unit(name);
        failure = std::min(failure, sd_bus_emit_object_removed(bus_, path.c_str())); // which has to find it
        objects_.erase(path);
    }
    for (const std::string &name : change.added)
        add(name);
    for (const std::string &name : change.added) {
        const std::string path = path_of_unit(name);
        Object &object = objects_.at(path);
        object.zombies_published = subscribed_ ? zombies(object.unit) : 0;
        failure = std::min(failure, sd_bus_emit_object_added(bus_, path.c_str()));
    }
    if (failure < 0)
        log::warning(std::string{"units that came or went could not be told of: "} + std::strerror(-failure));
}

void UnitObjects::publish(const std::string &path, Object &object)
{
    std::string_view interface;
    std::vector<const char *> changed;
    const auto emit = [&] {
        if (changed.empty())
            return;
        changed.push_back(nullptr);
        // sd-bus does not write to the names.
        check(sd_bus_emit_properties_changed_strv(bus_, path.c_str(), ("org.ktally1." + std::string{interface}).c_str(),
                                                  const_cast<char **>(changed.data())),
              "telling what changed of a unit");
        changed.clear();
    };
    for (const CounterRow &counter : counters) {
        if (counter.interface != interface)
            emit();
        interface = counter.interface;
        const auto index = static_cast<std::size_t>(counter.counter);
        if (!absent_[index] &&
            std::exchange(object.published[index], object.unit.totals[index]) != object.unit.totals[index])
            changed.push_back(counter.property.data());
    }
    // Processes is the last interface of the table.
    if (const std::uint64_t now = zombies(object.unit); std::exchange(object.zombies_published, now) != now)
        changed.push_back("ZombiesCurrent");
    emit();
}

} // namespace ktally
