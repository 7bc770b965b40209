// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus/counter_objects.hpp"

#include "core/errno_name.hpp"

namespace ktally {

std::vector<ErrorRow> error_rows(const Source &source, std::string_view interface)
{
    std::vector<ErrorRow> rows;
    for (const ErrorCount &error : source.errors()) {
        const OperationRow &operation = operations[error.operation];
        if (row(operation.counter).interface == interface)
            rows.emplace_back(std::string{operation.name}, error.error, errno_name(error.error), error.count);
    }
    return rows;
}

} // namespace ktally
