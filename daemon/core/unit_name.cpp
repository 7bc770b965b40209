// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/unit_name.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace ktally {
namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

// systemd.unit(5)
constexpr std::size_t longest_unit_name = 255;
constexpr std::array<std::string_view, 11> unit_types{"automount", "device", "mount", "path",   "scope", "service",
                                                      "slice",     "socket", "swap",  "target", "timer"};

bool is_unit_name_character(char character)
{
    return digits.find(character) != digits.npos || letters.find(character) != letters.npos ||
           std::string_view{":-_.\\@"}.find(character) != std::string_view::npos;
}

// Of a unit that can exist: an instance of a template, but not the template.
bool is_unit_name(std::string_view name)
{
    const std::size_t dot = name.rfind('.');
    if (name.size() > longest_unit_name || dot == name.npos || dot == 0)
        return false;
    if (std::ranges::find(unit_types, name.substr(dot + 1)) == unit_types.end())
        return false;
    const std::string_view stem = name.substr(0, dot);
    const std::size_t at = stem.find('@');
    return std::ranges::all_of(stem, is_unit_name_character) && at != 0 && at != stem.size() - 1;
}

// systemd puts a '_' before a name that could be a file of the kernel's, such as "cpu.service" or "_x.service".
std::string_view unescaped(std::string_view directory)
{
    if (directory.starts_with('_'))
        directory.remove_prefix(1);
    return directory;
}

bool is_slice(std::string_view directory)
{
    return directory.ends_with(".slice") && is_unit_name(unescaped(directory)) &&
           directory.find('@') == directory.npos; // slices have no templates
}

bool is_user_manager(std::string_view directory)
{
    constexpr std::string_view prefix = "user@";
    constexpr std::string_view suffix = ".service";
    if (!directory.starts_with(prefix) || !directory.ends_with(suffix) ||
        directory.size() <= prefix.size() + suffix.size())
        return false;
    const std::string_view uid = directory.substr(prefix.size(), directory.size() - prefix.size() - suffix.size());
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(uid.data(), uid.data() + uid.size(), value);
    return error == std::errc{} && end == uid.data() + uid.size();
}

// The names of the directories in a path, one after the other.
class Walk {
public:
    explicit Walk(std::string_view path) : path_{path} { next(); }

    std::string_view directory() const { return path_.substr(begin_, end_ - begin_); } // empty at the end
    std::string_view so_far() const { return path_.substr(0, end_); }

    void next()
    {
        begin_ = std::min(path_.find_first_not_of('/', end_), path_.size());
        end_ = std::min(path_.find('/', begin_), path_.size());
    }

private:
    std::string_view path_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

struct Found {
    std::string_view directory;
    std::string_view cgroup;
};

// The unit, of one service manager, that the walk comes through, or the slice it does not come out of. The walk then
// stands behind it.
std::optional<Found> find_unit(Walk &walk)
{
    std::optional<Found> slice;
    for (; is_slice(walk.directory()); walk.next())
        slice = {walk.directory(), walk.so_far()};
    const Found unit{walk.directory(), walk.so_far()};
    const std::string_view name = unescaped(unit.directory);
    if (!is_unit_name(name) || name.ends_with(".slice"))
        return slice;
    walk.next();
    return unit;
}

} // namespace

UnitName unit_of_cgroup(std::string_view path)
{
    Walk walk{path};
    const auto unit = find_unit(walk);
    if (!unit)
        return {"-.slice", path.starts_with('/') ? path.substr(0, 1) : "/"};
    UnitName found{std::string{unescaped(unit->directory)}, unit->cgroup};
    if (!is_user_manager(unit->directory))
        return found;
    if (const auto users = find_unit(walk)) {
        found.name.append("/").append(unescaped(users->directory));
        found.cgroup = users->cgroup;
    }
    return found;
}

std::string escape_for_object_path(std::string_view name)
{
    constexpr std::string_view hex = "0123456789abcdef";
    if (name.empty())
        return "_";
    std::string escaped;
    for (char character : name) {
        const bool digit = digits.find(character) != digits.npos;
        if ((digit && !escaped.empty()) || letters.find(character) != letters.npos) {
            escaped += character;
            continue;
        }
        const auto byte = static_cast<unsigned char>(character);
        escaped += {'_', hex[byte >> 4], hex[byte & 0xf]};
    }
    return escaped;
}

} // namespace ktally
