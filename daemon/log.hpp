// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Log: one line for people and fields for programs. To the journal if it is what stderr leads to, to stderr otherwise.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace ktally::log {

// syslog(3) priorities
enum class Priority { err = 3, warning = 4, notice = 5, info = 6 };

struct Field {
    std::string_view name; // journal field, upper case: KTALLY_COUNTER
    std::string value;
};

void write(Priority priority, const std::string &message, std::initializer_list<Field> fields = {});

inline void error(const std::string &message, std::initializer_list<Field> fields = {})
{
    write(Priority::err, message, fields);
}
inline void warning(const std::string &message, std::initializer_list<Field> fields = {})
{
    write(Priority::warning, message, fields);
}
inline void notice(const std::string &message, std::initializer_list<Field> fields = {})
{
    write(Priority::notice, message, fields);
}
inline void info(const std::string &message, std::initializer_list<Field> fields = {})
{
    write(Priority::info, message, fields);
}

} // namespace ktally::log
