import Testing

@testable import Links

@Suite struct MgmtCodecTests {
    func event(_ code: UInt16, _ body: [UInt8]) throws -> MgmtEvent {
        try packet(code, body) { try $0.event() }
    }

    func packet<Result>(_ code: UInt16, _ body: [UInt8], _ read: (MgmtPacket) throws -> Result) throws -> Result {
        var out = ByteWriter()
        out.u16(code)
        out.u16(0)
        out.u16(UInt16(body.count))
        out.append(body)
        return try out.bytes.withUnsafeBytes { try read(MgmtPacket($0)) }
    }

    let address: [UInt8] = [0x4F, 0x88, 0x4C, 0x33, 0xB8, 0xCB, 2]

    @Test func commandsAreLaidOutAsTheKernelReadsThem() throws {
        let peer = try #require(BluetoothAddress("CB:B8:33:4C:88:4F", kind: .random))
        #expect(MgmtCommand.setPowered(true).encode(index: 1) == [5, 0, 1, 0, 1, 0, 1])
        #expect(MgmtCommand.startDiscovery.encode(index: 0) == [0x23, 0, 0, 0, 1, 0, 6])
        #expect(
            MgmtCommand.passkey(peer, 123456).encode(index: 0) == [0x1E, 0, 0, 0, 11, 0] + address + [0x40, 0xE2, 1, 0])
        #expect(MgmtCommand.pair(peer, .keyboardDisplay).encode(index: 0) == [0x19, 0, 0, 0, 8, 0] + address + [4])
        #expect(
            MgmtCommand.setScanDuty(.half).encode(index: 0) == [
                0x4C, 0, 0, 0, 10, 0, 0x13, 0, 2, 96, 0, 0x14, 0, 2, 48, 0,
            ])
        let monitor = MgmtCommand.addMonitor.encode(index: 0)
        #expect(monitor.count == 6 + 1 + 34 * Int(monitor[6]) && Int(monitor[6]) <= MonitorPattern.most)
        let key = LongTermKey(
            address: peer, kind: 2, central: 1, strength: 16, diversifier: 0x0201, random: 0x0807_0605_0403_0201,
            value: [UInt8](0..<16))
        let keys = MgmtCommand.loadLongTermKeys([key]).encode(index: 0)
        #expect(keys.count == 6 + 2 + LongTermKey.size)
        #expect(Array(keys[8...]) == address + [2, 1, 16, 1, 2, 1, 2, 3, 4, 5, 6, 7, 8] + [UInt8](0..<16))
    }

    @Test func eventsAreUnderstood() throws {
        let peer = try #require(BluetoothAddress("CB:B8:33:4C:88:4F", kind: .random))
        #expect(try event(0x0001, [0x52, 0, 0, 7, 0]) == .reply(opcode: 0x52, .success, payload: [7, 0]))
        #expect(try event(0x0002, [0x23, 0, 0x0A]) == .reply(opcode: 0x23, .busy, payload: []))
        #expect(
            try event(0x000F, address + [0, 0x40, 0xE2, 1, 0])
                == .confirmRequest(peer, justWorks: false, number: 123456))
        #expect(
            try event(0x0017, address + [0x40, 0xE2, 1, 0, 3]) == .passkeyNotify(peer, passkey: 123456, entered: 3))
        #expect(try event(0x002C, [1, 0]) == .monitorRemoved(1))
        let data: [UInt8] = [2, 1, 6]
        for (code, prefix) in [(UInt16(0x12), [UInt8]()), (0x2F, [0, 0])] {
            try packet(code, prefix + address + [0xBD, 0, 0, 0, 0, 3, 0] + data) { packet in
                let report = try #require(try packet.report())
                #expect(report.address == peer && report.signal == -67 && Array(report.data) == data)
            }
        }
    }

    @Test func everyTruncationIsAnErrorAndNothingElseHappens() throws {
        let whole: [(UInt16, Int)] = [
            (1, 3), (2, 3), (6, 4), (0x0A, 37), (0x0B, 7), (0x0F, 12), (0x12, 14), (0x17, 12), (0x18, 30), (0x2F, 16),
        ]
        for (code, length) in whole {
            for short in 0..<length {
                #expect(throws: MgmtMalformed.self) {
                    try packet(code, [UInt8](repeating: 0, count: short)) { packet in
                        if try packet.report() == nil { _ = try packet.event() }
                    }
                }
            }
        }
    }

    @Test func noiseNeverTraps() {
        var random = Seeded()
        for _ in 0..<20_000 {
            let bytes = random.bytes(Int.random(in: 0...80, using: &random))
            bytes.withUnsafeBytes { raw in
                guard let packet = try? MgmtPacket(raw) else { return }
                _ = try? packet.event()
                if let report = try? packet.report() { for _ in Advertisement(data: report.data) {} }
            }
        }
    }

    @Test func bondsComeBackAsTheyWereStored() throws {
        let peer = try #require(BluetoothAddress("CB:B8:33:4C:88:4F", kind: .random))
        let bond = Bond(
            address: peer, adapter: BluetoothAddress(1, .public),
            longTermKeys: [
                LongTermKey(
                    address: peer, kind: 3, central: 1, strength: 16, diversifier: 1, random: 2, value: [UInt8](0..<16))
            ], identityKey: IdentityKey(address: peer, value: [UInt8](16..<32)))
        #expect(Bond(stored: bond.stored) == bond)
        #expect(bond.isAuthenticated)
        for length in 0..<bond.stored.count { #expect(Bond(stored: Array(bond.stored.prefix(length))) == nil) }
    }
}

@Suite struct AddressTests {
    @Test func isReadAndWritten() {
        #expect(BluetoothAddress("CB:B8:33:4C:88:4F")?.description == "CB:B8:33:4C:88:4F")
        #expect(BluetoothAddress("cbb8334c884f")?.isStatic == true)
        #expect(BluetoothAddress("00:11:22:33:44:55")?.kind == .public)
        for bad in [
            "", "CB:B8:33:4C:88", "CB:B8:33:4C:88:4G", "CB-B8-33-4C-88-4F", "CBB8334C884F0", ":::::::::::::::::",
        ] {
            #expect(BluetoothAddress(bad) == nil, "\(bad)")
        }
    }

    /// Core specification 5.4, volume 3, part H, appendix D.7: the example of `ah`.
    @Test func resolvesByIdentityKey() throws {
        let key: [UInt8] = [
            0xEC, 0x02, 0x34, 0xA3, 0x57, 0xC8, 0xAD, 0x05, 0x34, 0x10, 0x10, 0xA6, 0x0A, 0x39, 0x7D, 0x9B,
        ]
        #expect(ResolvableAddress.hash(key.reversed(), 0x708194) == 0x0DFBAA)
        let address = try #require(BluetoothAddress("70:81:94:0D:FB:AA", kind: .random))
        #expect(ResolvableAddress.belongs(address, to: key.reversed()))
        #expect(!ResolvableAddress.belongs(address, to: key))
    }
}
