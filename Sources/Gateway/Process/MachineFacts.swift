import Glibc
import Measurements
import System

/// What this machine says of itself.
enum MachineFacts {
    /// The kernel's id of this boot; random where it cannot be read, so that two boots are never taken for one.
    static func boot() -> BootID {
        if let text = try? Files.read("/proc/sys/kernel/random/boot_id", most: 64) {
            let digits = String(decoding: text, as: UTF8.self).filter { $0.isHexDigit }
            if let high = UInt64(digits.prefix(16), radix: 16), let low = UInt64(digits.dropFirst(16), radix: 16) {
                return BootID(high: high, low: low)
            }
        }
        return BootID(high: SystemRandom.uint64(), low: SystemRandom.uint64())
    }

    static func hostName() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "gateway" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Bytes of memory that this process has to itself and all together.
    static func memory() -> (resident: Int, anonymous: Int) {
        guard let text = try? Files.read("/proc/self/status", most: 1 << 16) else { return (0, 0) }
        var (resident, anonymous) = (0, 0)
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.count >= 2, let kilobytes = Int(words[1]) else { continue }
            if words[0] == "VmRSS:" { resident = kilobytes << 10 }
            if words[0] == "RssAnon:" { anonymous = kilobytes << 10 }
        }
        return (resident, anonymous)
    }

    /// Seconds of processor time that this process has used.
    static func processorSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}
