// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failure.hpp"

#include <gtest/gtest.h>

namespace ktally {
namespace {

std::string what(const char *name, const char *message)
{
    return failure_of(dbus::error(name, message)).what();
}

TEST(FailureOf, AnOlderDaemonSaysSo)
{
    for (const char *name : {"org.freedesktop.DBus.Error.UnknownMethod", "org.freedesktop.DBus.Error.UnknownObject",
                             "org.freedesktop.DBus.Error.UnknownInterface"})
        EXPECT_EQ(what(name, "Unknown method ListZombies."),
                  "ktallyd is of another version than ktallyctl, see ktallyctl version: Unknown method ListZombies.");
}

TEST(FailureOf, WhatTheKernelCannotDoSaysWhereToLook)
{
    EXPECT_EQ(what("org.freedesktop.DBus.Error.NotSupported", "accounting is absent"),
              "accounting is absent; see ktallyctl probes");
}

TEST(FailureOf, NobodyThereHasAStatusOfItsOwn)
{
    const Failure failure = failure_of(dbus::error("org.freedesktop.DBus.Error.ServiceUnknown", "no"));
    EXPECT_EQ(failure.status(), Exit::not_running);
    EXPECT_STREQ(failure.what(), "ktallyd is not running; start it with: systemctl start ktallyd");
}

TEST(FailureOf, AnErrorWithoutAMessageHasAName)
{
    EXPECT_EQ(what("org.example.Error", ""), "org.example.Error");
}

} // namespace
} // namespace ktally
