// SPDX-License-Identifier: LGPL-2.1-or-later
#include "quantity.hpp"

#include "failure.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace ktally {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr Quantity reads{"Vfs", "Reads"};

TEST(QuantityTest, IsNamedInFullByPropertyOrByTitleInAnyCase)
{
    for (const char *typed :
         {"Vfs.Reads", "vfs.reads", "VFS.READS", "Reads", "reads", "READS", "org.ktally1.Vfs.Reads"})
        EXPECT_EQ(named_quantity(typed, unit_quantities()), reads) << typed;
    for (const char *typed : {"DescriptorsCurrent", "descriptors", "DESCRIPTORS", "Files.DescriptorsCurrent"})
        EXPECT_EQ(named_quantity(typed, process_quantities()), open_descriptors) << typed;
    for (const char *typed : {"THREADS CREATED", "threads-created", "ThreadsCreated", "threads_created"})
        EXPECT_EQ(named_quantity(typed, process_quantities()), (Quantity{"Processes", "ThreadsCreated"})) << typed;
    EXPECT_EQ(named_quantity("zombies", unit_quantities()), current_zombies);
}

TEST(QuantityTest, ThatThereIsNotIsAWrongArgumentAndTheOthersAreListed)
{
    for (const char *typed : {"", "Foo", "Vfs", "Vfs.Opened", "ReadBytes", "ReadErrors", "Read"}) {
        try {
            named_quantity(typed, unit_quantities());
            ADD_FAILURE() << typed;
        } catch (const Failure &failure) {
            EXPECT_EQ(failure.status(), Exit::usage);
            EXPECT_THAT(failure.what(), AllOf(HasSubstr("Files.Opened, "), HasSubstr(", Processes.ZombiesCurrent")));
        }
    }
}

TEST(QuantityTest, OfProcessesHasNothingOfThoseThatHaveEnded)
{
    for (const char *typed : {"Exits", "TasksExited", "TasksReleased", "Zombies"})
        EXPECT_THROW(named_quantity(typed, process_quantities()), Failure) << typed;
}

// Else one of them could not be named by it.
TEST(QuantityTest, HasATitleOfItsOwn)
{
    std::set<std::string> titles;
    for (const Quantity &quantity : unit_quantities())
        EXPECT_TRUE(titles.insert(title(quantity)).second) << title(quantity);
}

TEST(QuantityTest, HasTheWordsOfItsPropertyForATitle)
{
    EXPECT_EQ(title(reads), "READS");
    EXPECT_EQ(title({"Processes", "ThreadsCreated"}), "THREADS CREATED");
    EXPECT_EQ(title(open_descriptors), "DESCRIPTORS");
    EXPECT_EQ(title(current_zombies), "ZOMBIES");
}

} // namespace
} // namespace ktally
