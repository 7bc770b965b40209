// SPDX-License-Identifier: LGPL-2.1-or-later
#include "value.hpp"

#include "core/counters.hpp"
#include "format.hpp"

#include <cstdint>
#include <map>
#include <optional>

namespace ktally {
namespace {

using Dictionary = std::map<std::string, sdbus::Variant>;
using FourStrings = sdbus::Struct<std::string, std::string, std::string, std::string>;

Json json_of(const Dictionary &dictionary)
{
    Json object = Json::object();
    for (const auto &[key, value] : dictionary)
        object[key] = ktally::json_of(value);
    return object;
}

Json json_of(const FourStrings &row)
{
    return Json::array({std::get<0>(row), std::get<1>(row), std::get<2>(row), std::get<3>(row)});
}

template <typename T> Json json_of(const std::vector<T> &values)
{
    Json array = Json::array();
    for (const T &value : values)
        array.push_back(json_of(value));
    return array;
}

template <typename T> std::optional<Json> json_as(const sdbus::Variant &value)
{
    if (!value.containsValueOfType<T>())
        return std::nullopt;
    return Json(value.get<T>());
}

// The first type that fits.
template <typename... T> std::optional<Json> json_as_one_of(const sdbus::Variant &value)
{
    std::optional<Json> json;
    ((json = json ? json : json_as<T>(value)), ...);
    return json;
}

std::string text(const Json &value)
{
    if (value.is_string())
        return printable(value.get<std::string>());
    if (value.is_boolean())
        return value.get<bool>() ? "yes" : "no";
    return value.dump();
}

std::string structure_text(const Json &value)
{
    std::string text_of_all = "{";
    for (const auto &[key, member] : value.items())
        text_of_all.append(text_of_all.size() > 1 ? " ; " : " ")
            .append(value.is_object() ? key + '=' : std::string{})
            .append(text(member));
    return text_of_all + " }";
}

} // namespace

Json json_of(const sdbus::Variant &value)
{
    if (const auto json = json_as_one_of<std::uint64_t, std::uint32_t, std::int64_t, std::int32_t, bool, double,
                                         std::string, std::vector<std::string>>(value))
        return *json;
    if (value.containsValueOfType<std::vector<FourStrings>>())
        return json_of(value.get<std::vector<FourStrings>>());
    if (value.containsValueOfType<std::vector<Dictionary>>())
        return json_of(value.get<std::vector<Dictionary>>());
    return nullptr;
}

Json json_of_total(std::uint64_t total)
{
    return total == absent_total ? Json(nullptr) : Json(total);
}

std::vector<std::string> lines_of(const Json &value)
{
    if (!value.is_array())
        return {text(value)};
    std::vector<std::string> lines;
    std::string words;
    for (const Json &element : value) {
        if (element.is_structured())
            lines.push_back(structure_text(element));
        else
            words.append(words.empty() ? "" : " ").append(text(element));
    }
    if (lines.empty())
        lines.push_back(words);
    return lines;
}

} // namespace ktally
