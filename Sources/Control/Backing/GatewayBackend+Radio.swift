import Gateway
import Links
import Notation

/// Bluetooth, as the API shows it.
extension GatewayBackend {
    private func radio() throws(Problem) -> BluetoothLink {
        guard let link = gateway.bluetooth else { throw Problem.noRadio }
        return link
    }

    private func address(_ text: String) throws(Problem) -> BluetoothAddress {
        guard let address = BluetoothAddress(text) else {
            throw Problem.invalid("address", "'\(text)' is no address; one looks like AA:BB:CC:DD:EE:FF")
        }
        return address
    }

    public func adapters() throws(Problem) -> [JSON] {
        (gateway.bluetooth?.adapterList ?? []).map { adapter in
            [
                "name": .string(adapter.name), "address": .string(adapter.address), "mode": .string(adapter.mode),
                "state": .string(adapter.summary), "listening": .boolean(adapter.isListening),
                "duty_percent": JSON(adapter.dutyPercent),
                "counters": .object(adapter.counters.map { .init($0.name, JSON($0.value)) }),
            ]
        }
    }

    public func resetAdapter(_ name: String, by who: Principal) throws(Problem) {
        guard try radio().resetAdapter(name) else { throw Problem.notFound("adapter '\(name)'", field: "adapter") }
    }

    public func devicesInAir(activeSeconds: Int64, limit: Int) throws(Problem) -> [JSON] {
        try radio().scan(activeMs: activeSeconds * 1000, limit: limit).map { device in
            [
                "address": .string(device.address.description.lowercased()), "name": .string(device.name),
                "rssi": JSON(device.signal), "age_ms": JSON(device.ageMs), "reports": JSON(device.reports),
                "adapter": .string("hci\(device.adapter)"), "decoder": .string(device.family),
                "title": .string(device.title), "values": .array(device.values.map { .string($0) }),
                "needs_key": .boolean(device.needsKey), "adopted": .boolean(device.isAdopted),
                "add": .string(device.command),
            ]
        }
    }

    public func pairing() throws(Problem) -> JSON {
        let status = try radio().pairing
        var question = JSON.null
        switch status.question {
        case .passkey: question = ["kind": "passkey"]
        case .compare(let number): question = ["kind": "compare", "number": JSON(number)]
        case .show(let number): question = ["kind": "show", "number": JSON(number)]
        case nil: break
        }
        return [
            "stage": .string(status.stage.rawValue), "address": JSON(status.address?.description.lowercased()),
            "question": question, "problem": JSON(status.problem),
        ]
    }

    public func beginPairing(_ text: String, passkey: UInt32?, by who: Principal) throws(Problem) {
        let address = try address(text)
        guard try radio().beginPairing(address, passkey: passkey) else {
            throw Problem(409, "busy", "another device is being paired")
        }
    }

    public func answerPairing(_ reply: PairingReply, by who: Principal) throws(Problem) {
        let link = try radio()
        switch reply {
        case .passkey(let number): link.answerPairing(.passkey(number))
        case .yes: link.answerPairing(.yes)
        case .no: link.answerPairing(.no)
        }
    }

    public func unpair(_ text: String, by who: Principal) throws(Problem) {
        let address = try address(text)
        let link = try radio()
        guard link.paired.contains(where: { $0.number == address.number }) else {
            throw Problem.notFound("paired device \(address)", field: "address")
        }
        link.unpair(address) { _ in }
    }

    public func setBeaconKey(_ key: [UInt8], of text: String, by who: Principal) throws(Problem) {
        let address = try address(text)
        if let why = try radio().setKey(key, of: address) {
            throw Problem(404, "no_such_sensor", why, field: "address")
        }
    }
}
