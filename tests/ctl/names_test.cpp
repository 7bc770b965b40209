// SPDX-License-Identifier: LGPL-2.1-or-later
#include "names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ktally {
namespace {

using testing::Contains;

TEST(UnitNameTyped, IsAServiceWithoutASuffix)
{
    EXPECT_EQ(unit_name("cron"), "cron.service");
    EXPECT_EQ(unit_name("getty@tty1"), "getty@tty1.service");
    EXPECT_EQ(unit_name("user@1000.service/pipewire"), "user@1000.service/pipewire.service");
    EXPECT_EQ(unit_name("org.example.App"), "org.example.App.service");
}

TEST(UnitNameTyped, StaysAsItIsWithASuffix)
{
    for (const char *name : {"cron.service", "system.slice", "-.slice", "session-1.scope", "cups.socket", "home.mount",
                             "user@1000.service/app.slice"})
        EXPECT_EQ(unit_name(name), name);
}

TEST(PropertyNames, HaveWhatThereIsNow)
{
    EXPECT_THAT(property_names("Files"), Contains("DescriptorsCurrent"));
    EXPECT_THAT(property_names("Processes"), Contains("ZombiesCurrent"));
    EXPECT_THAT(property_names("Manager"), Contains("EventsUnattributed"));
}

} // namespace
} // namespace ktally
