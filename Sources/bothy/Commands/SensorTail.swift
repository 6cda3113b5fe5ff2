import Glibc
import Notation

/// Follows sensors: on a terminal a table that renews itself, elsewhere a line a delivery.
final class SensorTail {
    private let invocation: Invocation
    private let client: Client
    private let endsAt: time_t?
    private var drawn = 0

    init(_ invocation: Invocation) throws {
        self.invocation = invocation
        client = invocation.client
        endsAt = try invocation.whole("for", in: 1...86_400).map { time(nil) + time_t($0) }
    }

    func run() throws {
        let live = !invocation.wantsJSON && Terminal.isTerminal(1)
        while true {
            let sensors = try fetch()
            if live { draw(sensors) } else { for sensor in sensors { printLine(sensor) } }
            if let endsAt, time(nil) >= endsAt { return }
            usleep(live ? 250_000 : 1_000_000)
        }
    }

    private func fetch() throws -> [JSON] {
        if let id = invocation.positionals.first { return [try client.get("/v1/sensors/\(Client.escape(id))")] }
        return try client.get("/v1/sensors").array ?? []
    }

    private func draw(_ sensors: [JSON]) {
        var table = Table([
            .init(title: "SENSOR"), .init(title: "ATTRIBUTE"), .init(title: "VALUE", right: true),
            .init(title: "RECENT"),
        ])
        for sensor in sensors {
            for attribute in sensor["attributes"]?.array ?? [] {
                let recent = (attribute["recent"]?.array ?? []).compactMap(\.double)
                table.add(
                    sensor["id"]?.string ?? "", attribute["name"]?.string ?? "", SensorCommands.value(attribute),
                    Sparkline.render(recent, width: 32))
            }
        }
        let text = table.render()
        // Back to the first line that was drawn, and over it.
        if drawn > 0 { Terminal.raw("\u{1b}[\(drawn)A\u{1b}[J") }
        drawn = text.count { $0 == "\n" } + 1
        Terminal.print(text)
    }

    private func printLine(_ sensor: JSON) {
        if invocation.wantsJSON {
            Terminal.write(1, bytes: JSONWriter.compact(sensor) + [10])
        } else {
            let values = (sensor["attributes"]?.array ?? []).map {
                "\($0["name"]?.string ?? "")=\(SensorCommands.value($0))"
            }
            Terminal.print("\(sensor["id"]?.string ?? "") \(values.joined(separator: " "))")
        }
    }
}
