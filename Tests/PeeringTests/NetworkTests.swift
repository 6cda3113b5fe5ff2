import Foundation
import Simulator
import System
import Testing

@testable import Peering

/// What takes minutes or needs to be root: gateways in network namespaces, and how fast a lane is beside a bare stream.
@Suite(.serialized, .enabled(if: TestRun.isLong)) struct NetworkTests {
    @Test func gatewaysInNamespacesSurviveWhatNetworksDo() throws {
        try #require(getuid() == 0, "network namespaces need root")
        let probe = ".build/debug/peering-probe"
        try #require(FileManager.default.fileExists(atPath: probe), "swift build --product peering-probe first")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "Tests/peers/network.py", probe]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "its lines above say which scenario did not come true")
    }

    @Test func aLaneIsAtLeastSevenTenthsAsFastAsABareStream() throws {
        let chunk = [UInt8](repeating: 5, count: 256 << 10)
        let chunks = 800
        var ratios: [Double] = []
        for _ in 0..<5 {
            let bare = try bareStream(chunk, chunks)
            let lane = try lane(chunk, chunks)
            print("bare \(bare) ms, lane \(lane) ms for \(chunks * chunk.count / 1_048_576) MiB")
            ratios.append(Double(bare) / Double(lane))
        }
        #expect(ratios.sorted()[2] >= 0.7, "the median of \(ratios)")
    }

    private func lane(_ chunk: [UInt8], _ chunks: Int) throws -> Int64 {
        let (a, b) = try connectedPair(61, 62)
        let got = Locked(0)
        b.test.sync { b.service.handlers.peerMessage = { message in got.withLock { $0 += message.body.count } } }
        let id = b.id
        let begin = SystemClock.bootTime
        var left = chunks
        func push() {
            while left > 0, a.service.send(chunk, type: 16, on: .bulk, to: id) == .accepted { left -= 1 }
        }
        a.test.sync {
            a.service.handlers.peerDrained = { _, _ in push() }
            push()
        }
        try eventually("all came", seconds: 60) { got.withLock { $0 } == chunks * chunk.count }
        let took = (SystemClock.bootTime - begin) / 1_000_000
        a.stop()
        b.stop()
        return took
    }

    /// The same bytes over one stream of the transport, with nothing of ours but the calls.
    private func bareStream(_ chunk: [UInt8], _ chunks: Int) throws -> Int64 {
        let (a, b) = try connectedPair(63, 64)
        let (aID, bID) = (a.id, b.id)
        // From the one that was dialled: it may open one such stream, the other has opened the control stream.
        let sender = b.test.sync { Box(b.service.peers[aID]!.connection!.connection) }
        let receiver = a.test.sync { Box(a.service.peers[bID]!.connection!.connection) }
        let got = Locked(0)
        let keep = Box<IrohReceiveStream?>(nil)
        let begin = SystemClock.bootTime
        a.test.sync {
            func read() {
                keep.value?.read(limit: 256 << 10) { result in
                    guard case .success(let bytes) = result, !bytes.isEmpty else { return }
                    got.withLock { $0 += bytes.count }
                    read()
                }
            }
            receiver.value.acceptBi { result in
                keep.value = (try? result.get())?.receive
                read()
            }
        }
        b.test.sync {
            sender.value.openBi { result in
                guard let stream = try? result.get().send else { return }
                func write(_ left: Int) {
                    guard left > 0 else { return stream.finish() }
                    stream.write(chunk) { if $0 == nil { write(left - 1) } }
                }
                write(chunks)
            }
        }
        try eventually("all came", seconds: 60) { got.withLock { $0 } == chunks * chunk.count }
        let took = (SystemClock.bootTime - begin) / 1_000_000
        a.stop()
        b.stop()
        return took
    }
}
