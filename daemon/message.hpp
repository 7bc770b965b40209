// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the journal's entries are about: their MESSAGE_ID, by which systemd/ktally.catalog explains them. Never changed,
// for people search for them.
#pragma once

namespace ktally::message {

inline constexpr const char *started = "ac5aa197633844edbf20e7fc3ddaa018";
inline constexpr const char *adopted = "01c323d54b1f4d64a7387e9d5923aced"; // started, where another instance ended
inline constexpr const char *refused = "3cfe32ddadd848efb4e1ca150f135e63"; // what that one left
inline constexpr const char *absent = "2e47cc35ed8d4ec3816ab66f7476b415";  // a counter
inline constexpr const char *return_on = "4fdbce6707b449f59ccb789e87b6dd29";
inline constexpr const char *return_off = "404897aee62f416cad749bcaf3bd8c4c";
inline constexpr const char *hold_taken = "cb0760ae4f1f457f9ac13c7bae5cd1de";
inline constexpr const char *hold_released = "ebfde2a859fe47fabac5f4517981ecf1";
inline constexpr const char *configuration = "01c14aa4f8394093bd00c12ae69c5aef"; // a line of it was ignored
inline constexpr const char *zombie = "4062b5589cf8405aab4dd297d7b52b77";        // nobody reaps it
inline constexpr const char *zombies = "09882c8a733a4d3caac1813a3b7206e7";       // that were not told of one by one
inline constexpr const char *leak = "83c435d08f3d4a1c81df27ca15bbcb98";          // of descriptors, suspected

} // namespace ktally::message
