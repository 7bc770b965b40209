// SPDX-License-Identifier: LGPL-2.1-or-later
//
// org.ktally1.Manager on the bus: what the daemon says of itself, and who may switch or hold the return program. The
// decisions are ReturnProgram's and polkit's; this translates, tells clients and logs.
#pragma once

#include "bus/accounting.hpp"
#include "bus/questions.hpp"
#include "core/return_program.hpp"
#include "core/sampler.hpp"
#include "sdbus.hpp"

#include "org.ktally1.Manager-adaptor.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace ktally {

class Manager final : public sdbus::AdaptorInterfaces<org::ktally1::Manager_adaptor> {
public:
    struct Facts {
        std::string version;
        MonotonicTime start;
        std::chrono::microseconds interval;
    };

    // `now` is asked when a hold begins; `on_change` is called after its switch or
    // its holds changed, before anybody learns of it.
    Manager(sdbus::IConnection &connection, sd_event *event, const sdbus::ObjectPath &path, Source &source,
            ReturnProgram &return_program, UnitObjects &units, Facts facts, std::function<MonotonicTime()> now,
            std::function<void()> on_change);
    ~Manager();

    void publish(const Sample &sample);
    void set_interval(std::chrono::microseconds interval);

    // The switch as the configuration wants it. A failure is logged, not thrown.
    void configure_return_program(bool enabled);

private:
    using Properties = std::vector<std::map<std::string, sdbus::Variant>>;

    void SetReturnProgram(sdbus::Result<> &&result, bool enabled) override;
    void HoldReturnProgram(sdbus::Result<std::uint32_t> &&result, std::string reason) override;
    void ReleaseReturnProgram(const std::uint32_t &cookie) override;
    void Subscribe() override;
    void Unsubscribe() override;
    sdbus::ObjectPath GetUnit(const std::string &name) override;
    void GetUnitByPID(sdbus::Result<sdbus::ObjectPath> &&result, std::uint32_t pid) override;
    void ListTopProcesses(sdbus::Result<std::vector<Accounting::Row>> &&result, std::string counter,
                          std::uint32_t limit, Accounting::Options options) override;
    std::uint64_t EventsUnattributed() override { return source_.unattributed(); }
    std::string Version() override { return facts_.version; }
    std::string Backend() override;
    std::vector<std::string> Features() override;
    std::vector<sdbus::Struct<std::string, std::string, std::string, std::string>> Probes() override;
    std::uint64_t StartTimestampMonotonicUSec() override;
    std::uint64_t SampleIntervalUSec() override;
    bool ReturnProgramEnabled() override { return return_program_.enabled(); }
    bool ReturnProgramActive() override { return return_program_.active(); }
    Properties ReturnProgramHolds() override;

    Caller caller() const; // of the method being handled

    // Changes the return program and tells everybody what changed. Throws sdbus::Error.
    template <typename Change> void change_return_program(const std::string &by, std::uint32_t uid, Change change);

    void client_left(const std::string &name);

    Source &source_;
    ReturnProgram &return_program_;
    Facts facts_;
    std::function<MonotonicTime()> now_;
    std::function<void()> on_change_;
    Questions questions_;
    Accounting accounting_;
    sdbus::Slot departures_;
};

} // namespace ktally
