import Notation

/// What a person answers to a pairing's question.
public enum PairingReply: Hashable, Sendable {
    case passkey(UInt32)
    case yes
    case no
}

/// A gateway without a radio need not say so seven times.
extension Backend {
    public func adapters() throws(Problem) -> [JSON] { [] }
    public func resetAdapter(_: String, by _: Principal) throws(Problem) { throw Problem.noRadio }
    public func devicesInAir(activeSeconds _: Int64, limit _: Int) throws(Problem) -> [JSON] { throw Problem.noRadio }
    public func pairing() throws(Problem) -> JSON { throw Problem.noRadio }
    public func beginPairing(_: String, passkey _: UInt32?, by _: Principal) throws(Problem) { throw Problem.noRadio }
    public func answerPairing(_: PairingReply, by _: Principal) throws(Problem) { throw Problem.noRadio }
    public func unpair(_: String, by _: Principal) throws(Problem) { throw Problem.noRadio }
    public func setBeaconKey(_: [UInt8], of _: String, by _: Principal) throws(Problem) { throw Problem.noRadio }
}

extension Problem {
    static let noRadio = Problem(503, "no_radio", "Bluetooth is switched off here, or this machine has none")
}
