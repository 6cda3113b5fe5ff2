import Glibc
import System
import Testing

@Suite struct LoopTests {
    @Test func timersFireInOrderAndCancelledOnesDoNot() throws {
        let loop = try Loop(name: "test")
        let fired = Locked<[Int]>([])
        loop.schedule(afterMs: 20) {
            fired.withLock { $0.append(2) }
            loop.stop()
        }
        loop.schedule(afterMs: 5) { fired.withLock { $0.append(1) } }
        let token = loop.schedule(afterMs: 10) { fired.withLock { $0.append(9) } }
        loop.cancel(token)
        loop.run()
        #expect(fired.withLock { $0 } == [1, 2])
    }

    @Test func watchesADescriptor() throws {
        let loop = try Loop(name: "test")
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        var seen: UInt8 = 0
        let reader = ends[0]
        try loop.watch(reader, .readable) { _ in
            read(reader, &seen, 1)
            loop.unwatch(reader)
            loop.stop()
        }
        var byte: UInt8 = 7
        write(ends[1], &byte, 1)
        loop.run()
        #expect(seen == 7)
    }

    @Test func workPostedFromAnotherThreadRunsInOrder() throws {
        let loop = try Loop(name: "test")
        loop.start()
        let order = Locked<[Int]>([])
        for index in 0..<1000 { loop.post { order.withLock { $0.append(index) } } }
        let done = Semaphore()
        loop.post { done.signal() }
        done.wait()
        loop.stop()
        #expect(order.withLock { $0 } == Array(0..<1000))
    }
}
