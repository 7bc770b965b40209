// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Client: a connection to the system bus in the hands of a test, which may be another user's. Made of plain sd-bus, so
// that it can say everything, right or wrong.
#pragma once

#include "eventually.hpp"

#include <systemd/sd-bus.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ktally::test {

inline constexpr uid_t nobody = 65534;
inline constexpr uid_t another_user = 1; // daemon, which every distribution has

struct UnrefMessage {
    void operator()(sd_bus_message *message) const { sd_bus_message_unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, UnrefMessage>;

struct Reply {
    Message message;

    std::string error() const; // name, empty if all is well
    std::string text() const;  // of the error
    std::uint32_t number() const;
    std::string path() const; // o
};

struct Signal {
    std::string path;
    std::string member;
    std::string interface;                                       // of PropertiesChanged: whose
    std::map<std::string, std::optional<std::uint64_t>> changed; // t and b; nothing for other types
    std::vector<std::string> invalidated;
    std::uint64_t timestamp_usec = 0; // of SampleTaken
    std::uint64_t interval_usec = 0;
    std::string object;                 // of InterfacesAdded and InterfacesRemoved
    std::vector<std::string> arguments; // of the others: s, u and t

    bool operator==(const Signal &) const = default;
};

class Client {
public:
    // Connects as `uid` if it is given. Throws std::system_error.
    explicit Client(std::optional<uid_t> uid = std::nullopt);

    std::string name() const;
    sd_bus *bus() const { return bus_.get(); }

    // A call of a member of an object, which is /org/ktally1 where it isn't named; arguments as
    // sd_bus_message_append(3) takes them.
    template <typename... Arguments>
    Message method(const char *interface, const char *member, const char *types, Arguments... arguments) const
    {
        return method_at("/org/ktally1", interface, member, types, arguments...);
    }
    template <typename... Arguments>
    Message method_at(const std::string &path, const char *interface, const char *member, const char *types,
                      Arguments... arguments) const
    {
        Message call = method_call("org.ktally1", path.c_str(), interface, member);
        if (*types)
            append(*call, types, arguments...);
        return call;
    }
    Message method_call(const char *destination, const char *path, const char *interface, const char *member) const;

    Reply send(const Message &call) const;

    template <typename... Arguments>
    Reply call(const char *interface, const char *member, const char *types, Arguments... arguments) const
    {
        return send(method(interface, member, types, arguments...));
    }
    template <typename... Arguments> Reply manager(const char *member, const char *types, Arguments... arguments) const
    {
        return call("org.ktally1.Manager", member, types, arguments...);
    }
    template <typename... Arguments>
    Reply call_at(const std::string &path, const char *interface, const char *member, const char *types,
                  Arguments... arguments) const
    {
        return send(method_at(path, interface, member, types, arguments...));
    }
    Reply get(const char *interface, const char *property, const std::string &path = "/org/ktally1") const;
    std::uint64_t number(const char *interface, const char *property,
                         const std::string &path = "/org/ktally1") const; // t
    bool boolean(const char *property) const;                             // b, of Manager

    // Begins a call; its reply is there once process() found it.
    std::shared_ptr<Reply> begin(const Message &call);

    // Records the signals of org.ktally1 from here on.
    void watch();
    const std::vector<Signal> &signals() const { return signals_; }

    // Processes what comes in until the condition holds. False if it doesn't in time.
    bool until(const std::function<bool()> &condition, std::chrono::milliseconds patience = 5s);

private:
    struct Close {
        void operator()(sd_bus *bus) const { sd_bus_close_unref(bus); }
    };

    static void append(sd_bus_message &message, const char *types, ...);

    std::vector<Signal> signals_;
    std::unique_ptr<sd_bus, Close> bus_;
};

} // namespace ktally::test
