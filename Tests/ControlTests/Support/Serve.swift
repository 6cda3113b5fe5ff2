import Foundation
import Notation
import Testing

@testable import Control

/// `BOTHY_SERVE=8099 swift test --filter ServeForPeople`: the page with simulated sensors, to look at while working on it.
@Suite struct ServeForPeople {
    @Test(.enabled(if: ProcessInfo.processInfo.environment["BOTHY_SERVE"] != nil))
    func serve() throws {
        let port = ProcessInfo.processInfo.environment["BOTHY_SERVE"].flatMap { Int($0) } ?? 8099
        let house = try House { $0.tcp = .init(address: "127.0.0.1", port: port) }
        print("socket \(house.socket)")
        while true { Foundation.Thread.sleep(forTimeInterval: 60) }
    }
}
