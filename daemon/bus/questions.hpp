// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Questions: the calls that are not answered yet, because the bus, polkit or time has to be waited for. Each counts for
// its client and, once it is known, its user, for as long as anybody keeps it, and when the client left too: polkit
// still has it. A user has so many at most, together with its holds.
#pragma once

#include "bus/authority.hpp"
#include "sdbus.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace ktally {

struct Question {
    std::string client;               // unique bus name
    std::optional<std::uint32_t> uid; // nothing until the bus has said it
    bool gone = false;                // the client left while it was open
};

class Questions {
public:
    using Open = std::shared_ptr<const Question>;
    using Holds = std::function<std::size_t(std::uint32_t uid)>; // how many a user has

    explicit Questions(sdbus::IConnection &connection, Holds holds) : holds_{std::move(holds)}, authority_{connection}
    {
    }

    // Asks whether the caller may do that; "" may everybody. Then act(question, reply), whose error, if any, is the
    // reply. Holds count if the question is about one. Throws sdbus::Error if the client has asked too much.
    template <typename Result, typename Act>
    void when_authorized(const Caller &caller, const std::string &action, bool about_hold, Result &&result, Act act)
    {
        const auto question = open(caller.name);
        authority_.ask(caller, action, admission(question, about_hold),
                       answer(question, std::forward<Result>(result),
                              [question, act](std::uint32_t, const auto &reply) { act(Open{question}, reply); }));
    }

    // Asks the bus for the caller's process; then act(pid, reply), likewise.
    template <typename Result, typename Act> void when_process_known(const Caller &caller, Result &&result, Act act)
    {
        authority_.ask_process(caller, answer(open(caller.name), std::forward<Result>(result), act));
    }

    void client_left(const std::string &client);

private:
    std::shared_ptr<Question> open(const std::string &client);
    Authority::Admit admission(std::shared_ptr<Question> question, bool about_hold);

    // A function must be copyable, a Result is not.
    template <typename Result, typename Act> static Authority::Answer answer(Open question, Result &&result, Act act)
    {
        const auto reply = std::make_shared<std::decay_t<Result>>(std::forward<Result>(result));
        return [question, reply, act](std::uint32_t number, const std::optional<sdbus::Error> &refused) {
            if (question->gone)
                return; // nobody is left to be answered, and a hold would never end
            try {
                if (refused)
                    throw *refused;
                act(number, reply);
            } catch (const sdbus::Error &error) {
                reply->returnError(error);
            } catch (const std::exception &error) {
                reply->returnError(dbus::error("org.freedesktop.DBus.Error.Failed", error.what()));
            }
        };
    }

    Holds holds_;
    std::list<std::weak_ptr<Question>> questions_;
    Authority authority_;
};

} // namespace ktally
