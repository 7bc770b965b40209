// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ktally {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Optional;

Config with_interval(const char *value)
{
    Config config;
    EXPECT_EQ(assign(config, "Daemon", "Interval", value), std::nullopt) << value;
    return config;
}

Config with_return_program(const char *value, bool before)
{
    Config config;
    config.return_program = before;
    EXPECT_EQ(assign(config, "Daemon", "ReturnProgram", value), std::nullopt) << value;
    return config;
}

// What is wrong with an assignment, which must leave the configuration as it was.
std::optional<std::string> wrong(const char *section, const char *key, const char *value)
{
    Config config;
    config.interval = seconds{5};
    config.backend = Backend::kprobe;
    config.return_program = true;
    const Config before = config;
    auto message = assign(config, section, key, value);
    EXPECT_EQ(config, before) << key << '=' << value;
    return message;
}

TEST(Config, SamplesOnceASecondWithTheBestBackendAndWithoutTheReturnProgramByDefault)
{
    const Config config;
    EXPECT_EQ(config.interval, seconds{1});
    EXPECT_EQ(config.backend, std::nullopt);
    EXPECT_FALSE(config.return_program);
}

TEST(Config, TakesAnIntervalOf100Milliseconds)
{
    EXPECT_EQ(with_interval("100ms").interval, milliseconds{100});
    EXPECT_EQ(with_interval("0.1").interval, milliseconds{100});
}

TEST(Config, TakesAnIntervalOfOneHour)
{
    EXPECT_EQ(with_interval("1h").interval, hours{1});
    EXPECT_EQ(with_interval("3600").interval, hours{1});
}

TEST(Config, TakesAnIntervalWithAUnit)
{
    EXPECT_EQ(with_interval("2s").interval, seconds{2});
    EXPECT_EQ(with_interval("1min 30s").interval, seconds{90});
}

TEST(Config, RefusesAnIntervalBelow100Milliseconds)
{
    EXPECT_THAT(wrong("Daemon", "Interval", "0"), Optional(HasSubstr("100ms to 1h")));
    EXPECT_THAT(wrong("Daemon", "Interval", "1us"), Optional(HasSubstr("100ms to 1h")));
    EXPECT_THAT(wrong("Daemon", "Interval", "99ms"), Optional(HasSubstr("100ms to 1h")));
    EXPECT_THAT(wrong("Daemon", "Interval", "99999us"), Optional(HasSubstr("100ms to 1h")));
}

TEST(Config, RefusesAnIntervalAboveOneHour)
{
    EXPECT_THAT(wrong("Daemon", "Interval", "1h 1us"), Optional(HasSubstr("100ms to 1h")));
    EXPECT_THAT(wrong("Daemon", "Interval", "3601"), Optional(HasSubstr("100ms to 1h")));
    EXPECT_THAT(wrong("Daemon", "Interval", "1d"), Optional(HasSubstr("100ms to 1h")));
}

TEST(Config, NamesTheIntervalItRefuses)
{
    EXPECT_THAT(wrong("Daemon", "Interval", "99ms"), Optional(HasSubstr("Interval=99ms")));
}

TEST(Config, RefusesAnIntervalThatIsNoTimeSpan)
{
    EXPECT_THAT(wrong("Daemon", "Interval", ""), Optional(HasSubstr("not a time span")));
    EXPECT_THAT(wrong("Daemon", "Interval", "soon"), Optional(HasSubstr("not a time span")));
    EXPECT_THAT(wrong("Daemon", "Interval", "-1s"), Optional(HasSubstr("not a time span")));
    EXPECT_THAT(wrong("Daemon", "Interval", "infinity"), Optional(HasSubstr("not a time span")));
}

TEST(Config, TakesEachBackend)
{
    Config config;
    EXPECT_EQ(assign(config, "Daemon", "Backend", "fentry"), std::nullopt);
    EXPECT_EQ(config.backend, Backend::fentry);
    EXPECT_EQ(assign(config, "Daemon", "Backend", "kprobe"), std::nullopt);
    EXPECT_EQ(config.backend, Backend::kprobe);
    EXPECT_EQ(assign(config, "Daemon", "Backend", "tracepoint"), std::nullopt);
    EXPECT_EQ(config.backend, Backend::tracepoint);
}

TEST(Config, TakesTheBackendBackWithAuto)
{
    Config config;
    config.backend = Backend::kprobe;
    EXPECT_EQ(assign(config, "Daemon", "Backend", "auto"), std::nullopt);
    EXPECT_EQ(config.backend, std::nullopt);
}

TEST(Config, RefusesABackendThatDoesNotExist)
{
    EXPECT_THAT(wrong("Daemon", "Backend", "ebpf"), Optional(HasSubstr("Backend=ebpf is none of auto, fentry")));
    EXPECT_NE(wrong("Daemon", "Backend", ""), std::nullopt);
    EXPECT_NE(wrong("Daemon", "Backend", "Fentry"), std::nullopt);
}

TEST(Config, ExcludesWhatAnyLineNames)
{
    Config config;
    EXPECT_EQ(assign(config, "Daemon", "Exclude", "vfs_unlink  file_close_fd"), std::nullopt);
    EXPECT_EQ(assign(config, "Daemon", "Exclude", "sys_exit"), std::nullopt);
    EXPECT_EQ(config.exclude, (std::set<std::string>{"file_close_fd", "sys_exit", "vfs_unlink"}));
}

TEST(Config, ExcludesNothingAfterAnEmptyLine)
{
    Config config;
    config.exclude = {"vfs_unlink"};
    EXPECT_EQ(assign(config, "Daemon", "Exclude", ""), std::nullopt);
    EXPECT_TRUE(config.exclude.empty());
}

TEST(Config, RefusesToExcludeWhatIsNotHooked)
{
    EXPECT_THAT(wrong("Daemon", "Exclude", "vfs_unlink vfs_rename"),
                Optional(HasSubstr("Exclude=vfs_rename is no function or tracepoint that ktallyd hooks")));
}

TEST(Config, TakesTheWordsOfSystemdForYes)
{
    for (const char *yes : {"yes", "y", "true", "t", "on", "1"})
        EXPECT_TRUE(with_return_program(yes, false).return_program) << yes;
}

TEST(Config, TakesTheWordsOfSystemdForNo)
{
    for (const char *no : {"no", "n", "false", "f", "off", "0"})
        EXPECT_FALSE(with_return_program(no, true).return_program) << no;
}

TEST(Config, RefusesAReturnProgramThatIsNeitherYesNorNo)
{
    EXPECT_THAT(wrong("Daemon", "ReturnProgram", "maybe"), Optional(HasSubstr("ReturnProgram=maybe is neither")));
    EXPECT_NE(wrong("Daemon", "ReturnProgram", ""), std::nullopt);
    EXPECT_NE(wrong("Daemon", "ReturnProgram", "2"), std::nullopt);
}

TEST(Config, CountsByUnitUnlessToldOtherwise)
{
    Config config;
    EXPECT_TRUE(config.accounting);
    EXPECT_EQ(assign(config, "Daemon", "Accounting", "no"), std::nullopt);
    EXPECT_FALSE(config.accounting);
    EXPECT_EQ(assign(config, "Daemon", "Accounting", "yes"), std::nullopt);
    EXPECT_TRUE(config.accounting);
}

TEST(Config, RefusesAccountingThatIsNeitherYesNorNo)
{
    EXPECT_THAT(wrong("Daemon", "Accounting", "auto"), Optional(HasSubstr("Accounting=auto is neither yes nor no")));
}

TEST(Config, TakesAGraceOfZombiesFromNothingToOneHour)
{
    Config config;
    EXPECT_EQ(config.zombie_grace, seconds{5});
    EXPECT_EQ(assign(config, "Daemon", "ZombieGraceSec", "0"), std::nullopt);
    EXPECT_EQ(config.zombie_grace, seconds{0});
    EXPECT_EQ(assign(config, "Daemon", "ZombieGraceSec", "1h"), std::nullopt);
    EXPECT_EQ(config.zombie_grace, hours{1});
}

TEST(Config, RefusesAGraceOfZombiesAboveOneHour)
{
    EXPECT_THAT(wrong("Daemon", "ZombieGraceSec", "3601"), Optional(HasSubstr("out of range: 0s to 1h")));
    EXPECT_THAT(wrong("Daemon", "ZombieGraceSec", "never"), Optional(HasSubstr("not a time span")));
}

TEST(Config, TakesTwelveSamplesOfALeakAndMore)
{
    Config config;
    EXPECT_EQ(config.leak_samples, 60u);
    EXPECT_EQ(assign(config, "Daemon", "LeakSamples", "12"), std::nullopt);
    EXPECT_EQ(config.leak_samples, 12u);
    EXPECT_EQ(assign(config, "Daemon", "LeakSamples", "100000"), std::nullopt);
    EXPECT_EQ(config.leak_samples, 100'000u);
}

TEST(Config, RefusesSamplesOfALeakThatAreTooFewOrTooMany)
{
    EXPECT_THAT(wrong("Daemon", "LeakSamples", "11"),
                Optional(HasSubstr("LeakSamples=11 is out of range: 12 to 100000")));
    EXPECT_THAT(wrong("Daemon", "LeakSamples", "100001"), Optional(HasSubstr("out of range")));
    EXPECT_THAT(wrong("Daemon", "LeakSamples", "99999999999999999999"), Optional(HasSubstr("out of range")));
}

TEST(Config, TakesAnyShareOfTheLimit)
{
    Config config;
    EXPECT_EQ(config.leak_limit_percent, 80u);
    EXPECT_EQ(assign(config, "Daemon", "LeakLimitPercent", "0"), std::nullopt);
    EXPECT_EQ(config.leak_limit_percent, 0u);
    EXPECT_EQ(assign(config, "Daemon", "LeakLimitPercent", "100"), std::nullopt);
    EXPECT_EQ(config.leak_limit_percent, 100u);
}

TEST(Config, RefusesMoreThanTheLimit)
{
    EXPECT_THAT(wrong("Daemon", "LeakLimitPercent", "101"), Optional(HasSubstr("out of range: 0 to 100")));
}

TEST(Config, RefusesANumberThatIsNotWhole)
{
    for (const char *value : {"", "-1", "+20", "20%", "20.0", "0x20", " 20", "many"})
        EXPECT_THAT(wrong("Daemon", "LeakSamples", value), Optional(HasSubstr("is not a whole number"))) << value;
}

TEST(Config, RefusesAnUnknownKey)
{
    EXPECT_THAT(wrong("Daemon", "Intervall", "1s"), Optional(HasSubstr("unknown key \"Intervall\"")));
    EXPECT_NE(wrong("Daemon", "interval", "1s"), std::nullopt);
    EXPECT_NE(wrong("Daemon", "", "1s"), std::nullopt);
}

TEST(Config, RefusesAnUnknownSection)
{
    EXPECT_THAT(wrong("Deamon", "Interval", "1s"), Optional(HasSubstr("unknown section [Deamon]")));
    EXPECT_NE(wrong("daemon", "Interval", "1s"), std::nullopt);
}

TEST(Config, RefusesAKeyBeforeAnySection)
{
    EXPECT_THAT(wrong("", "Interval", "1s"), Optional(HasSubstr("[Daemon]")));
}

TEST(Config, IsPrintedAsAFile)
{
    EXPECT_EQ(format_config(Config{}),
              "[Daemon]\nInterval=1s\nReturnProgram=no\nBackend=auto\nAccounting=yes\nZombieGraceSec=5s\n"
              "LeakSamples=60\nLeakLimitPercent=80\nExclude=\n");
    EXPECT_EQ(
        format_config(Config{seconds{90}, Backend::kprobe, true, {"vfs_read", "sys_exit"}, false, seconds{0}, 12, 0}),
        "[Daemon]\nInterval=1min 30s\nReturnProgram=yes\nBackend=kprobe\nAccounting=no\nZombieGraceSec=0s\n"
        "LeakSamples=12\nLeakLimitPercent=0\nExclude=sys_exit\nExclude=vfs_read\n");
}

TEST(TimeSpan, IsSecondsWithoutAUnit)
{
    EXPECT_EQ(parse_time_span("1"), seconds{1});
    EXPECT_EQ(parse_time_span("0"), seconds{0});
    EXPECT_EQ(parse_time_span("2.5"), milliseconds{2500});
}

TEST(TimeSpan, HasTheUnitsOfSystemd)
{
    EXPECT_EQ(parse_time_span("7us"), microseconds{7});
    EXPECT_EQ(parse_time_span("7usec"), microseconds{7});
    EXPECT_EQ(parse_time_span("7\u00b5s"), microseconds{7});
    EXPECT_EQ(parse_time_span("7ms"), milliseconds{7});
    EXPECT_EQ(parse_time_span("7msec"), milliseconds{7});
    EXPECT_EQ(parse_time_span("7s"), seconds{7});
    EXPECT_EQ(parse_time_span("7sec"), seconds{7});
    EXPECT_EQ(parse_time_span("7seconds"), seconds{7});
    EXPECT_EQ(parse_time_span("7m"), minutes{7});
    EXPECT_EQ(parse_time_span("7min"), minutes{7});
    EXPECT_EQ(parse_time_span("7minutes"), minutes{7});
    EXPECT_EQ(parse_time_span("7h"), hours{7});
    EXPECT_EQ(parse_time_span("7hours"), hours{7});
    EXPECT_EQ(parse_time_span("2days"), hours{48});
}

TEST(TimeSpan, AddsItsParts)
{
    EXPECT_EQ(parse_time_span("1min 30s"), seconds{90});
    EXPECT_EQ(parse_time_span("1min30s"), seconds{90});
    EXPECT_EQ(parse_time_span("1h 1min 1s 1ms 1us"), microseconds{3'661'001'001});
}

TEST(TimeSpan, AllowsSpacesAroundItsParts)
{
    EXPECT_EQ(parse_time_span("  1 s  "), seconds{1});
    EXPECT_EQ(parse_time_span("\t500\tms"), milliseconds{500});
}

TEST(TimeSpan, RoundsToTheMicrosecond)
{
    EXPECT_EQ(parse_time_span("0.1us"), microseconds{0});
    EXPECT_EQ(parse_time_span("1.0000009s"), microseconds{1'000'001});
}

TEST(TimeSpan, IsNothingForWhatIsNone)
{
    EXPECT_EQ(parse_time_span(""), std::nullopt);
    EXPECT_EQ(parse_time_span("   "), std::nullopt);
    EXPECT_EQ(parse_time_span("s"), std::nullopt);
    EXPECT_EQ(parse_time_span("1 fortnight"), std::nullopt);
    EXPECT_EQ(parse_time_span("1S"), std::nullopt);
    EXPECT_EQ(parse_time_span("1e3"), std::nullopt);
    EXPECT_EQ(parse_time_span("0x10"), std::nullopt);
    EXPECT_EQ(parse_time_span("1,5"), std::nullopt);
}

TEST(TimeSpan, IsNothingBelowZero)
{
    EXPECT_EQ(parse_time_span("-1"), std::nullopt);
    EXPECT_EQ(parse_time_span("2s -1s"), std::nullopt);
    EXPECT_EQ(parse_time_span("-0"), std::nullopt);
    EXPECT_EQ(parse_time_span("2s -0s"), std::nullopt);
}

TEST(TimeSpan, IsNothingWhereNumbersEnd)
{
    EXPECT_EQ(parse_time_span("inf"), std::nullopt);
    EXPECT_EQ(parse_time_span("nan"), std::nullopt);
    EXPECT_EQ(parse_time_span("99999999999999999999d"), std::nullopt);
    EXPECT_EQ(parse_time_span(std::string(400, '9')), std::nullopt);
}

TEST(TimeSpan, IsWrittenInTheNotationItIsReadIn)
{
    EXPECT_EQ(format_time_span(seconds{1}), "1s");
    EXPECT_EQ(format_time_span(milliseconds{250}), "250ms");
    EXPECT_EQ(format_time_span(seconds{90}), "1min 30s");
    EXPECT_EQ(format_time_span(hours{1}), "1h");
    EXPECT_EQ(format_time_span(microseconds{3'661'001'001}), "1h 1min 1s 1ms 1us");
    EXPECT_EQ(format_time_span(microseconds{0}), "0s");
}

} // namespace
} // namespace ktally
