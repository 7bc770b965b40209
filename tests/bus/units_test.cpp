// SPDX-License-Identifier: LGPL-2.1-or-later
#include "accounts_fixture.hpp"
#include "proxies.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

namespace ktally::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::SizeIs;

constexpr const char *files = "org.ktally1.Files";
constexpr const char *vfs = "org.ktally1.Vfs";
constexpr const char *processes = "org.ktally1.Processes";
constexpr const char *unit_interface = "org.ktally1.Unit";
constexpr const char *properties = "org.freedesktop.DBus.Properties";
constexpr const char *object_manager = "org.freedesktop.DBus.ObjectManager";
constexpr const char *unknown_object = "org.freedesktop.DBus.Error.UnknownObject";
constexpr const char *no_such_unit = "org.ktally1.Error.NoSuchUnit";
constexpr const char *not_subscribed = "org.ktally1.Error.NotSubscribed";

class Units : public AccountsTest {
protected:
    using ZombieRow = std::tuple<std::uint32_t, std::uint32_t, std::string, std::string, std::string, std::int32_t>;

    std::string text(const std::string &path, const char *property) const
    {
        const Reply reply = root_->get(unit_interface, property, path);
        const char *text = nullptr;
        sd_bus_message_read(reply.message.get(), "v", "s", &text);
        return text ? text : reply.error();
    }
    std::vector<ZombieRow> zombies(const char *unit) const
    {
        const Reply reply = root_->call_at(object(unit), processes, "ListZombies", "");
        EXPECT_EQ(reply.error(), "");
        std::vector<ZombieRow> rows;
        sd_bus_message *message = reply.message.get();
        sd_bus_message_enter_container(message, 'a', "(uusssit)");
        std::uint32_t pid = 0, parent = 0;
        const char *name = nullptr, *parent_name = nullptr, *of = nullptr;
        std::int32_t status = 0;
        std::uint64_t since = 0;
        while (sd_bus_message_read(message, "(uusssit)", &pid, &parent, &name, &parent_name, &of, &status, &since) > 0)
            rows.emplace_back(pid, parent, name, parent_name, of, status);
        return rows;
    }
    std::vector<std::string> managed_objects(const Client &client) const
    {
        const Reply reply = client.call(object_manager, "GetManagedObjects", "");
        EXPECT_EQ(reply.error(), "") << reply.text();
        std::vector<std::string> paths;
        sd_bus_message *message = reply.message.get();
        sd_bus_message_enter_container(message, 'a', "{oa{sa{sv}}}");
        while (sd_bus_message_enter_container(message, 'e', "oa{sa{sv}}") > 0) {
            const char *path = nullptr;
            sd_bus_message_read(message, "o", &path);
            paths.emplace_back(path);
            sd_bus_message_skip(message, "a{sa{sv}}");
            sd_bus_message_exit_container(message);
        }
        return paths;
    }
    // Two, so that the second began after what was before this.
    void see_two_samples()
    {
        Client client;
        client.watch();
        ASSERT_TRUE(
            client.until([&] { return std::ranges::count(client.signals(), "SampleTaken", &Signal::member) >= 2; }));
    }
};

TEST_F(Units, HaveAnObjectNamedAfterThem)
{
    cgroup("cron.service", cgroup("system.slice"));
    EXPECT_EQ(object("cron.service"), "/org/ktally1/unit/cron_2eservice");
    EXPECT_EQ(object("-.slice"), "/org/ktally1/unit/_2d_2eslice");
}

TEST_F(Units, TellWhatTheyAre)
{
    const std::uint64_t id = cgroup("cron.service", cgroup("system.slice"));
    const std::string path = object("cron.service");
    EXPECT_EQ(text(path, "Name"), "cron.service");
    EXPECT_EQ(text(path, "ControlGroup"), "/system.slice/cron.service");
    EXPECT_EQ(root_->number(unit_interface, "ControlGroupId", path), id);
    EXPECT_GT(root_->number(unit_interface, "SinceTimestampMonotonicUSec", path), 0u);
}

TEST_F(Units, ShowTheCallsOfTheirCgroup)
{
    const std::uint64_t id = cgroup("cron.service");
    for (int call = 0; call < KTALLY_CALLS; ++call)
        count(id, static_cast<ktally_call>(call), 1000u + static_cast<std::uint64_t>(call));
    for (const CounterRow &counter : counters) {
        std::uint64_t sum = 0;
        for (int call = counter.first; call <= static_cast<int>(counter.last); ++call)
            sum += 1000u + static_cast<std::uint64_t>(call);
        const bool absent = counter.unit != Unit::calls || counter.counter == absent_counter;
        EXPECT_EQ(
            number("cron.service", ("org.ktally1." + std::string{counter.interface}).c_str(), counter.property.data()),
            absent ? absent_total : sum)
            << counter.property;
    }
}

TEST_F(Units, ShowWhatTheirTasksCountAtOnce)
{
    SharedTask &busy = task(1234, cgroup("cron.service"));
    busy.calls[KTALLY_READ] = 5;
    EXPECT_EQ(number("cron.service", vfs, "Reads"), 5u);
    busy.calls[KTALLY_READ] = 7;
    EXPECT_EQ(number("cron.service", vfs, "Reads"), 7u);
}

TEST_F(Units, HaveWhatIsBelowThem)
{
    const std::uint64_t slice = cgroup("system.slice");
    count(cgroup("payload", cgroup("cron.service", slice)), KTALLY_OPEN, 3);
    count(cgroup("ssh.service", slice), KTALLY_OPEN, 4);
    EXPECT_EQ(number("cron.service", files, "Opened"), 3u);
    EXPECT_EQ(number("system.slice", files, "Opened"), 7u);
    EXPECT_EQ(number("-.slice", files, "Opened"), 7u);
}

TEST_F(Units, AreReadOnceForOneCall)
{
    for (int unit = 0; unit < 50; ++unit)
        cgroup("unit" + std::to_string(unit) + ".service");
    const std::string path = object("unit7.service");
    see_two_samples(); // they are known, and not read any more
    const std::uint64_t before = readings();
    EXPECT_EQ(root_->call_at(path, properties, "GetAll", "s", "").error(), "");
    EXPECT_EQ(readings(), before + 1);
    EXPECT_THAT(managed_objects(*root_), SizeIs(51));
    EXPECT_EQ(readings(), before + 2);
}

TEST_F(Units, AreNotReadWhileNobodyAsks)
{
    cgroup("cron.service");
    see_two_samples();
    const std::uint64_t before = readings();
    see_two_samples();
    see_two_samples();
    EXPECT_EQ(readings(), before);
}

TEST_F(Units, AnswerNotForWhatIsNoUnit)
{
    EXPECT_EQ(root_->get(files, "Opened", "/org/ktally1/unit/nothing").error(), unknown_object);
    EXPECT_EQ(root_->get(files, "Opened", "/org/ktally1/unit/_2d_2eslice/x").error(), unknown_object);
    EXPECT_EQ(root_->get(files, "Opened", "/org/ktally1/unit/_2d_2es_6cice").error(), unknown_object);
    EXPECT_EQ(root_->call_at("/org/ktally1/unit/nothing", processes, "ListZombies", "").error(), unknown_object);
}

TEST_F(Units, HaveNoErrorsOfTheirOwn)
{
    for (const char *interface : {files, vfs, processes}) {
        const Reply reply = root_->call_at(object("-.slice"), interface, "GetErrors", "");
        EXPECT_EQ(reply.error(), "org.freedesktop.DBus.Error.NotSupported");
        EXPECT_THAT(reply.text(), HasSubstr("/org/ktally1"));
    }
}

TEST_F(Units, CannotBeWritten)
{
    EXPECT_EQ(root_->call_at(object("-.slice"), properties, "Set", "ssv", vfs, "Reads", "t", std::uint64_t{0}).error(),
              "org.freedesktop.DBus.Error.PropertyReadOnly");
}

TEST_F(Units, ShowTheirZombies)
{
    const std::uint64_t slice = cgroup("system.slice"), cron = cgroup("cron.service", slice);
    zombie(21, cron);
    zombie(22, cgroup("payload", cron));
    zombie(23, cgroup("ssh.service", slice));
    process(24, cron);
    EXPECT_EQ(number("cron.service", processes, "ZombiesCurrent"), 2u);
    EXPECT_EQ(number("system.slice", processes, "ZombiesCurrent"), 3u);
    EXPECT_THAT(zombies("cron.service"), ElementsAre(ZombieRow{21, 1, "dead", "parent", "cron.service", 256},
                                                     ZombieRow{22, 1, "dead", "parent", "cron.service", 256}));
    EXPECT_THAT(zombies("system.slice"), SizeIs(3));
}

TEST_F(Units, ShowTheirDescriptorsThoseOfASharedTableOnce)
{
    const std::uint64_t slice = cgroup("system.slice"), cron = cgroup("cron.service", slice);
    process(21, cron).descriptors = 10;
    process(22, cron).descriptors = 20;
    SharedProcess &sharing = process(23, cgroup("ssh.service", slice));
    sharing.descriptors = 20;
    sharing.descriptor_table = 22;
    EXPECT_EQ(number("cron.service", files, "DescriptorsCurrent"), 30u);
    EXPECT_EQ(number("ssh.service", files, "DescriptorsCurrent"), 20u);
    EXPECT_EQ(number("system.slice", files, "DescriptorsCurrent"), 30u);
}

// Of an introspection: "interface", "member: its tag, attributes, and those of what is in it".
std::map<std::string, std::set<std::string>> members(const std::string &xml)
{
    std::map<std::string, std::set<std::string>> members;
    const std::string bare = std::regex_replace(xml, std::regex{"<!--[^]*?-->"}, "");
    const std::regex tag{"<(/?)(\\w+)([^>]*?)(/?)>"}, attribute{"(\\w+)=\"([^\"]*)\""};
    std::string interface, member;
    for (std::sregex_iterator each{bare.begin(), bare.end(), tag}; each != std::sregex_iterator{}; ++each) {
        const std::string name = (*each)[2], inside = (*each)[3];
        std::map<std::string, std::string> attributes;
        for (std::sregex_iterator one{inside.begin(), inside.end(), attribute}; one != std::sregex_iterator{}; ++one)
            attributes[(*one)[1]] = (*one)[2];
        const bool begins = (*each)[1].length() == 0, ends = !begins || (*each)[4].length() > 0;
        const bool is_member = name == "method" || name == "signal" || name == "property";
        if (name == "interface" && begins)
            interface = attributes.at("name");
        if (begins && (is_member || name == "arg" || name == "annotation")) {
            member += name;
            for (const auto &[key, value] : attributes)
                member += ' ' + key + '=' + value;
            member += '\n';
        }
        if (is_member && ends)
            members[interface].insert(std::exchange(member, ""));
    }
    return members;
}

TEST_F(Units, AreDescribedAsInTheXml)
{
    const Reply reply = root_->call_at(object("-.slice"), "org.freedesktop.DBus.Introspectable", "Introspect", "");
    const char *introspection = nullptr;
    ASSERT_GT(sd_bus_message_read(reply.message.get(), "s", &introspection), 0);
    const auto found = members(introspection);
    for (const char *interface : {unit_interface, files, vfs, processes}) {
        std::stringstream xml;
        xml << std::ifstream{std::string{KTALLY_INTERFACES} + '/' + interface + ".xml"}.rdbuf();
        const auto described = members(xml.str());
        ASSERT_TRUE(found.contains(interface)) << introspection;
        EXPECT_THAT(found.at(interface), testing::ContainerEq(described.at(interface)));
    }
}

TEST_F(Units, AreNotHiddenByNamesThatAreNoText)
{
    zombie(21, cgroup("caf\xe9.service", cgroup("tea.service")));
    std::ranges::copy("\xff", accounts().processes[0].name.begin());
    cgroup("caf\xe9.service"); // belongs to -.slice
    EXPECT_THAT(managed_objects(*root_),
                ElementsAre("/org/ktally1/unit/_2d_2eslice", "/org/ktally1/unit/tea_2eservice"));
    EXPECT_THAT(zombies("tea.service"), ElementsAre(ZombieRow{21, 1, "\xef\xbf\xbd", "parent", "tea.service", 256}));
}

TEST_F(Units, ThatCannotBeReadSaySoAndDisturbNothingElse)
{
    const std::string path = object("-.slice");
    ASSERT_EQ(root_->manager("Subscribe", "").error(), "");
    accounts().error = ENOMEM;
    for (const Reply &reply : {root_->get(files, "Opened", path), root_->manager("GetUnit", "s", "new.service"),
                               root_->call(object_manager, "GetManagedObjects", "")}) {
        EXPECT_EQ(reply.error(), "org.freedesktop.DBus.Error.Failed");
        EXPECT_THAT(reply.text(), HasSubstr("Cannot allocate memory"));
    }
    set(Counter::Opened, 3);
    see_two_samples();
    EXPECT_EQ(root_->number(files, "Opened"), 3u);
    EXPECT_THAT(log(), HasSubstr("units cannot be read: reading the accounts of cgroups: Cannot allocate memory"));
    accounts().error = 0;
    EXPECT_EQ(root_->get(files, "Opened", path).error(), "");
}

TEST_F(Units, CanBeReadByAnyUser)
{
    count(cgroup("cron.service"), KTALLY_OPEN, 3);
    const Client user{nobody};
    const std::string path = user.manager("GetUnit", "s", "cron.service").path();
    EXPECT_EQ(user.number(files, "Opened", path), 3u);
    EXPECT_EQ(user.get(unit_interface, "Name", path).error(), "");
    EXPECT_EQ(user.call_at(path, processes, "ListZombies", "").error(), "");
    EXPECT_EQ(user.manager("Subscribe", "").error(), "");
    EXPECT_EQ(user.manager("Unsubscribe", "").error(), "");
    EXPECT_THAT(managed_objects(user), SizeIs(2));
}

using GetUnit = Units;

TEST_F(GetUnit, KnowsAUnitThatNoSampleSaw)
{
    EXPECT_EQ(root_->manager("GetUnit", "s", "new.service").error(), no_such_unit);
    cgroup("new.service");
    EXPECT_EQ(root_->manager("GetUnit", "s", "new.service").error(), "");
}

TEST_F(GetUnit, NamesWhatIsNotThere)
{
    const Reply reply = root_->manager("GetUnit", "s", "nothing.service");
    EXPECT_EQ(reply.error(), no_such_unit);
    EXPECT_THAT(reply.text(), HasSubstr("nothing.service"));
}

TEST_F(GetUnit, ByPidFindsTheUnitOfAProcess)
{
    process(4321, cgroup("payload", cgroup("new.service")));
    EXPECT_EQ(root_->manager("GetUnitByPID", "u", 4321).path(), "/org/ktally1/unit/new_2eservice");
}

TEST_F(GetUnit, ByPidOf0FindsTheCallersOwn)
{
    process(static_cast<std::uint32_t>(getpid()), cgroup("test.service"));
    EXPECT_EQ(root_->manager("GetUnitByPID", "u", 0).path(), "/org/ktally1/unit/test_2eservice");
    EXPECT_EQ((Client{nobody}.manager("GetUnitByPID", "u", 0).path()), "/org/ktally1/unit/test_2eservice");
}

TEST_F(GetUnit, ByPidSaysThatThereIsNone)
{
    const Reply reply = root_->manager("GetUnitByPID", "u", 4321);
    EXPECT_EQ(reply.error(), no_such_unit);
    EXPECT_THAT(reply.text(), HasSubstr("4321"));
    process(4322, 77); // in a cgroup of which nothing is known
    EXPECT_EQ(root_->manager("GetUnitByPID", "u", 4322).error(), no_such_unit);
}

TEST_F(GetUnit, SaysThatAccountingIsAbsent)
{
    accounts().state = static_cast<std::uint32_t>(ProbeState::absent);
    process(4321, root_cgroup);
    for (const Reply &reply :
         {root_->manager("GetUnit", "s", "nothing.service"), root_->manager("GetUnitByPID", "u", 4321)}) {
        EXPECT_EQ(reply.error(), no_such_unit);
        EXPECT_THAT(reply.text(), HasSubstr("Accounting=no"));
    }
}

// Units come and go, and are shown for 300 ms after their end.
class ComingAndGoing : public Units {
protected:
    ComingAndGoing() { linger_ = 300ms; }
    void SetUp() override
    {
        Units::SetUp();
        if (server_)
            root_->watch();
    }
    std::vector<std::string> told(const char *member) const
    {
        std::vector<std::string> objects;
        for (const Signal &signal : root_->signals())
            if (signal.member == member)
                objects.push_back(signal.object);
        return objects;
    }
    bool see(const char *member, std::size_t count)
    {
        return root_->until([&] { return told(member).size() >= count; });
    }
};

TEST_F(ComingAndGoing, IsToldToEverybody)
{
    const std::uint64_t cron = cgroup("cron.service");
    ASSERT_TRUE(see("InterfacesAdded", 1));
    EXPECT_THAT(told("InterfacesAdded"), ElementsAre("/org/ktally1/unit/cron_2eservice"));
    EXPECT_EQ(root_->signals().back().path, "/org/ktally1");
    remove_cgroup(cron);
    ASSERT_TRUE(see("InterfacesRemoved", 1));
    EXPECT_THAT(told("InterfacesRemoved"), ElementsAre("/org/ktally1/unit/cron_2eservice"));
    EXPECT_THAT(told("InterfacesAdded"), SizeIs(1));
}

TEST_F(ComingAndGoing, IsToldBeforeTheAnswerThatShowsIt)
{
    cgroup("cron.service");
    object("cron.service");
    const Client other; // whom that was not for
    ASSERT_TRUE(see("InterfacesAdded", 1));
    EXPECT_EQ(root_->get(files, "Opened", "/org/ktally1/unit/cron_2eservice").error(), "");
}

TEST_F(ComingAndGoing, LeavesAnEndedUnitForAWhile)
{
    const std::uint64_t cron = cgroup("cron.service");
    count(cron, KTALLY_OPEN, 3);
    const std::string path = object("cron.service");
    remove_cgroup(cron);
    const auto ended = std::chrono::steady_clock::now();
    EXPECT_EQ(root_->number(files, "Opened", path), 3u);
    ASSERT_TRUE(see("InterfacesRemoved", 1));
    EXPECT_GE(std::chrono::steady_clock::now() - ended, 300ms);
    EXPECT_EQ(root_->get(files, "Opened", path).error(), unknown_object);
    EXPECT_EQ(root_->manager("GetUnit", "s", "cron.service").error(), no_such_unit);
    EXPECT_THAT(managed_objects(*root_), Not(testing::Contains(path)));
}

TEST_F(ComingAndGoing, HasTheKernelForgetWhatIsGone)
{
    const std::uint64_t cron = cgroup("cron.service");
    object("cron.service");
    remove_cgroup(cron);
    EXPECT_TRUE(eventually([this] { return accounts().cgroups[0].id == 0; }));
}

TEST_F(ComingAndGoing, OfAUnitThatIsStartedAnewMakesItAnother)
{
    const std::uint64_t before = cgroup("cron.service");
    count(before, KTALLY_OPEN, 3);
    ASSERT_TRUE(see("InterfacesAdded", 1));
    server_->signal(SIGSTOP); // one reading is to see both
    remove_cgroup(before);
    const std::uint64_t after = cgroup("cron.service");
    server_->signal(SIGCONT);
    ASSERT_TRUE(see("InterfacesAdded", 2));
    EXPECT_THAT(told("InterfacesRemoved"), SizeIs(1));
    EXPECT_EQ(number("cron.service", unit_interface, "ControlGroupId"), after);
    EXPECT_EQ(number("cron.service", files, "Opened"), 0u);
}

TEST_F(ComingAndGoing, IsNotToldOfWhatWasThereBeforeTheDaemon)
{
    cgroup("cron.service");
    server_->signal(SIGTERM);
    ASSERT_EQ(server_->wait(), 0);
    const std::size_t before = root_->signals().size();
    start_server();
    ASSERT_TRUE(root_->until([&] { return root_->signals().size() >= before + 2; }));
    EXPECT_THAT(managed_objects(*root_), SizeIs(2));
    EXPECT_THAT(told("InterfacesAdded"), SizeIs(testing::Le(1))); // by the first daemon, if it had a sample
}

class Subscription : public Units {
protected:
    void SetUp() override
    {
        Units::SetUp();
        if (!server_)
            return;
        cron_ = cgroup("cron.service", cgroup("system.slice"));
        path_ = object("cron.service");
        root_->watch();
    }
    std::vector<Signal> changes(const std::string &path) const
    {
        std::vector<Signal> found;
        std::ranges::copy_if(root_->signals(), std::back_inserter(found), [&](const Signal &signal) {
            return signal.member == "PropertiesChanged" && signal.path == path;
        });
        return found;
    }
    void see_samples(std::ptrdiff_t count)
    {
        const auto samples = [this] { return std::ranges::count(root_->signals(), "SampleTaken", &Signal::member); };
        const auto until = samples() + count;
        ASSERT_TRUE(root_->until([&] { return samples() >= until; }));
    }

    std::uint64_t cron_ = 0;
    std::string path_;
};

TEST_F(Subscription, HasTheChangesOfUnitsSent)
{
    ASSERT_EQ(root_->manager("Subscribe", "").error(), "");
    server_->signal(SIGSTOP);
    count(cron_, KTALLY_OPEN, 3);
    count(cron_, KTALLY_READ, 4);
    count(cron_, KTALLY_EXIT, 5);
    server_->signal(SIGCONT);
    see_samples(3);
    ASSERT_THAT(changes(path_), SizeIs(3));
    EXPECT_EQ(changes(path_)[0].interface, files);
    EXPECT_THAT(changes(path_)[0].changed, ElementsAre(Pair("Opened", 3u)));
    EXPECT_EQ(changes(path_)[1].interface, vfs);
    EXPECT_THAT(changes(path_)[1].changed, ElementsAre(Pair("Reads", 4u)));
    EXPECT_EQ(changes(path_)[2].interface, processes);
    EXPECT_THAT(changes(path_)[2].changed, ElementsAre(Pair("Exits", 5u)));
    EXPECT_THAT(changes("/org/ktally1/unit/system_2eslice"), SizeIs(3));
}

TEST_F(Subscription, HasThemSentBeforeSampleTaken)
{
    ASSERT_EQ(root_->manager("Subscribe", "").error(), "");
    see_samples(1);
    count(cron_, KTALLY_OPEN, 3);
    ASSERT_TRUE(root_->until([this] { return !changes("/org/ktally1/unit/system_2eslice").empty(); }));
    see_samples(1);
    const auto last = std::ranges::find(root_->signals(), "/org/ktally1/unit/system_2eslice", &Signal::path);
    EXPECT_EQ((last + 1)->member, "SampleTaken");
}

TEST_F(Subscription, TellsOfZombiesToo)
{
    ASSERT_EQ(root_->manager("Subscribe", "").error(), "");
    SharedProcess &dead = zombie(21, cron_);
    ASSERT_TRUE(root_->until([this] { return changes(path_).size() >= 1; }));
    EXPECT_THAT(changes(path_)[0].changed, ElementsAre(Pair("ZombiesCurrent", 1u)));
    dead.pid = 0;
    ASSERT_TRUE(root_->until([this] { return changes(path_).size() >= 2; }));
    EXPECT_THAT(changes(path_)[1].changed, ElementsAre(Pair("ZombiesCurrent", 0u)));
}

TEST_F(Subscription, IsNotMadeByWatching)
{
    count(cron_, KTALLY_OPEN, 3);
    see_samples(3);
    EXPECT_THAT(changes(path_), IsEmpty());
}

TEST_F(Subscription, SaysNothingOfWhatWasBefore)
{
    count(cron_, KTALLY_OPEN, 3);
    ASSERT_EQ(root_->manager("Subscribe", "").error(), "");
    see_samples(3);
    EXPECT_THAT(changes(path_), IsEmpty());
}

TEST_F(Subscription, SaysNothingThatCameWithANewUnit)
{
    ASSERT_EQ(root_->manager("Subscribe", "").error(), "");
    count(cgroup("new.service"), KTALLY_OPEN, 3);
    see_samples(3);
    const std::string path = "/org/ktally1/unit/new_2eservice";
    for (const Signal &change : changes(path))
        EXPECT_THAT(change.changed, Not(ElementsAre(Pair("Opened", 0u))));
    EXPECT_THAT(changes(path), SizeIs(testing::Le(1))); // it may have come before it counted
    EXPECT_EQ(root_->number(files, "Opened", path), 3u);
}

TEST_F(Subscription, EndsWhenItIsTakenBack)
{
    ASSERT_EQ(root_->manager("Subscribe", "").error(), "");
    ASSERT_EQ(root_->manager("Unsubscribe", "").error(), "");
    const std::uint64_t before = readings();
    count(cron_, KTALLY_OPEN, 3);
    see_samples(3);
    EXPECT_THAT(changes(path_), IsEmpty());
    EXPECT_EQ(readings(), before);
}

TEST_F(Subscription, IsOneHoweverOftenItIsMade)
{
    ASSERT_EQ(root_->manager("Subscribe", "").error(), "");
    ASSERT_EQ(root_->manager("Subscribe", "").error(), "");
    EXPECT_EQ(root_->manager("Unsubscribe", "").error(), "");
    EXPECT_EQ(root_->manager("Unsubscribe", "").error(), not_subscribed);
}

TEST_F(Subscription, OfAnotherClientIsNotOnesOwn)
{
    const Client other;
    ASSERT_EQ(other.manager("Subscribe", "").error(), "");
    EXPECT_EQ(root_->manager("Unsubscribe", "").error(), not_subscribed);
    count(cron_, KTALLY_OPEN, 3);
    EXPECT_TRUE(root_->until([this] { return !changes(path_).empty(); })); // signals are for all
}

TEST_F(Subscription, EndsWithTheClient)
{
    {
        const Client other;
        ASSERT_EQ(other.manager("Subscribe", "").error(), "");
        see_samples(2);
    }
    ASSERT_TRUE(eventually([this] {
        const std::uint64_t before = readings();
        see_samples(2);
        return readings() == before;
    }));
    count(cron_, KTALLY_OPEN, 3);
    see_samples(3);
    EXPECT_THAT(changes(path_), IsEmpty());
}

TEST_F(Subscription, ShowsTheNumbersOfTheSampleWhileItIsPublished)
{
    ASSERT_EQ(root_->manager("Subscribe", "").error(), "");
    const std::uint64_t before = readings();
    see_samples(4);
    EXPECT_LE(readings(), before + 5); // one a sample, however many units there are
}

} // namespace
} // namespace ktally::test
