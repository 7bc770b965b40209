// SPDX-License-Identifier: LGPL-2.1-or-later
#include "garbage.hpp"

#include <cstdint>
#include <iterator>
#include <string_view>

namespace ktally::test {
namespace {

constexpr std::string_view basic_types = "ybnqiuxtdsog";
constexpr int deepest = 5;
constexpr std::size_t deepest_variant = 50; // the bus throws clients out at 64 containers in each other

struct Member {
    const char *interface;
    const char *name;
    const char *types;
};

// Of the first complete type of a signature.
std::size_t length(std::string_view types)
{
    if (types[0] == 'a')
        return 1 + length(types.substr(1));
    int depth = 0;
    for (std::size_t index = 0;; ++index) {
        depth += (types[index] == '(' || types[index] == '{') - (types[index] == ')' || types[index] == '}');
        if (depth == 0)
            return index + 1;
    }
}

} // namespace

Message Garbage::plausible(const Client &client)
{
    static constexpr Member members[] = {
        {"org.ktally1.Manager", "SetReturnProgram", "b"},     {"org.ktally1.Manager", "HoldReturnProgram", "s"},
        {"org.ktally1.Manager", "ReleaseReturnProgram", "u"}, {"org.ktally1.Files", "GetErrors", ""},
        {"org.freedesktop.DBus.Properties", "Get", "ss"},     {"org.freedesktop.DBus.Properties", "GetAll", "s"},
        {"org.freedesktop.DBus.Properties", "Set", "ssv"},    {"org.ktally1.Manager", "Subscribe", ""},
        {"org.ktally1.Manager", "Unsubscribe", ""},           {"org.ktally1.Manager", "GetUnit", "s"},
        {"org.ktally1.Manager", "GetUnitByPID", "u"},         {"org.ktally1.Manager", "ListTopProcesses", "sua{sv}"},
        {"org.ktally1.Processes", "ListZombies", ""},
    };
    const Member &member = members[number(std::size(members))];
    Message call = client.method_call("org.ktally1", "/org/ktally1", member.interface, member.name);
    for (std::string_view types = member.types; !types.empty(); types.remove_prefix(length(types)))
        append(*call, std::string{types.substr(0, length(types))});
    return call;
}

Message Garbage::arbitrary(const Client &client)
{
    static constexpr const char *paths[] = {"/org/ktally1",
                                            "/org/ktally1",
                                            "/",
                                            "/org/ktally1/unit/x",
                                            "/org/ktally1/unit",
                                            "/org/ktally1/unit/_2d_2eslice",
                                            "/org"};
    static constexpr const char *interfaces[] = {"org.ktally1.Manager",
                                                 "org.ktally1.Files",
                                                 "org.ktally1.Vfs",
                                                 "org.ktally1.Processes",
                                                 "org.ktally1.Unit",
                                                 "org.ktally1.Nothing",
                                                 "org.freedesktop.DBus.Properties",
                                                 "org.freedesktop.DBus.Introspectable",
                                                 "org.freedesktop.DBus.Peer",
                                                 "org.freedesktop.DBus.ObjectManager",
                                                 nullptr};
    static constexpr const char *members[] = {"SetReturnProgram",
                                              "HoldReturnProgram",
                                              "ReleaseReturnProgram",
                                              "GetErrors",
                                              "ListZombies",
                                              "ListTopProcesses",
                                              "Subscribe",
                                              "GetUnit",
                                              "GetUnitByPID",
                                              "Get",
                                              "GetAll",
                                              "Set",
                                              "Introspect",
                                              "Ping",
                                              "GetMachineId",
                                              "GetManagedObjects",
                                              "SampleTaken",
                                              "Reads"};
    Message call = client.method_call("org.ktally1", any_of(paths), any_of(interfaces), any_of(members));
    for (std::size_t left = number(5); left > 0; --left)
        append(*call, signature(0));
    if (number(20) == 0)
        append_nested(*call, 1 + number(deepest_variant));
    return call;
}

Message Garbage::message(const Client &client)
{
    constexpr std::size_t share = 20; // of each of the others
    switch (number(share)) {
    case 0:
        return signal(client);
    case 1: {
        Message silent = call(client);
        sd_bus_message_set_expect_reply(silent.get(), 0);
        return silent;
    }
    default:
        return call(client);
    }
}

// To the daemon alone, as a client can send it any.
Message Garbage::signal(const Client &client)
{
    static constexpr const char *interfaces[] = {"org.freedesktop.DBus", "org.freedesktop.DBus.Properties",
                                                 "org.ktally1.Manager"};
    static constexpr const char *members[] = {"NameOwnerChanged", "NameLost", "PropertiesChanged", "SampleTaken"};
    sd_bus_message *message = nullptr;
    sd_bus_message_new_signal(client.bus(), &message, "/org/freedesktop/DBus", any_of(interfaces), any_of(members));
    Message garbage{message};
    sd_bus_message_set_destination(message, "org.ktally1");
    for (std::size_t left = number(5); left > 0; --left)
        append(*message, number(2) == 0 ? "s" : signature(0));
    return garbage;
}

std::string Garbage::signature(int depth)
{
    const std::size_t kind = number(depth < deepest ? 18 : basic_types.size());
    if (kind < basic_types.size())
        return std::string{basic_types[kind]};
    if (kind < 14)
        return "a" + signature(depth + 1);
    if (kind < 15)
        return "a{" + std::string{basic_types[number(basic_types.size())]} + signature(depth + 1) + "}";
    if (kind < 16)
        return "v";
    std::string members;
    for (std::size_t left = 1 + number(4); left > 0; --left)
        members += signature(depth + 1);
    return "(" + members + ")";
}

std::string Garbage::text()
{
    static constexpr const char *words[] = {"org.ktally1.Files",
                                            "org.ktally1.Manager",
                                            "Vfs.Reads",
                                            "-.slice",
                                            "Opened",
                                            "ReturnProgramHolds",
                                            "Probes",
                                            "%s%n%s",
                                            "\u00e9\u20ac",
                                            "../../etc/passwd"};
    switch (number(4)) {
    case 0:
        return {};
    case 1:
        return std::string(number(number(50) == 0 ? 1'000'000 : 2'000), 'x');
    default:
        return any_of(words);
    }
}

// A variant in a variant in a variant.
void Garbage::append_nested(sd_bus_message &message, std::size_t depth)
{
    for (std::size_t level = 1; level < depth; ++level)
        sd_bus_message_open_container(&message, 'v', "v");
    append_contents(message, 'v', "s");
    for (std::size_t level = 1; level < depth; ++level)
        sd_bus_message_close_container(&message);
}

// One complete type.
void Garbage::append(sd_bus_message &message, const std::string &types)
{
    const std::uint64_t bits = random_();
    const int truth = bits & 1;
    switch (types[0]) {
    case 's':
        sd_bus_message_append(&message, "s", text().c_str());
        break;
    case 'o':
        sd_bus_message_append(&message, "o", "/a/path");
        break;
    case 'g':
        sd_bus_message_append(&message, "g", "a{sv}");
        break;
    case 'b':
        sd_bus_message_append_basic(&message, 'b', &truth);
        break;
    case 'v':
        append_contents(message, 'v', signature(deepest - 2));
        break;
    case 'a':
        append_contents(message, 'a', types.substr(1));
        break;
    case '(':
        append_contents(message, 'r', types.substr(1, types.size() - 2));
        break;
    case '{':
        append_contents(message, 'e', types.substr(1, types.size() - 2));
        break;
    default:
        sd_bus_message_append_basic(&message, types[0], &bits);
    }
}

void Garbage::append_contents(sd_bus_message &message, char container, const std::string &contents)
{
    sd_bus_message_open_container(&message, container, contents.c_str());
    for (std::size_t rounds = container == 'a' ? number(4) : 1; rounds > 0; --rounds)
        for (std::size_t at = 0; at < contents.size();) {
            const std::size_t size = length(std::string_view{contents}.substr(at));
            append(message, contents.substr(at, size));
            at += size;
        }
    sd_bus_message_close_container(&message);
}

} // namespace ktally::test
