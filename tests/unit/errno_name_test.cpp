// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/errno_name.hpp"

#include <gtest/gtest.h>

namespace ktally {
namespace {

TEST(ErrnoName, IsTheNameThatProgramsUse)
{
    EXPECT_EQ(errno_name(1), "EPERM");
    EXPECT_EQ(errno_name(2), "ENOENT");
    EXPECT_EQ(errno_name(9), "EBADF");
    EXPECT_EQ(errno_name(11), "EAGAIN");
    EXPECT_EQ(errno_name(133), "EHWPOISON");
}

TEST(ErrnoName, KnowsTheKernelsOwn)
{
    EXPECT_EQ(errno_name(512), "ERESTARTSYS");
    EXPECT_EQ(errno_name(513), "ERESTARTNOINTR");
    EXPECT_EQ(errno_name(516), "ERESTART_RESTARTBLOCK");
    EXPECT_EQ(errno_name(517), "EPROBE_DEFER");
    EXPECT_EQ(errno_name(519), "ENOPARAM");
    EXPECT_EQ(errno_name(521), "EBADHANDLE");
    EXPECT_EQ(errno_name(529), "EIOCBQUEUED");
    EXPECT_EQ(errno_name(530), "ERECALLCONFLICT");
}

TEST(ErrnoName, OfANumberWithoutANameIsTheNumber)
{
    EXPECT_EQ(errno_name(134), "134");
    EXPECT_EQ(errno_name(511), "511");
    EXPECT_EQ(errno_name(520), "520");
    EXPECT_EQ(errno_name(531), "531");
    EXPECT_EQ(errno_name(1023), "1023");
}

TEST(ErrnoName, IsNeverEmpty)
{
    for (int error = 1; error < 1024; ++error)
        EXPECT_FALSE(errno_name(error).empty()) << error;
}

} // namespace
} // namespace ktally
