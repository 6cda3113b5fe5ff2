import CFaultyDisk
import Foundation
import Measurements
import Testing

@testable import Store

/// Disks that are full, read-only or broken: writing fails with its reason, reading goes on, and afterwards all is well.
@Suite(.serialized) struct TroubleTests {
    private func recorder() -> Recorder {
        let recorder = Recorder()
        recorder.addStream(.double)
        return recorder
    }

    private func write(_ ring: Ring, _ recorder: Recorder, _ round: Int) throws {
        let start = SampleNumber(round) * 1_000
        recorder.append(Noise.samples(start..<start + 1_000, 0), to: 0)
        try recorder.commit(to: ring, at: Int64(round + 1) * 1_000_000_000)
    }

    private func expectWhole(_ ring: Ring, _ recorder: Recorder, _ what: String) throws {
        let end = try ring.committedNext(of: recorder.key(0))
        let found = try ring.readers.makeReader().all(recorder.key(0))
        #expect(found.missing.isEmpty && found.pieces.count == 1, "\(what)")
        #expect(found.pieces.first?.samples == Noise.samples(0..<end, 0), "\(what)")
        #expect(try ring.readers.makeReader().check().isSound, "\(what)")
    }

    @Test func aFullDiskIsSaidAndOverWhenThereIsRoom() throws {
        let disk = try ScratchDisk(bytes: 12 << 20)
        let recorder = recorder()
        let ring = try Ring.open(
            at: disk.file("ring.db"), limits: RingLimits(bytes: 64 << 20, floorBytes: 0, policy: .dropOldest))
        #expect(ring.opened.durability == .lostAtPowerOff(fileSystem: "tmpfs"))
        // Somebody else fills the disk.
        let filler = disk.file("filler")
        try Bytes.write([UInt8](repeating: 1, count: 6 << 20), filler)
        var rounds = 0
        let error = #expect(throws: StoreError.self) {
            while rounds < 2_000 {
                try write(ring, recorder, rounds)
                rounds += 1
            }
        }
        #expect(error?.cause == .full, "\(String(describing: error))")
        #expect(rounds > 10)
        let end = try ring.committedNext(of: recorder.key(0))
        #expect(end == SampleNumber(rounds) * 1_000)
        try FileManager.default.removeItem(atPath: filler)
        // The recorder still holds what was refused, and stores it now.
        try recorder.commit(to: ring, at: 10_000_000_000_000)
        #expect(try ring.readers.makeReader().held(recorder.key(0)).end > 0)
    }

    @Test func theRingStopsGrowingAtTheFloor() throws {
        let disk = try ScratchDisk(bytes: 12 << 20)
        let recorder = recorder()
        let limits = RingLimits(bytes: 64 << 20, floorBytes: 4 << 20, policy: .dropOldest)
        let ring = try Ring.open(at: disk.file("ring.db"), limits: limits)
        for round in 0..<600 { try write(ring, recorder, round) }
        #expect(try Durability.of(folder: disk.path).freeBytes >= 2 << 20)
        #expect(!recorder.losses.isEmpty)
    }

    @Test func aReadOnlyDiskIsSaid() throws {
        let disk = try ScratchDisk(bytes: 32 << 20)
        let recorder = recorder()
        let limits = RingLimits(bytes: 16 << 20, floorBytes: 0)
        do {
            let ring = try Ring.open(at: disk.file("ring.db"), limits: limits)
            for round in 0..<20 { try write(ring, recorder, round) }
        }
        try disk.remount(readOnly: true)
        #expect(try Durability.of(folder: disk.path).durability == .readOnly)
        let error = #expect(throws: StoreError.self) { try Ring.open(at: disk.file("ring.db"), limits: limits) }
        #expect(error?.cause == .readOnly, "\(String(describing: error))")
        try disk.remount(readOnly: false)
        let ring = try Ring.open(at: disk.file("ring.db"), limits: limits)
        try write(ring, recorder, 20)
        try expectWhole(ring, recorder, "after the remount")
    }

    /// The device fails at any write or sync: the error says so, what was durable stays, and writing goes on after it.
    @Test func aDeviceThatFailsLosesNothing() throws {
        var random = Seeded()
        let folder = try TemporaryFolder()
        FaultyDisk.register()
        let recorder = recorder()
        let limits = RingLimits(bytes: RingLimits.leastBytes, floorBytes: 0, policy: .refuse)
        let ring = try Ring.open(at: folder.file("ring.db"), limits: limits, fileLayer: FaultyDisk.layer)
        defer { faulty_fail_after(-1, 0) }
        var end: SampleNumber = 0
        for round in 0..<60 {
            // SQLite's codes for a write that failed, for a full disk, and for a sync that failed.
            let code: Int32 = [778, 13, 1034].randomElement(using: &random)!
            if round % 3 == 1 { faulty_fail_after(Int64.random(in: 0...12, using: &random), code) }
            recorder.append(Noise.samples(end..<end + 500, 0), to: 0)
            end += 500
            do {
                try recorder.commit(to: ring, at: Int64(round + 1) * 1_000_000_000)
            } catch let error as StoreError {
                #expect(error.cause == .inputOutput || error.cause == .full, "\(error), seed \(random.seed)")
                #expect(!error.path.isEmpty && error.code != 0)
                faulty_fail_after(-1, 0)
                try recorder.commit(to: ring, at: Int64(round + 1) * 1_000_000_000 + 1)
            }
            faulty_fail_after(-1, 0)
            #expect(try ring.committedNext(of: recorder.key(0)) == end, "seed \(random.seed)")
        }
        try expectWhole(ring, recorder, "seed \(random.seed)")
    }

    /// Bytes of the file change: whatever is served is still right, what is not is missing or the file is put aside.
    @Test func aDamagedFileNeverServesWrongSamples() throws {
        var random = Seeded()
        let folder = try TemporaryFolder()
        let recorder = recorder()
        let limits = RingLimits(bytes: RingLimits.leastBytes, floorBytes: 0, policy: .dropOldest)
        do {
            let ring = try Ring.open(at: folder.file("ring.db"), limits: limits)
            for round in 0..<160 { try write(ring, recorder, round) }
            try ring.flush(now: 0)
        }
        let good = try Bytes.read(folder.file("ring.db"))
        var (noticed, replaced) = (0, 0)
        for _ in 0..<30 {
            var bad = good
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let page = Int.random(in: 0..<good.count / 4096, using: &random) * 4096
                let start = page + Int.random(in: 0..<4096, using: &random)
                for at in start..<min(start + Int.random(in: 1...64, using: &random), page + 4096) {
                    bad[at] = UInt8.random(in: 0...255, using: &random)
                }
            }
            let copy = try TemporaryFolder(inMemory: true)
            try Bytes.write(bad, copy.file("ring.db"))
            let outcome = try read(copy, limits, recorder, "seed \(random.seed)")
            noticed += outcome.noticed ? 1 : 0
            replaced += outcome.replaced ? 1 : 0
        }
        #expect(noticed > 5, "seed \(random.seed)")
        #expect(replaced < 30)
    }

    private func read(
        _ folder: TemporaryFolder, _ limits: RingLimits, _ recorder: Recorder, _ what: String
    ) throws -> (noticed: Bool, replaced: Bool) {
        let ring = try Ring.open(at: folder.file("ring.db"), limits: limits)
        if case .replaced(let damaged, _) = ring.opened.condition {
            #expect(FileManager.default.fileExists(atPath: damaged))
            // The new one is good for writing.
            let other = Recorder(run: 99)
            other.addStream(.double)
            try write(ring, other, 0)
            return (true, true)
        }
        let reader = try ring.readers.makeReader()
        var noticed = !ring.opened.damage.isEmpty
        do {
            for piece in try reader.all(recorder.key(0)).pieces {
                let numbers = piece.first..<piece.first + SampleNumber(piece.samples.count)
                #expect(piece.samples == Noise.samples(numbers, 0), "\(what)")
            }
            noticed = try !reader.check().isSound || noticed
        } catch let error as StoreError {
            #expect(error.cause == .corrupt, "\(error) \(what)")
            noticed = true
        }
        return (noticed, false)
    }

    @Test func aRingOfALaterVersionIsLeftAlone() throws {
        let folder = try TemporaryFolder()
        do {
            let ring = try Ring.open(at: folder.file("ring.db"))
            try ring.database.run("PRAGMA user_version = 99")
        }
        let error = #expect(throws: StoreError.self) { try Ring.open(at: folder.file("ring.db")) }
        #expect(error?.cause == .newer)
    }

    @Test func strangeFilesArePutAside() throws {
        let folder = try TemporaryFolder()
        try Bytes.write(Array("not a database at all, but long enough to be looked at".utf8), folder.file("ring.db"))
        let ring = try Ring.open(at: folder.file("ring.db"))
        guard case .replaced(let damaged, _) = ring.opened.condition else {
            Issue.record("\(ring.opened.condition)")
            return
        }
        #expect(try Bytes.read(damaged).starts(with: Array("not a".utf8)))
    }

    @Test func foldersSayWhetherTheyLast() throws {
        #expect(try Durability.of(folder: "/dev/shm").durability == .lostAtPowerOff(fileSystem: "tmpfs"))
        #expect(try Durability.of(folder: "/proc").durability != .lostAtPowerOff(fileSystem: "tmpfs"))
        #expect(throws: StoreError.self) { try Durability.of(folder: "/nowhere") }
    }
}
