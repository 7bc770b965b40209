// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Authority: may this caller do that? uid 0 may everything; for all others polkit is asked. Never blocks: the answer
// comes by callback, after as long as a person takes to type a password.
#pragma once

#include "sdbus.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace ktally {

struct Caller {
    std::string name; // unique bus name
    bool interactive; // permits asking a person

    static Caller of(const sdbus::Message &message);
};

class Authority {
public:
    // uid of the caller, or its pid if that was asked for; or why it may not.
    using Answer = std::function<void(std::uint32_t id, const std::optional<sdbus::Error> &refused)>;

    // Whether a question of that user may be put at all; if not, the error is its answer.
    using Admit = std::function<std::optional<sdbus::Error>(std::uint32_t uid)>;

    explicit Authority(sdbus::IConnection &connection);

    // `admit` is called once it is known who asks, and before polkit is bothered, which is for an action of "" never.
    void ask(const Caller &caller, const std::string &action, Admit admit, Answer answer);

    // For the caller's process.
    void ask_process(const Caller &caller, Answer answer);

private:
    void ask_bus(const char *method, const Caller &caller, Answer answer);
    void ask_polkit(const Caller &caller, const std::string &action, std::uint32_t uid, Answer answer);

    std::unique_ptr<sdbus::IProxy> bus_;
    std::unique_ptr<sdbus::IProxy> polkit_;
};

} // namespace ktally
