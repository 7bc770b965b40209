// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The generated proxies as a test uses them: blocking, one connection for all.
#pragma once

#include "sdbus.hpp"

#include "org.ktally1.Files-proxy.hpp"
#include "org.ktally1.Manager-proxy.hpp"
#include "org.ktally1.Processes-proxy.hpp"
#include "org.ktally1.Vfs-proxy.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace ktally::test {

template <typename Proxy> class Typed : public sdbus::ProxyInterfaces<Proxy> {
public:
    explicit Typed(sdbus::IConnection &connection)
        : sdbus::ProxyInterfaces<Proxy>{connection, dbus::ServiceName{"org.ktally1"}, sdbus::ObjectPath{"/org/ktally1"}}
    {
        this->registerProxy();
    }
    ~Typed() { this->unregisterProxy(); }
};

// Signals are looked at through Client, which keeps their order.
class TypedManager final : public sdbus::ProxyInterfaces<org::ktally1::Manager_proxy> {
public:
    explicit TypedManager(sdbus::IConnection &connection)
        : ProxyInterfaces{connection, dbus::ServiceName{"org.ktally1"}, sdbus::ObjectPath{"/org/ktally1"}}
    {
        registerProxy();
    }
    ~TypedManager() { unregisterProxy(); }

private:
    void onSampleTaken(const std::uint64_t &, const std::uint64_t &) override {}
};

class TypedFiles final : public Typed<org::ktally1::Files_proxy> {
    using Typed::Typed;
    void onDescriptorLeakSuspected(const std::uint32_t &, const std::string &, const std::string &,
                                   const std::uint32_t &, const std::uint64_t &) override
    {
    }
};

class TypedProcesses final : public Typed<org::ktally1::Processes_proxy> {
    using Typed::Typed;
    void onZombieAppeared(const std::uint32_t &, const std::uint32_t &, const std::string &,
                          const std::string &) override
    {
    }
    void onZombieReaped(const std::uint32_t &) override {}
};

struct Proxies {
    std::unique_ptr<sdbus::IConnection> connection = sdbus::createSystemBusConnection();
    TypedFiles files{*connection};
    Typed<org::ktally1::Vfs_proxy> vfs{*connection};
    TypedProcesses processes{*connection};
    TypedManager manager{*connection};
};

} // namespace ktally::test
