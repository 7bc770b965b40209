// SPDX-License-Identifier: LGPL-2.1-or-later
#include "commands.hpp"

#include "client.hpp"
#include "format.hpp"
#include "names.hpp"
#include "report.hpp"
#include "terminal.hpp"

#include <algorithm>
#include <set>

namespace ktally {
namespace {

struct Selection {
    std::string_view interface;
    std::vector<std::string> properties; // none: all
};

std::string_view short_name(std::string_view interface)
{
    constexpr std::string_view prefix = "org.ktally1.";
    return interface.starts_with(prefix) ? interface.substr(prefix.size()) : interface;
}

bool has(std::string_view interface, std::string_view property)
{
    return std::ranges::count(property_names(interface), property) > 0;
}

// Which interfaces, in their usual order whatever the order of the arguments.
std::vector<Selection> selected_interfaces(const std::vector<std::string> &wanted)
{
    const auto known = interfaces();
    for (const std::string &name : wanted)
        if (std::ranges::find(known, short_name(name)) == known.end())
            throw Failure{Exit::usage, "unknown interface " + name + "; see ktallyctl show --list"};
    std::vector<Selection> selections;
    for (std::string_view interface : known)
        if (wanted.empty() || std::ranges::find(wanted, interface, short_name) != wanted.end())
            selections.push_back({interface, {}});
    return selections;
}

std::vector<Selection> select(const ShowRequest &request)
{
    std::vector<Selection> selections = selected_interfaces(request.interfaces);
    if (request.properties.empty())
        return selections;
    for (const std::string &wanted : request.properties) {
        const std::string_view name = short_name(wanted);
        const std::size_t dot = name.find('.');
        const std::string_view property = dot == name.npos ? name : name.substr(dot + 1);
        bool found = false;
        for (Selection &selection : selections) {
            if ((dot == name.npos || selection.interface == name.substr(0, dot)) &&
                has(selection.interface, property)) {
                selection.properties.emplace_back(property);
                found = true;
            }
        }
        if (!found)
            throw Failure{Exit::usage, "unknown property " + wanted + "; see ktallyctl show --list"};
    }
    std::erase_if(selections, [](const Selection &selection) { return selection.properties.empty(); });
    return selections;
}

Json json_of_property(std::string_view interface, const sdbus::Variant &value)
{
    if (interface != manager_interface && value.containsValueOfType<std::uint64_t>())
        return json_of_total(value.get<std::uint64_t>());
    return json_of(value);
}

// The wanted properties in their usual order, then what a newer daemon has.
Json properties(const Selection &selection, const Properties &values)
{
    Json object = Json::object();
    const auto add = [&](const std::string &name, const sdbus::Variant &value) {
        if (selection.properties.empty() || std::ranges::count(selection.properties, name) > 0)
            object[name] = json_of_property(selection.interface, value);
    };
    for (std::string_view name : property_names(selection.interface))
        if (const auto found = values.find(dbus::PropertyName{std::string{name}}); found != values.end())
            add(found->first, found->second);
    for (const auto &[name, value] : values)
        if (!has(selection.interface, name))
            add(name, value);
    return object;
}

std::string text(std::string_view interface, const Json &object, bool values_only)
{
    std::string lines;
    for (const auto &[name, value] : object.items()) {
        const auto texts = value.is_null() ? std::vector{total_text(absent_total)} : lines_of(value);
        for (const std::string &line : texts) {
            if (!values_only)
                lines.append(interface).append(".").append(name).append("=");
            lines.append(line).append("\n");
        }
    }
    return lines;
}

std::string list(const std::vector<Selection> &selections)
{
    std::string lines;
    for (const Selection &selection : selections)
        for (std::string_view name : property_names(selection.interface))
            if (selection.properties.empty() || std::ranges::count(selection.properties, name) > 0)
                lines.append(selection.interface).append(".").append(name).append("\n");
    return lines;
}

} // namespace

int show_properties(const ShowRequest &request, const Output &output)
{
    const std::vector<Selection> selections = select(request);
    if (request.list) {
        print(list(selections));
        return static_cast<int>(Exit::ok);
    }
    Client client;
    Json all = Json::object();
    std::string lines;
    for (const Selection &selection : selections) {
        const Json object = properties(selection, client.properties(selection.interface));
        lines += text(selection.interface, object, request.values_only);
        all[std::string{selection.interface}] = object;
    }
    const Pager pager{output.pager};
    if (output.json != JsonMode::off)
        print(all, output.json);
    else
        print(lines);
    return static_cast<int>(Exit::ok);
}

} // namespace ktally
