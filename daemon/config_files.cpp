// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config_files.hpp"

#include <ini.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>
#include <string_view>
#include <system_error>

namespace ktally {
namespace {

namespace fs = std::filesystem;

constexpr const char *main_file = "ktally/ktallyd.conf";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf"; // some editors put it in front of UTF-8

// A line without its comment and the spaces around the rest. inih would pass over a key with ';' in it in silence, and
// take an indented line for more of the value above.
std::string_view stripped(std::string_view line)
{
    constexpr std::string_view spaces = " \t\r\v\f";
    std::size_t comment = line.find_first_of("#;");
    while (comment != line.npos && comment > 0 && spaces.find(line[comment - 1]) == spaces.npos)
        comment = line.find_first_of("#;", comment + 1);
    line = line.substr(0, comment);
    line.remove_prefix(std::min(line.find_first_not_of(spaces), line.size()));
    return line.substr(0, line.find_last_not_of(spaces) + 1);
}

// The form of a line: nothing, a section, or a key and a value. inih would tell of the first wrong line only, and of
// nothing behind a section.
bool well_formed(std::string_view line)
{
    if (line.empty())
        return true;
    return line.front() == '[' ? line.find(']') == line.size() - 1 : line.find('=') != line.npos;
}

// inih knows no line of a key either, so its reader is handed one line at a time and keeps count.
class FileReader {
public:
    FileReader(LoadedConfig &loaded, const fs::path &file, std::ifstream &stream)
        : loaded_{loaded}, file_{file}, stream_{stream}
    {
    }

    void read()
    {
        if (ini_parse_stream(&next_line, this, &assign_key, this) < 0)
            throw std::system_error{ENOMEM, std::generic_category(), file_.string()};
    }

private:
    static char *next_line(char *buffer, int size, void *self)
    {
        return static_cast<FileReader *>(self)->next_line(buffer, static_cast<std::size_t>(size));
    }

    static int assign_key(void *self, const char *section, const char *key, const char *value)
    {
        auto &reader = *static_cast<FileReader *>(self);
        if (const auto wrong = assign(reader.loaded_.config, section, key, value))
            reader.warn(*wrong);
        return 1;
    }

    char *next_line(char *buffer, std::size_t size)
    {
        std::string text;
        if (!std::getline(stream_, text))
            return nullptr;
        // inih would take it away behind the check of what it is given.
        if (++line_ == 1 && text.starts_with(byte_order_mark))
            text.erase(0, byte_order_mark.size());
        const std::string_view line = stripped(text);
        if (line.size() >= size)
            warn("line of more than " + std::to_string(size - 1) + " bytes");
        else if (line.find('\0') != line.npos)
            warn("line with a NUL byte");
        else if (!well_formed(line) || line.starts_with(byte_order_mark)) // inih would take away another
            warn("neither a [section] nor Key=value");
        else
            return terminated(buffer, line);
        return terminated(buffer, {});
    }

    static char *terminated(char *buffer, std::string_view text)
    {
        buffer[text.copy(buffer, text.size())] = '\0';
        return buffer;
    }

    void warn(const std::string &what) { loaded_.warnings.push_back({file_, line_, what + "; ignored"}); }

    LoadedConfig &loaded_;
    const fs::path &file_;
    std::ifstream &stream_;
    int line_ = 0;
};

void read_file(LoadedConfig &loaded, const fs::path &file)
{
    std::ifstream stream;
    errno = 0;
    if (fs::is_directory(file))
        errno = EISDIR;
    else
        stream.open(file);
    if (!stream.is_open())
        throw std::system_error{errno ? errno : EIO, std::generic_category(), file.string()};
    loaded.files.push_back(file);
    FileReader{loaded, file, stream}.read();
}

// Drop-ins apply in the order of their names; of two with one name the one in the later directory wins.
void read_drop_ins(LoadedConfig &loaded, const std::vector<fs::path> &directories)
{
    std::map<fs::path, fs::path> files; // by name
    for (const fs::path &directory : directories) {
        std::error_code error;
        for (const auto &entry : fs::directory_iterator{directory, error})
            if (entry.path().extension() == ".conf")
                files[entry.path().filename()] = entry.path();
        if (error && error != std::errc::no_such_file_or_directory)
            loaded.warnings.push_back({directory, 0, "cannot be read: " + error.message()});
    }
    for (const auto &[name, file] : files) {
        try {
            read_file(loaded, file);
        } catch (const std::system_error &error) {
            loaded.warnings.push_back({file, 0, "cannot be read: " + error.code().message()});
        }
    }
}

} // namespace

LoadedConfig load_config()
{
    const std::vector<fs::path> roots{"/usr/lib", "/run", "/etc"};
    LoadedConfig loaded;
    for (auto root = roots.rbegin(); root != roots.rend(); ++root) {
        const fs::path file = *root / main_file;
        std::error_code error;
        if (!fs::exists(file, error) && !error)
            continue;
        try {
            read_file(loaded, file);
        } catch (const std::system_error &failure) {
            loaded.warnings.push_back({file, 0, "cannot be read: " + failure.code().message()});
        }
        break;
    }
    std::vector<fs::path> directories;
    for (const fs::path &root : roots)
        directories.push_back((root / main_file).string() + ".d");
    read_drop_ins(loaded, directories);
    return loaded;
}

LoadedConfig load_config(const fs::path &file)
{
    LoadedConfig loaded;
    read_file(loaded, file);
    read_drop_ins(loaded, {file.string() + ".d"});
    return loaded;
}

} // namespace ktally
