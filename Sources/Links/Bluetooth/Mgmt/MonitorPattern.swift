/// What the kernel is told to listen for. Without offload to the controller it ignores the patterns and reports every
/// advertisement; a controller that filters by itself gets patterns of which nearly every sensor has one.
enum MonitorPattern {
    /// Type of the advertising element, and how it begins.
    private static let beginnings: [(type: UInt8, bytes: [UInt8])] = [
        // The flags, as sensors send them.
        (0x01, [0x06]), (0x01, [0x04]), (0x01, [0x05]), (0x01, [0x02]), (0x01, [0x1A]),
        // Service data: BTHome, Xiaomi, ATC, Qingping, Eddystone, SwitchBot.
        (0x16, [0xD2, 0xFC]), (0x16, [0x95, 0xFE]), (0x16, [0x1A, 0x18]), (0x16, [0xCD, 0xFD]), (0x16, [0xAA, 0xFE]),
        (0x16, [0x3D, 0xFD]),
        // Companies: Ruuvi, Govee (two), Apple, SwitchBot.
        (0xFF, [0x99, 0x04]), (0xFF, [0x88, 0xEC]), (0xFF, [0x01, 0x00]), (0xFF, [0x4C, 0x00]), (0xFF, [0x69, 0x09]),
    ]

    /// The kernel takes no more.
    static let most = 16
    private static let room = 31

    static func write(_ out: inout ByteWriter) {
        out.u8(UInt8(beginnings.count))
        for beginning in beginnings {
            out.u8(beginning.type)
            out.u8(0)
            out.u8(UInt8(beginning.bytes.count))
            out.append(beginning.bytes)
            out.append([UInt8](repeating: 0, count: room - beginning.bytes.count))
        }
    }
}
