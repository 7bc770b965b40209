// SPDX-License-Identifier: LGPL-2.1-or-later
#include "log.hpp"

#include <sys/stat.h>
#include <sys/uio.h>
// Where in the source an entry was made says nothing: it is always here.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <vector>

namespace ktally::log {
namespace {

// A log whose reader left is no reason to end.
bool ignore_closed_pipe()
{
    return std::signal(SIGPIPE, SIG_IGN) != SIG_ERR;
}

// systemd.exec(5), $JOURNAL_STREAM: device and inode of the socket that the service manager put on stderr.
bool stderr_is_the_journal()
{
    const char *stream = std::getenv("JOURNAL_STREAM");
    struct stat status {};
    return stream && fstat(STDERR_FILENO, &status) == 0 &&
           stream == std::to_string(status.st_dev) + ':' + std::to_string(status.st_ino);
}

// What a client wrote may be in a message: it must not look like another line.
std::string one_line(std::string text)
{
    std::ranges::replace_if(
        text, [](unsigned char letter) { return letter < ' ' || letter == 0x7f; }, '?');
    return text;
}

bool write_to_journal(Priority priority, const std::string &message, std::initializer_list<Field> fields)
{
    std::vector<std::string> texts{"MESSAGE=" + one_line(message),
                                   "PRIORITY=" + std::to_string(static_cast<int>(priority)),
                                   "SYSLOG_IDENTIFIER=ktallyd"};
    for (const Field &field : fields)
        texts.push_back(std::string{field.name} + '=' + field.value);
    std::vector<iovec> parts;
    for (std::string &text : texts)
        parts.push_back({text.data(), text.size()});
    return sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) == 0;
}

} // namespace

void write(Priority priority, const std::string &message, std::initializer_list<Field> fields)
{
    static const bool to_journal = stderr_is_the_journal();
    if (to_journal && write_to_journal(priority, message, fields))
        return;
    [[maybe_unused]] static const bool ignored = ignore_closed_pipe();
    const std::string line = "ktallyd: " + one_line(message) + '\n';
    // Nobody is left to be told that the log cannot be written (a full disk, a closed pipe).
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

} // namespace ktally::log
