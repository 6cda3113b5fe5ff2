import Decoders
import Glibc
import Links
import Measurements
import System

extension SerialBench {
    /// Share of one core that so many receivers take at ten bursts of six sentences a second, on the loop's own thread.
    static func ports(_ count: Int, seconds: Int) throws -> (share: Double, delivered: Int) {
        let frames = try SerialFrames(samples: "Tests/samples/sml.txt").nmea
        let loop = try Loop(name: "bench")
        let owner = Counter()
        var controls: [Int32] = []
        var links: [SerialLink] = []
        for number in 0..<count {
            var (here, there): (Int32, Int32) = (-1, -1)
            var name = [CChar](repeating: 0, count: 128)
            guard openpty(&here, &there, &name, nil, nil) == 0 else { throw SystemFailure.last("openpty") }
            controls.append(here)
            let path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let settings = SerialPortSettings(port: path, kind: .nmea, sensors: [.init(id: "port-\(number)")])
            links.append(try SerialLink(settings, library: DecoderLibrary(), loop: loop))
        }
        let box = Box(links: links, owner: owner)
        loop.start()
        loop.post { for link in box.links { try? link.start(owner: box.owner) } }
        usleep(200_000)
        let begun = cpu(loop)
        for turn in 0..<10 * seconds {
            let burst = (0..<6).flatMap { frames[(turn * 6 + $0) % frames.count] }
            for control in controls { _ = write(control, burst, burst.count) }
            usleep(100_000)
        }
        let used = cpu(loop) - begun
        loop.post { for link in box.links { link.stop() } }
        let delivered = owner.deliveries.withLock { $0 }
        loop.stop()
        return (used / Double(seconds), delivered)
    }

    private struct Box: @unchecked Sendable {  // because links and owner are touched on the loop only
        let links: [SerialLink]
        let owner: Counter
    }

    private static func cpu(_ loop: Loop) -> Double {
        let seconds = Locked(0.0)
        let done = Semaphore()
        loop.post {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            seconds.withLock { $0 = Double(time.tv_sec) + Double(time.tv_nsec) / 1e9 }
            done.signal()
        }
        done.wait()
        return seconds.withLock { $0 }
    }

    private final class Counter: LinkOwner {
        let deliveries = Locked(0)
        private var next = 0

        func declare(_ sensor: SensorDeclaration, from link: any Link) -> SensorHandle? {
            next += 1
            return SensorHandle(index: next)
        }
        func deliver(_ readings: Readings, from sensor: SensorHandle) { deliveries.withLock { $0 += 1 } }
        func fault(_ kind: StaticString, detail: @autoclosure () -> String, sensor: SensorHandle) {}
        func clockAnchor(unixTime: Int64, at bootTime: BootTime, errorNs: Int64, sensor: SensorHandle) {}
        func state(_ text: String, healthy: Bool, sensor: SensorHandle) {}
        func linkFailed(_ link: any Link, _ error: any Error) {}
    }
}
