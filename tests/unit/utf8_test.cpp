// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/utf8.hpp"

#include <gtest/gtest.h>

namespace ktally {
namespace {

constexpr const char *replaced = "\xef\xbf\xbd";

TEST(Utf8, ThatIsValidStays)
{
    for (const char *text : {"", "cron.service", "caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x90\xa7", "\xed\x9f\xbf",
                             "\xee\x80\x80", "\xf4\x8f\xbf\xbf"})
        EXPECT_EQ(valid_utf8(text), text);
}

TEST(Utf8, HasASignForEachByteThatIsNoCharacter)
{
    EXPECT_EQ(valid_utf8("caf\xe9.service"), std::string{"caf"} + replaced + ".service");
    EXPECT_EQ(valid_utf8("\xff\xfe"), std::string{replaced} + replaced);
    EXPECT_EQ(valid_utf8("\x80"), replaced);
}

TEST(Utf8, ThatWasCutInTheMiddleOfACharacterHasASignForEachByte)
{
    EXPECT_EQ(valid_utf8("a\xe2\x82"), std::string{"a"} + replaced + replaced);
    EXPECT_EQ(valid_utf8("a\xc3"), std::string{"a"} + replaced);
    EXPECT_EQ(valid_utf8("\xe2\x28\xa1"), std::string{replaced} + "(" + replaced);
}

TEST(Utf8, IsNoLongerThanItNeedBe)
{
    for (const char *text : {"\xc0\xaf", "\xc1\xbf"})
        EXPECT_EQ(valid_utf8(text), std::string{replaced} + replaced);
    EXPECT_EQ(valid_utf8("\xe0\x9f\xbf"), std::string{replaced} + replaced + replaced);
    EXPECT_EQ(valid_utf8("\xf0\x8f\xbf\xbf"), std::string{replaced} + replaced + replaced + replaced);
}

TEST(Utf8, HasNoSurrogatesAndNothingAboveItsEnd)
{
    EXPECT_EQ(valid_utf8("\xed\xa0\x80"), std::string{replaced} + replaced + replaced);
    EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80"), std::string{replaced} + replaced + replaced + replaced);
    EXPECT_EQ(valid_utf8("\xf5"), replaced);
}

} // namespace
} // namespace ktally
