// SPDX-License-Identifier: LGPL-2.1-or-later
//
// FakeAuthority: polkit as a test wants it. Answers in a thread of its own; keeps what it was asked.
#pragma once

#include "sdbus.hpp"

#include "org.freedesktop.PolicyKit1.Authority-adaptor.hpp"

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ktally::test {

enum class Verdict {
    allowed,
    denied,
    challenge, // allowed after authentication, which nobody did
    error,
    open, // no answer until answer_open()
};

struct Asked {
    std::string kind; // of the subject
    std::string name;
    std::string action;
    std::uint32_t flags;
};

class FakeAuthority {
public:
    // Owns org.freedesktop.PolicyKit1 as long as it lives.
    explicit FakeAuthority(Verdict verdict);
    ~FakeAuthority();

    std::vector<Asked> asked() const;
    void answer_open(bool allowed);

    // Returns when the daemon has seen everything that was answered before.
    void reach_daemon();

private:
    class Object;

    std::unique_ptr<sdbus::IConnection> connection_;
    std::unique_ptr<Object> object_;
};

} // namespace ktally::test
