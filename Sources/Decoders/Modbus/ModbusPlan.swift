import Measurements

/// Registers of one unit that are read by one request.
struct ModbusGroup: Sendable {
    /// Unread registers that may lie between two that are read together; asking again costs more.
    static let greatestGap = 8

    var unit: Int
    var table: ModbusTable
    var first: Int
    var count: Int
    var registers: [Int]
    var everyNs: Int64
    var due: BootTime

    /// The fewest requests for a unit's registers: those of one table and period, near to each other.
    static func plan(unit: Int, _ registers: [ModbusRegister], now: BootTime) -> [ModbusGroup] {
        let order = registers.indices.sorted { left, right in
            let (a, b) = (registers[left], registers[right])
            return (a.table.rawValue, a.everyMs, a.address) < (b.table.rawValue, b.everyMs, b.address)
        }
        var groups: [ModbusGroup] = []
        for index in order {
            let register = registers[index]
            let end = register.address + register.count
            if var last = groups.last, last.table == register.table,
                last.everyNs == Int64(register.everyMs) * 1_000_000,
                register.address - (last.first + last.count) <= (register.table.isBits ? 64 : greatestGap),
                end - last.first <= register.table.most
            {
                last.count = max(last.count, end - last.first)
                last.registers.append(index)
                groups[groups.count - 1] = last
            } else {
                groups.append(
                    ModbusGroup(
                        unit: unit, table: register.table, first: register.address, count: register.count,
                        registers: [index], everyNs: Int64(register.everyMs) * 1_000_000, due: now))
            }
        }
        return groups
    }

    /// One group a register, for a device that refuses to read across a hole.
    func split(_ registers: [ModbusRegister]) -> [ModbusGroup] {
        self.registers.map { index in
            var single = self
            single.first = registers[index].address
            single.count = registers[index].count
            single.registers = [index]
            return single
        }
    }
}
