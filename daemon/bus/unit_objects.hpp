// SPDX-License-Identifier: LGPL-2.1-or-later
//
// UnitObjects: the systemd units on the bus, below /org/ktally1/unit, and the ObjectManager that tells of them. Made of
// sd-bus itself, where hundreds of objects share one description; sdbus-c++ keeps one for each, some kilobytes.
#pragma once

#include "core/source.hpp"
#include "core/unit_gauges.hpp"
#include "core/unit_watch.hpp"
#include "sdbus.hpp"

#include <bitset>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ktally {

class UnitObjects {
public:
    // The zombies there are now; while a sample is published, that sample's.
    using ZombiesNow = std::function<std::vector<Zombies::Zombie>()>;

    // All references must outlive this. Reads the units there are; throws sdbus::Error.
    UnitObjects(sdbus::IConnection &connection, UnitWatch &watch, Source &source, ZombiesNow zombies,
                std::function<MonotonicTime()> now);
    UnitObjects(const UnitObjects &) = delete;
    UnitObjects &operator=(const UnitObjects &) = delete;
    ~UnitObjects();

    // Whether samples tell of units whose counters changed. The first of them compares with what is read now.
    void subscribe(bool wanted);

    // A sample: reads the units if somebody subscribed or some came or went, and tells of those; then what changed, for
    // the subscribers. What cannot be read is logged, and the units stay as they were.
    void read_sample(MonotonicTime now);
    void publish_sample();

    // The object of a unit, and of the one that a process is in. They read the accounts where they must.
    std::optional<std::string> path_of(std::string_view name);
    std::optional<std::string> path_of_process(std::uint32_t pid);

    // Reads the units, and tells of those that came and went.
    void read();
    const Units &units() const { return watch_.units(); }

private:
    struct Callbacks; // what sd-bus calls
    struct Object {
        UnitObjects &owner;
        const UnitAccount &unit;
        Totals published; // those the subscribers know
        std::uint64_t zombies_published;
    };
    struct Unref {
        void operator()(sd_bus_slot *slot) const { sd_bus_slot_unref(slot); }
    };

    void forget_readings();
    void read_once();
    std::uint64_t total(const UnitAccount &unit, Counter counter) const;
    std::uint64_t zombies(const UnitAccount &unit);
    std::uint64_t descriptors(const UnitAccount &unit);
    void add(const std::string &name);
    void tell(const Units::Change &change);
    void publish(const std::string &path, Object &object);

    sd_bus *bus_;
    UnitWatch &watch_;
    Accounts &accounts_;
    ZombiesNow zombies_now_;
    std::function<MonotonicTime()> now_;
    std::bitset<counter_count> absent_;                  // what the kernel cannot count
    std::map<std::string, Object, std::less<>> objects_; // by path
    bool subscribed_ = false;
    bool unreadable_ = false; // the last sample could not read them
    // What was read for the message that is being processed, or for a sample.
    bool units_read_ = false;
    std::optional<UnitGauge> zombies_;
    std::optional<UnitGauge> descriptors_;
    std::vector<std::unique_ptr<sd_bus_slot, Unref>> slots_;
};

} // namespace ktally
