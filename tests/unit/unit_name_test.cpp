// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/unit_name.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <ostream>

namespace ktally {

static bool operator==(const UnitName &one, const UnitName &other)
{
    return one.name == other.name && one.cgroup == other.cgroup;
}

static std::ostream &operator<<(std::ostream &out, const UnitName &unit)
{
    return out << unit.name << " at " << unit.cgroup;
}

namespace {

TEST(UnitOfCgroup, IsTheServiceInItsSlice)
{
    EXPECT_EQ(unit_of_cgroup("/system.slice/cron.service"), (UnitName{"cron.service", "/system.slice/cron.service"}));
}

TEST(UnitOfCgroup, IsTheServiceOutsideAnySlice)
{
    EXPECT_EQ(unit_of_cgroup("/init.scope"), (UnitName{"init.scope", "/init.scope"}));
}

TEST(UnitOfCgroup, IsTheUnitBelowNestedSlices)
{
    EXPECT_EQ(unit_of_cgroup("/system.slice/system-getty.slice/getty@tty1.service"),
              (UnitName{"getty@tty1.service", "/system.slice/system-getty.slice/getty@tty1.service"}));
    EXPECT_EQ(unit_of_cgroup("/user.slice/user-1000.slice/session-3.scope"),
              (UnitName{"session-3.scope", "/user.slice/user-1000.slice/session-3.scope"}));
}

TEST(UnitOfCgroup, IsOfEachTypeThatHasProcesses)
{
    EXPECT_EQ(unit_of_cgroup("/system.slice/ssh.socket").name, "ssh.socket");
    EXPECT_EQ(unit_of_cgroup("/system.slice/dev-hugepages.mount").name, "dev-hugepages.mount");
    EXPECT_EQ(unit_of_cgroup("/system.slice/swapfile.swap").name, "swapfile.swap");
    EXPECT_EQ(unit_of_cgroup("/machine.slice/machine-web.scope").name, "machine-web.scope");
}

TEST(UnitOfCgroup, KeepsTheEscapesOfTheName)
{
    EXPECT_EQ(unit_of_cgroup("/system.slice/dev-disk\\x2d1.swap").name, "dev-disk\\x2d1.swap");
    EXPECT_EQ(unit_of_cgroup("/system.slice/backup@home-a\\x40b.service").name, "backup@home-a\\x40b.service");
    EXPECT_EQ(unit_of_cgroup("/system.slice/mail@me@example:1.service").name, "mail@me@example:1.service");
}

TEST(UnitOfCgroup, DropsTheUnderscoreThatProtectsAName)
{
    EXPECT_EQ(unit_of_cgroup("/system.slice/_cpu.service"), (UnitName{"cpu.service", "/system.slice/_cpu.service"}));
    EXPECT_EQ(unit_of_cgroup("/system.slice/__x.service").name, "_x.service");
    EXPECT_EQ(unit_of_cgroup("/_cgroup.slice/a.service"), (UnitName{"a.service", "/_cgroup.slice/a.service"}));
    EXPECT_EQ(unit_of_cgroup("/_cgroup.slice"), (UnitName{"cgroup.slice", "/_cgroup.slice"}));
}

TEST(UnitOfCgroup, OwnsWhatWasDelegatedToIt)
{
    EXPECT_EQ(unit_of_cgroup("/system.slice/docker.service/payload/1"),
              (UnitName{"docker.service", "/system.slice/docker.service"}));
}

TEST(UnitOfCgroup, OwnsWhatIsCalledLikeAUnitBelowIt)
{
    EXPECT_EQ(unit_of_cgroup("/machine.slice/web.scope/system.slice/cron.service"),
              (UnitName{"web.scope", "/machine.slice/web.scope"}));
    EXPECT_EQ(unit_of_cgroup("/system.slice/a.service/user@1000.service/b.service").name, "a.service");
    EXPECT_EQ(unit_of_cgroup("/user.slice/user-1000.slice/session-3.scope/a.service").name, "session-3.scope");
}

TEST(UnitOfCgroup, IsTheSliceItself)
{
    EXPECT_EQ(unit_of_cgroup("/system.slice"), (UnitName{"system.slice", "/system.slice"}));
    EXPECT_EQ(unit_of_cgroup("/system.slice/system-getty.slice"),
              (UnitName{"system-getty.slice", "/system.slice/system-getty.slice"}));
}

TEST(UnitOfCgroup, IsTheSliceAboveWhatIsNoUnit)
{
    EXPECT_EQ(unit_of_cgroup("/system.slice/misc"), (UnitName{"system.slice", "/system.slice"}));
    EXPECT_EQ(unit_of_cgroup("/system.slice/misc/cron.service"), (UnitName{"system.slice", "/system.slice"}));
    EXPECT_EQ(unit_of_cgroup("/system.slice/cron.txt").name, "system.slice");
    EXPECT_EQ(unit_of_cgroup("/system.slice/.service").name, "system.slice");
    EXPECT_EQ(unit_of_cgroup("/system.slice/@a.service").name, "system.slice");
    EXPECT_EQ(unit_of_cgroup("/system.slice/a b.service").name, "system.slice");
    EXPECT_EQ(unit_of_cgroup("/system.slice/_").name, "system.slice");
}

TEST(UnitOfCgroup, IsNoTemplate)
{
    EXPECT_EQ(unit_of_cgroup("/system.slice/getty@.service").name, "system.slice");
}

TEST(UnitOfCgroup, IsNoInstanceOfASlice)
{
    EXPECT_EQ(unit_of_cgroup("/system.slice/a@b.slice/c.service"), (UnitName{"system.slice", "/system.slice"}));
}

TEST(UnitOfCgroup, HasANameOf255CharactersAndNoMore)
{
    const std::string longest = std::string(247, 'a') + ".service";
    EXPECT_EQ(unit_of_cgroup("/system.slice/" + longest).name, longest);
    EXPECT_EQ(unit_of_cgroup("/system.slice/_" + longest).name, longest);
    EXPECT_EQ(unit_of_cgroup("/system.slice/a" + longest).name, "system.slice");
}

TEST(UnitOfCgroup, IsTheRootSliceWhereThereIsNoUnit)
{
    EXPECT_EQ(unit_of_cgroup("/"), (UnitName{"-.slice", "/"}));
    EXPECT_EQ(unit_of_cgroup(""), (UnitName{"-.slice", "/"}));
    EXPECT_EQ(unit_of_cgroup("/docker/0123abcd"), (UnitName{"-.slice", "/"}));
}

TEST(UnitOfCgroup, DoesNotMindSlashes)
{
    EXPECT_EQ(unit_of_cgroup("//system.slice//cron.service/"),
              (UnitName{"cron.service", "//system.slice//cron.service"}));
}

TEST(UnitOfCgroup, IsTheUsersUnitBelowTheUsersManager)
{
    constexpr auto path = "/user.slice/user-1000.slice/user@1000.service/session.slice/pipewire.service";
    EXPECT_EQ(unit_of_cgroup(path), (UnitName{"user@1000.service/pipewire.service", path}));
    EXPECT_EQ(
        unit_of_cgroup("/user.slice/user-1000.slice/user@1000.service/app.slice/a.service/worker/2"),
        (UnitName{"user@1000.service/a.service", "/user.slice/user-1000.slice/user@1000.service/app.slice/a.service"}));
}

TEST(UnitOfCgroup, IsTheUsersScopeWhereTheManagerItselfIs)
{
    constexpr auto path = "/user.slice/user-1000.slice/user@1000.service/init.scope";
    EXPECT_EQ(unit_of_cgroup(path), (UnitName{"user@1000.service/init.scope", path}));
}

TEST(UnitOfCgroup, IsTheUsersSlice)
{
    constexpr auto path = "/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome.slice";
    EXPECT_EQ(unit_of_cgroup(path), (UnitName{"user@1000.service/app-gnome.slice", path}));
    EXPECT_EQ(unit_of_cgroup("/user.slice/user-1000.slice/user@1000.service/app.slice/misc"),
              (UnitName{"user@1000.service/app.slice", "/user.slice/user-1000.slice/user@1000.service/app.slice"}));
}

TEST(UnitOfCgroup, IsTheUsersManagerWhereThereIsNoUnitOfTheUsers)
{
    constexpr auto path = "/user.slice/user-1000.slice/user@1000.service";
    EXPECT_EQ(unit_of_cgroup(path), (UnitName{"user@1000.service", path}));
    EXPECT_EQ(unit_of_cgroup("/user.slice/user-1000.slice/user@1000.service/misc/a.service"),
              (UnitName{"user@1000.service", path}));
}

TEST(UnitOfCgroup, HasUnitsOfItsOwnOnlyBelowTheManagerOfAUid)
{
    EXPECT_EQ(unit_of_cgroup("/user.slice/user@.service/a.service").name, "user.slice");
    EXPECT_EQ(unit_of_cgroup("/user.slice/user@joe.service/a.service").name, "user@joe.service");
    EXPECT_EQ(unit_of_cgroup("/user.slice/user@10x.service/a.service").name, "user@10x.service");
    EXPECT_EQ(unit_of_cgroup("/user.slice/user@99999999999.service/a.service").name, "user@99999999999.service");
}

TEST(UnitOfCgroup, LeavesTheManagerInAUsersUnitToThatUnit)
{
    EXPECT_EQ(unit_of_cgroup("/user.slice/user@1000.service/user@1001.service/a.service").name,
              "user@1000.service/user@1001.service");
}

TEST(ObjectPathElement, IsWhatSdBusEncodes)
{
    EXPECT_EQ(escape_for_object_path("cron.service"), "cron_2eservice");
    EXPECT_EQ(escape_for_object_path("user@1000.service/app.slice"), "user_401000_2eservice_2fapp_2eslice");
    EXPECT_EQ(escape_for_object_path("-.slice"), "_2d_2eslice");
    EXPECT_EQ(escape_for_object_path("a_b\\x2d.swap"), "a_5fb_5cx2d_2eswap");
}

TEST(ObjectPathElement, EscapesALeadingDigitOnly)
{
    EXPECT_EQ(escape_for_object_path("7zip7.service"), "_37zip7_2eservice");
}

TEST(ObjectPathElement, IsNeverEmpty)
{
    EXPECT_EQ(escape_for_object_path(""), "_");
}

TEST(ObjectPathElement, EscapesEachByteOfWhatIsNotAscii)
{
    EXPECT_EQ(escape_for_object_path("\u00b5"), "_c2_b5");
}

} // namespace
} // namespace ktally
