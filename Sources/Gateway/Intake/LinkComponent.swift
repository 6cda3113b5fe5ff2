import Links

/// A link under supervision: made anew at every start.
final class LinkComponent: Component {
    let name: String
    private(set) var spec: LinkSpec
    private let make: (LinkSpec) throws -> any Link
    private unowned let owner: Intake
    private(set) var link: (any Link)?
    private var failed: ((Failure) -> Void)?

    init(_ spec: LinkSpec, owner: Intake, make: @escaping (LinkSpec) throws -> any Link) {
        self.spec = spec
        name = spec.name
        self.owner = owner
        self.make = make
    }

    func start(failed: @escaping (Failure) -> Void) throws {
        let link = try make(spec)
        self.link = link
        self.failed = failed
        do {
            try link.start(owner: owner)
        } catch let absent as BluetoothAbsent {
            throw Failure(.absent, "\(absent)")
        }
    }

    func stop(done: @escaping () -> Void) {
        failed = nil
        link?.stop()
        link = nil
        done()
    }

    /// Takes up other sensors of the same radio without disturbing those that stay.
    func adjust(to wanted: LinkSpec) {
        guard case .bluetooth(let new) = wanted, case .bluetooth(var old) = spec, let radio = link as? BluetoothLink
        else { return }
        old.adopted = new.adopted
        guard old == new else { return }
        radio.update(adopted: new.adopted)
        spec = wanted
    }

    func linkFailed(_ failure: Failure) { failed?(failure) }
}

/// What a link is made from: equal settings make an equal link, which a reload leaves alone.
enum LinkSpec: Hashable {
    case simulated(scenario: String, seed: UInt64, speed: Double)
    case bluetooth(BluetoothSettings)
    case serial(SerialPortSettings)

    var name: String {
        switch self {
        case .simulated: "simulated"
        case .bluetooth: "ble"
        case .serial(let settings): "serial:\(settings.port)"
        }
    }
}
