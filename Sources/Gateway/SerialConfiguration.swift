import Decoders
import Links
import Settings

extension Configuration {
    /// The ports in the settings. A speed that is not set is the one the decoder's device leaves its factory with.
    func serialPorts(_ library: DecoderLibrary) -> [SerialPortSettings] {
        tree["serial"].items.map { port in
            let id = port["id"].optionalText ?? "serial-\(port["port"].text.split(separator: "/").last ?? "port")"
            let decoder = port["decoder"].optionalText
            var sensors = port["units"].items.map { unit in
                SerialSensorSettings(
                    id: unit["id"].text, name: unit["name"].optionalText, decoder: unit["decoder"].optionalText,
                    unit: Int(unit["unit"].whole))
            }
            if sensors.isEmpty {
                sensors = [SerialSensorSettings(id: id, name: port["name"].optionalText, decoder: decoder)]
            }
            let described = (decoder ?? sensors.first?.decoder).flatMap { library[$0]?.serial?.baud }
            return SerialPortSettings(
                port: port["port"].text, kind: SerialPortSettings.Kind(rawValue: port["protocol"].text) ?? .described,
                line: line(port, baud: port["baud"].optionalWhole.map { Int($0) } ?? described ?? 9_600),
                sensors: sensors, silenceSeconds: Int(port["silence"].whole / 1_000),
                answerMs: Int(port["answer"].whole), retries: Int(port["retries"].whole),
                unchecked: port["unchecked"].flag)
        }
    }

    private func line(_ port: SettingsTree, baud: Int) -> LineSettings {
        func level(_ name: String) -> Bool? {
            switch port[name].text {
            case "on": true
            case "off": false
            default: nil
            }
        }
        var line = LineSettings(
            baud: baud, dataBits: Int(port["data_bits"].whole),
            parity: LineSettings.Parity(rawValue: port["parity"].text) ?? .none,
            stopBits: Int(port["stop_bits"].whole), flow: LineSettings.Flow(rawValue: port["flow"].text) ?? .none,
            dtr: level("dtr"), rts: level("rts"))
        if port["rs485"].text != "off" {
            var rs485 = LineSettings.RS485()
            rs485.rtsWhileSending = port["rs485"].text == "high"
            line.rs485 = rs485
        }
        return line
    }
}
