// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus/questions.hpp"

#include "core/return_program.hpp"

#include <algorithm>

namespace ktally {
namespace {

template <typename Of> std::size_t count(const std::list<std::weak_ptr<Question>> &questions, Of of)
{
    return static_cast<std::size_t>(std::ranges::count_if(questions, [&](const auto &weak) {
        const auto question = weak.lock();
        return question && of(*question);
    }));
}

sdbus::Error limits_exceeded(const std::string &who, std::size_t held, std::size_t open)
{
    return dbus::error("org.freedesktop.DBus.Error.LimitsExceeded",
                       who + " has " + std::to_string(held) + " holds of the return program and " +
                           std::to_string(open) + " calls that are not answered yet, at most " +
                           std::to_string(max_holds_per_user) + " of both are allowed");
}

} // namespace

// Until the bus has said whose client it is, which may take as long as its queue is, each has a limit of its own.
std::shared_ptr<Question> Questions::open(const std::string &client)
{
    std::erase_if(questions_, [](const auto &question) { return question.expired(); });
    const std::size_t waiting = count(questions_, [&](const Question &other) { return other.client == client; });
    if (waiting >= max_holds_per_user)
        throw limits_exceeded(client, 0, waiting);
    const auto question = std::make_shared<Question>(Question{client, std::nullopt});
    questions_.push_back(question);
    return question;
}

Authority::Admit Questions::admission(std::shared_ptr<Question> question, bool about_hold)
{
    return [this, question, about_hold](std::uint32_t uid) -> std::optional<sdbus::Error> {
        const std::size_t others = count(questions_, [uid](const Question &other) { return other.uid == uid; });
        const std::size_t held = about_hold ? holds_(uid) : 0;
        if (held + others >= max_holds_per_user)
            return limits_exceeded("uid " + std::to_string(uid), held, others);
        question->uid = uid;
        return std::nullopt;
    };
}

void Questions::client_left(const std::string &client)
{
    for (const auto &weak : questions_)
        if (const auto question = weak.lock(); question && question->client == client)
            question->gone = true;
}

} // namespace ktally
