import Testing

@testable import Links

@Suite struct DeviceTableTests {
    func report<Result>(_ address: BluetoothAddress, _ data: [UInt8], _ body: (MgmtReport) -> Result) -> Result {
        data.withUnsafeBytes { body(MgmtReport(address: address, signal: -70, flags: 0, data: $0)) }
    }

    @Test func aMillionAddressesLeaveItsSizeAndTheAdoptedAlone() {
        var random = Seeded()
        var table = DeviceTable(capacity: 256)
        let adopted = BluetoothAddress(42, .public)
        let place = report(adopted, [2, 1, 6]) { table.heard($0, adapter: 0, now: 0).place }
        table[place].adopted = 7
        for turn in 0..<1_000_000 {
            let address = BluetoothAddress(random.next(), .random)
            _ = report(address, [2, 1, UInt8(turn & 255)]) { table.heard($0, adapter: 0, now: Int64(turn)) }
        }
        #expect(table.count == 256)
        #expect(table.evicted == 1_000_001 - 256, "seed \(random.seed)")
        #expect(table.place(of: adopted) == place)
        #expect(table[place].adopted == 7)
    }

    @Test func theLeastRecentlyHeardMakesRoom() {
        var table = DeviceTable(capacity: 3)
        for number in [1, 2, 3, 1, 4] as [UInt64] {
            _ = report(BluetoothAddress(number, .public), []) { table.heard($0, adapter: 0, now: Int64(number)) }
        }
        #expect([1, 3, 4].allSatisfy { table.place(of: BluetoothAddress($0, .public)) != nil })
        #expect(table.place(of: BluetoothAddress(2, .public)) == nil)
        var order: [UInt64] = []
        table.forEachNewestFirst { place in
            order.append(table[place].address.number)
            return true
        }
        #expect(order == [4, 1, 3])
    }

    @Test func aNameIsKeptWhenTheNextAdvertisementHasNone() {
        var table = DeviceTable(capacity: 3)
        let address = BluetoothAddress(1, .public)
        _ = report(address, [4, 9, 65, 66, 67]) { table.heard($0, adapter: 0, now: 0) }
        let (place, isNew, changed) = report(address, [2, 1, 6]) { table.heard($0, adapter: 0, now: 1) }
        #expect(!isNew && changed)
        #expect(table.name(at: place) == "ABC")
        #expect(!report(address, [2, 1, 6]) { table.heard($0, adapter: 0, now: 2).changed })
    }

    @Test func elementsThatClaimTooMuchEndTheList() {
        for bytes in [[5, 9, 65], [255], [0, 9, 9], [1], []] as [[UInt8]] {
            bytes.withUnsafeBytes { #expect(Advertisement(data: $0).map(\.type).allSatisfy { $0 != 9 }) }
        }
    }
}
