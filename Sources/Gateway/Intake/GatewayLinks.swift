import Decoders
import Links
import Notation
import System

/// Which links there should be, and making them so.
extension Gateway {
    func plannedLinks() -> [LinkSpec] {
        var links: [LinkSpec] = []
        if let scenario = options.scenario ?? configuration.scenario {
            links.append(.simulated(scenario: scenario, seed: configuration.seed, speed: configuration.speed))
        }
        if let bluetooth = configuration.bluetooth { links.append(.bluetooth(bluetooth)) }
        links += configuration.serialPorts(decoders.library).map { .serial($0) }
        return links
    }

    func add(_ spec: LinkSpec) {
        let component = LinkComponent(spec, owner: intake) { [loop, decoders, radioMemory] spec in
            switch spec {
            case .bluetooth(let settings):
                return BluetoothLink(
                    loop: loop, settings: settings, library: decoders.library, radio: Gateway.radio(settings),
                    keeper: radioMemory)
            case .serial(let settings):
                do { return try SerialLink(settings, library: decoders.library, loop: loop) } catch {
                    throw Failure(.giveUp, "\(error)")
                }
            case .simulated(let path, let seed, let speed):
                return SimulatedLink(
                    scenario: try Gateway.scenario(at: path), seed: seed, speed: speed, loop: loop)
            }
        }
        linkComponents[spec.name] = component
        sensors.add(component)
    }

    /// Stops the links that are no longer wanted and starts the new ones; equal ones go on undisturbed.
    func adjustLinks() {
        let wanted = plannedLinks()
        for spec in wanted { linkComponents[spec.name]?.adjust(to: spec) }
        for (name, component) in linkComponents where !wanted.contains(component.spec) {
            linkComponents[name] = nil
            sensors.remove(named: name)
        }
        for spec in wanted where linkComponents[spec.name] == nil { add(spec) }
    }

    /// Through the privileged helper where there is one; else this process must have the capability itself.
    private static func radio(_ settings: BluetoothSettings) -> any RadioAccess {
        let path = settings.helper ?? HelperRadio.usualPath
        return settings.helper != nil || HelperRadio.isThere(path) ? HelperRadio(path: path) : DirectRadio()
    }

    private static func scenario(at path: String) throws -> Scenario {
        do {
            return try Scenario.read(try Files.read(path))
        } catch let error as NotationError {
            throw Failure(.giveUp, "\(path): \(error)")
        } catch {
            throw Failure(.restart, "\(error)")
        }
    }
}

extension Gateway {
    /// The radio, where there is one that works.
    public var bluetooth: BluetoothLink? { linkComponents["ble"]?.link as? BluetoothLink }

    func take(_ library: DecoderLibrary) {
        note(
            Event(.notice, "decoders", "\(library.descriptions.count) decoders, \(library.errors.count) files skipped"))
        bluetooth?.update(library: library)
        for component in linkComponents.values { (component.link as? SerialLink)?.update(library: library) }
    }
}
