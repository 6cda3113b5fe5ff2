/// Modbus RTU frames: what is sent, and how an answer is found among the bytes that come.
enum ModbusFrame {
    /// Address, function, count, up to 252 bytes of data, CRC.
    static let longest = 256

    static func request(unit: UInt8, _ table: ModbusTable, first: Int, count: Int) -> [UInt8] {
        let body: [UInt8] = [
            unit, table.function, UInt8(first >> 8), UInt8(first & 0xff), UInt8(count >> 8), UInt8(count & 0xff),
        ]
        let crc = CRC.modbus.of(body)
        return body + [UInt8(crc & 0xff), UInt8(crc >> 8)]
    }

    static func dataCount(_ table: ModbusTable, _ count: Int) -> Int { table.isBits ? (count + 7) / 8 : 2 * count }

    enum Answer: Equatable {
        /// Where the data begins.
        case data(Int)
        case exception(UInt8)
    }

    /// Looks for the answer at any place, because a line may echo what was sent or add noise before it.
    static func answer(
        in bytes: UnsafeRawBufferPointer, unit: UInt8, _ table: ModbusTable, count: Int
    ) -> (Answer, after: Int)? {
        let data = dataCount(table, count)
        for start in 0..<max(0, bytes.count - 4) where bytes[start] == unit {
            if bytes[start + 1] == table.function, Int(bytes[start + 2]) == data, start + 5 + data <= bytes.count,
                holds(bytes, start, 3 + data)
            {
                return (.data(start + 3), start)
            }
            if bytes[start + 1] == table.function | 0x80, holds(bytes, start, 3) {
                return (.exception(bytes[start + 2]), start)
            }
        }
        return nil
    }

    private static func holds(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ count: Int) -> Bool {
        let end = start + count
        let crc = CRC.modbus.of(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
        return UInt32(bytes[end]) | UInt32(bytes[end + 1]) << 8 == crc
    }

    static func exceptionName(_ code: UInt8) -> String {
        switch code {
        case 1: "illegal function"
        case 2: "illegal address"
        case 3: "illegal value"
        case 4: "device failure"
        case 5: "acknowledged, still working"
        case 6: "busy"
        case 10: "gateway path unavailable"
        case 11: "gateway target silent"
        default: "exception \(code)"
        }
    }
}
