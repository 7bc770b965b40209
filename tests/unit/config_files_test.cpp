// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cerrno>
#include <fstream>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>

namespace ktally {

// For the messages of GoogleTest, which looks here.
static void PrintTo(const Warning &warning, std::ostream *out)
{
    *out << warning.file << ':' << warning.line << ": " << warning.message;
}

namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ConfigFiles : public testing::Test {
protected:
    ConfigFiles() { fs::create_directory(drop_ins()); }
    ~ConfigFiles() override { fs::remove_all(directory_); }

    fs::path file() const { return directory_ / "ktallyd.conf"; }
    fs::path drop_ins() const { return directory_ / "ktallyd.conf.d"; }

    static void write(const fs::path &path, std::string_view text) { std::ofstream{path, std::ios::binary} << text; }

    LoadedConfig load(std::string_view text) const
    {
        write(file(), text);
        return load_config(file());
    }

    static fs::path made_directory()
    {
        std::string name = "/tmp/ktally-config-XXXXXX";
        if (!mkdtemp(name.data()))
            throw std::system_error{errno, std::generic_category(), name};
        return name;
    }

    const fs::path directory_ = made_directory();
};

MATCHER_P3(WarnsOf, file, line, part, "")
{
    return arg.file == file && arg.line == line && arg.message.find(part) != std::string::npos;
}

std::error_code failure_of(const fs::path &file)
{
    try {
        load_config(file);
    } catch (const std::system_error &error) {
        return error.code();
    }
    return {};
}

TEST_F(ConfigFiles, SayEveryKey)
{
    const LoadedConfig loaded =
        load("[Daemon]\nInterval=2s\nReturnProgram=yes\nBackend=tracepoint\nExclude=vfs_read\nAccounting=no\n"
             "ZombieGraceSec=1min\nLeakSamples=120\nLeakLimitPercent=0\n");
    EXPECT_THAT(loaded.warnings, IsEmpty());
    EXPECT_EQ(loaded.config, (Config{seconds{2}, Backend::tracepoint, true, {"vfs_read"}, false, seconds{60}, 120, 0}));
}

TEST_F(ConfigFiles, MayBeEmpty)
{
    const LoadedConfig loaded = load("");
    EXPECT_THAT(loaded.warnings, IsEmpty());
    EXPECT_EQ(loaded.config, Config{});
}

TEST_F(ConfigFiles, MayHaveCommentsAndEmptyLines)
{
    const LoadedConfig loaded = load("# of today\n\n; and of yesterday\n[Daemon]\n#Interval=5s\nInterval = 2s\n");
    EXPECT_THAT(loaded.warnings, IsEmpty());
    EXPECT_EQ(loaded.config.interval, seconds{2});
}

TEST_F(ConfigFiles, MayEndWithoutANewline)
{
    EXPECT_EQ(load("[Daemon]\nInterval=2s").config.interval, seconds{2});
}

TEST_F(ConfigFiles, MayHaveTheLineEndsOfOtherSystems)
{
    const LoadedConfig loaded = load("[Daemon]\r\nInterval=2s\r\n");
    EXPECT_THAT(loaded.warnings, IsEmpty());
    EXPECT_EQ(loaded.config.interval, seconds{2});
}

TEST_F(ConfigFiles, MayHaveIndentedKeys)
{
    const LoadedConfig loaded = load("[Daemon]\n  Interval=2s\n  ReturnProgram=yes\n");
    EXPECT_THAT(loaded.warnings, IsEmpty());
    EXPECT_EQ(loaded.config, (Config{seconds{2}, std::nullopt, true}));
}

TEST_F(ConfigFiles, MayBeIndentedByAnySpace)
{
    const LoadedConfig loaded = load("[Daemon]\nExclude=vfs_read\n\vInterval=2s\n\fReturnProgram=yes\n");
    EXPECT_THAT(loaded.warnings, IsEmpty());
    EXPECT_EQ(loaded.config, (Config{seconds{2}, std::nullopt, true, {"vfs_read"}}));
}

TEST_F(ConfigFiles, MayHaveCommentsBehindSectionsAndValues)
{
    const LoadedConfig loaded = load("[Daemon] # of today\nInterval=2s ; seldom\nExclude= \t# none\n  # of tomorrow\n");
    EXPECT_THAT(loaded.warnings, IsEmpty());
    EXPECT_EQ(loaded.config, (Config{seconds{2}, std::nullopt}));
}

TEST_F(ConfigFiles, MayHaveCommentsLongerThanALine)
{
    EXPECT_THAT(load("[Daemon]\n#" + std::string(1000, '-') + '\n').warnings, IsEmpty());
}

TEST_F(ConfigFiles, MayBeginWithAByteOrderMark)
{
    const LoadedConfig loaded = load("\xef\xbb\xbf[Daemon]\nInterval=2s\n");
    EXPECT_THAT(loaded.warnings, IsEmpty());
    EXPECT_EQ(loaded.config.interval, seconds{2});
}

TEST_F(ConfigFiles, KeepTheLastOfTwoValues)
{
    EXPECT_EQ(load("[Daemon]\nInterval=2s\nInterval=3s\n").config.interval, seconds{3});
}

TEST_F(ConfigFiles, AreNamedInTheOrderInWhichTheyWereRead)
{
    write(drop_ins() / "10-a.conf", "");
    EXPECT_THAT(load("").files, ElementsAre(file(), drop_ins() / "10-a.conf"));
}

TEST_F(ConfigFiles, CanBePrintedAndReadAgain)
{
    Config config{seconds{2}, Backend::kprobe, true};
    for (const Hook &hook : hooks) // more than a line can hold
        for (std::string_view each : {hook.functions[0], hook.functions[1], hook.tracepoint})
            if (!each.empty())
                config.exclude.emplace(each);
    const LoadedConfig loaded = load(format_config(config));
    EXPECT_THAT(loaded.warnings, IsEmpty());
    EXPECT_EQ(loaded.config, config);
}

TEST_F(ConfigFiles, WarnOfAnUnknownKeyWithItsLine)
{
    EXPECT_THAT(load("[Daemon]\nInterval=2s\nColour=red\n").warnings,
                ElementsAre(WarnsOf(file(), 3, "unknown key \"Colour\"")));
}

TEST_F(ConfigFiles, WarnOfABadValueWithItsLineAndKeepTheDefault)
{
    const LoadedConfig loaded = load("\n[Daemon]\n\nInterval=1us\n");
    EXPECT_THAT(loaded.warnings, ElementsAre(WarnsOf(file(), 4, "Interval=1us is out of range")));
    EXPECT_EQ(loaded.config.interval, seconds{1});
}

TEST_F(ConfigFiles, WarnOfABadValueAndKeepTheGoodOneBefore)
{
    EXPECT_EQ(load("[Daemon]\nInterval=2s\nInterval=0\n").config.interval, seconds{2});
}

TEST_F(ConfigFiles, WarnOfAnUnknownSection)
{
    EXPECT_THAT(load("[Daemons]\nInterval=2s\n").warnings, ElementsAre(WarnsOf(file(), 2, "[Daemons]")));
}

TEST_F(ConfigFiles, WarnOfAKeyBeforeAnySection)
{
    EXPECT_THAT(load("Interval=2s\n").warnings, ElementsAre(WarnsOf(file(), 1, "before any section")));
}

TEST_F(ConfigFiles, WarnOfEachThingThatIsWrong)
{
    EXPECT_THAT(load("[Daemon]\nInterval=0\nColour=red\nBackend=magic\nReturnProgram=maybe\n").warnings,
                ElementsAre(WarnsOf(file(), 2, "Interval"), WarnsOf(file(), 3, "Colour"), WarnsOf(file(), 4, "Backend"),
                            WarnsOf(file(), 5, "ReturnProgram")));
}

TEST_F(ConfigFiles, WarnOfALineThatIsNeitherSectionNorKey)
{
    const LoadedConfig loaded = load("[Daemon]\nInterval 5s\nReturnProgram=yes\n");
    EXPECT_THAT(loaded.warnings, ElementsAre(WarnsOf(file(), 2, "neither")));
    EXPECT_TRUE(loaded.config.return_program);
}

TEST_F(ConfigFiles, WarnOfEveryLineThatIsNeitherSectionNorKey)
{
    EXPECT_THAT(load("[Daemon]\nInterval 5s\nReturnProgram=yes\nBackend fentry\n").warnings,
                ElementsAre(WarnsOf(file(), 2, "neither"), WarnsOf(file(), 4, "neither")));
}

TEST_F(ConfigFiles, WarnOfASectionThatIsNotClosed)
{
    EXPECT_THAT(load("[Daemon\n").warnings, ElementsAre(WarnsOf(file(), 1, "neither")));
}

TEST_F(ConfigFiles, WarnOfAByteOrderMarkThatIsNotTheBeginning)
{
    EXPECT_THAT(load("\v\xef\xbb\xbf[Daemon]=2s\n").warnings, ElementsAre(WarnsOf(file(), 1, "neither")));
    EXPECT_THAT(load("\xef\xbb\xbf\xef\xbb\xbf[Daemon]\n").warnings, ElementsAre(WarnsOf(file(), 1, "neither")));
}

TEST_F(ConfigFiles, WarnOfASectionThatIsNotClosedBehindAByteOrderMark)
{
    EXPECT_THAT(load("\xef\xbb\xbf[Daemon=\n").warnings, ElementsAre(WarnsOf(file(), 1, "neither")));
}

TEST_F(ConfigFiles, WarnOfWhatStandsBehindASection)
{
    EXPECT_THAT(load("[Daemon]Interval=2s\n").warnings, ElementsAre(WarnsOf(file(), 1, "neither")));
    EXPECT_THAT(load("[Daemon]]\n").warnings, ElementsAre(WarnsOf(file(), 1, "neither")));
}

TEST_F(ConfigFiles, WarnOfALineWithoutAValueBeforeItsComment)
{
    EXPECT_THAT(load("[Daemon]\nInterval ;=2s\n").warnings, ElementsAre(WarnsOf(file(), 2, "neither")));
    EXPECT_THAT(load("[Daemon ;]\n").warnings, ElementsAre(WarnsOf(file(), 1, "neither")));
    EXPECT_THAT(load("[Daemon]\nInterval: 2s ;=\n").warnings, ElementsAre(WarnsOf(file(), 2, "neither")));
}

TEST_F(ConfigFiles, WarnOfALineThatIsTooLongAndReadTheRest)
{
    const LoadedConfig loaded = load("[Daemon]\nInterval=" + std::string(100'000, '1') + "\nReturnProgram=yes\n");
    EXPECT_THAT(loaded.warnings, ElementsAre(WarnsOf(file(), 2, "line of more than")));
    EXPECT_TRUE(loaded.config.return_program);
}

TEST_F(ConfigFiles, WarnOfALineWithANulByteAndReadTheRest)
{
    using namespace std::string_view_literals;
    const LoadedConfig loaded = load("[Daemon]\nInterval=2\0s\nReturnProgram=yes\n"sv);
    EXPECT_THAT(loaded.warnings, ElementsAre(WarnsOf(file(), 2, "NUL")));
    EXPECT_EQ(loaded.config, (Config{seconds{1}, std::nullopt, true}));
}

TEST_F(ConfigFiles, SurviveBinaryRubbish)
{
    std::string rubbish;
    for (unsigned byte = 0; byte < 100'000; ++byte)
        rubbish.push_back(static_cast<char>(byte * 2654435761u >> 24));
    const LoadedConfig loaded = load(rubbish);
    EXPECT_EQ(loaded.config, Config{});
    EXPECT_FALSE(loaded.warnings.empty());
}

TEST_F(ConfigFiles, AreOverriddenByDropInsInTheOrderOfTheirNames)
{
    write(drop_ins() / "90-last.conf", "[Daemon]\nInterval=9s\n");
    write(drop_ins() / "10-first.conf", "[Daemon]\nInterval=3s\nReturnProgram=yes\n");
    const LoadedConfig loaded = load("[Daemon]\nInterval=2s\nBackend=kprobe\n");
    EXPECT_EQ(loaded.config, (Config{seconds{9}, Backend::kprobe, true}));
    EXPECT_THAT(loaded.files, ElementsAre(file(), drop_ins() / "10-first.conf", drop_ins() / "90-last.conf"));
}

TEST_F(ConfigFiles, NameTheDropInTheyWarnOf)
{
    write(drop_ins() / "10-wrong.conf", "[Daemon]\nBackend=magic\n");
    EXPECT_THAT(load("").warnings, ElementsAre(WarnsOf(drop_ins() / "10-wrong.conf", 2, "Backend=magic")));
}

TEST_F(ConfigFiles, IgnoreDropInsThatAreNotNamedConf)
{
    write(drop_ins() / "10-old.conf.bak", "[Daemon]\nInterval=9s\n");
    write(drop_ins() / "README", "not configuration");
    const LoadedConfig loaded = load("");
    EXPECT_THAT(loaded.warnings, IsEmpty());
    EXPECT_EQ(loaded.config, Config{});
}

TEST_F(ConfigFiles, DoNotCarryASectionOverIntoADropIn)
{
    write(drop_ins() / "10-a.conf", "Interval=9s\n");
    EXPECT_THAT(load("[Daemon]\n").warnings, ElementsAre(WarnsOf(drop_ins() / "10-a.conf", 1, "before any section")));
}

TEST_F(ConfigFiles, NeedNoDropIns)
{
    fs::remove(drop_ins());
    EXPECT_THAT(load("[Daemon]\nInterval=2s\n").warnings, IsEmpty());
}

TEST_F(ConfigFiles, WarnOfADropInThatIsADirectory)
{
    fs::create_directory(drop_ins() / "10-directory.conf");
    EXPECT_THAT(load("").warnings, ElementsAre(WarnsOf(drop_ins() / "10-directory.conf", 0, "cannot be read")));
}

TEST_F(ConfigFiles, WarnOfADropInThatLeadsNowhere)
{
    fs::create_symlink("/nonexistent/file", drop_ins() / "10-link.conf");
    EXPECT_THAT(load("").warnings, ElementsAre(WarnsOf(drop_ins() / "10-link.conf", 0, "No such file")));
}

TEST_F(ConfigFiles, WarnOfADirectoryOfDropInsThatIsNone)
{
    fs::remove(drop_ins());
    write(drop_ins(), "");
    EXPECT_THAT(load("").warnings, ElementsAre(WarnsOf(drop_ins(), 0, "cannot be read")));
}

TEST_F(ConfigFiles, ThrowIfTheFileIsMissing)
{
    EXPECT_EQ(failure_of(directory_ / "missing.conf"), std::errc::no_such_file_or_directory);
}

TEST_F(ConfigFiles, ThrowIfTheFileIsADirectory)
{
    EXPECT_EQ(failure_of(directory_), std::errc::is_a_directory);
}

TEST_F(ConfigFiles, NameTheFileThatIsMissing)
{
    try {
        load_config(directory_ / "missing.conf");
        FAIL() << "no exception";
    } catch (const std::system_error &error) {
        EXPECT_THAT(error.what(), HasSubstr((directory_ / "missing.conf").string()));
    }
}

} // namespace
} // namespace ktally
