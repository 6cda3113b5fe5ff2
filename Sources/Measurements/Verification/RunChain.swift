import Hashing

/// Whether the runs of one gateway follow each other. A fork here is a restored backup or a cloned card: both branches
/// are kept whole, and a person decides.
public enum RunChain {
    public enum Problem: Hashable, Sendable, CustomStringConvertible {
        /// The same run twice, with different beginnings.
        case twoBeginnings(RunID)
        /// The same run twice: a replay.
        case replayed(RunID)
        case twoSuccessors(of: RunID, RunID, RunID)
        case sameOrdinal(RunID, RunID)
        /// A run names one before it that is not there.
        case missingRun(RunID, before: RunID)
        /// It names a last seal that its predecessor does not have.
        case otherSeal(RunID)
        /// The same chain goes on on other hardware.
        case otherHardware(RunID)

        public var description: String {
            switch self {
            case .twoBeginnings(let run): "run \(run.short) has two different beginnings"
            case .replayed(let run): "run \(run.short) is there twice"
            case .twoSuccessors(let run, let one, let two):
                "runs \(one.short) and \(two.short) both follow run \(run.short): a restored backup or a cloned card"
            case .sameOrdinal(let one, let two): "runs \(one.short) and \(two.short) count the same"
            case .missingRun(let run, let before): "run \(run.short), before run \(before.short), is left out"
            case .otherSeal(let run): "run \(run.short) names a seal that the run before it does not end with"
            case .otherHardware(let run): "run \(run.short) began on other hardware"
            }
        }
    }

    /// `seals` are the hashes of each run's seals that are known; a run of which none is known is not checked for them.
    public static func problems(_ runs: [RunOpen], seals: [RunID: Set<Bytes32>] = [:]) -> [Problem] {
        var problems: [Problem] = []
        var known: [RunID: RunOpen] = [:]
        var successors: [RunID: RunID] = [:]
        var ordinals: [UInt64: RunID] = [:]
        for run in runs.sorted(by: { ($0.ordinal, $0.run) < ($1.ordinal, $1.run) }) {
            if let other = known[run.run] {
                problems.append(other == run ? .replayed(run.run) : .twoBeginnings(run.run))
                continue
            }
            known[run.run] = run
            if let other = successors[run.previousRun] {
                problems.append(.twoSuccessors(of: run.previousRun, other, run.run))
            } else if let other = ordinals[run.ordinal] {
                problems.append(.sameOrdinal(other, run.run))
            }
            successors[run.previousRun] = run.run
            ordinals[run.ordinal] = run.run
        }
        for run in known.values.sorted(by: { $0.ordinal < $1.ordinal }) where run.previousRun != .none {
            guard let before = known[run.previousRun] else {
                problems.append(.missingRun(run.previousRun, before: run.run))
                continue
            }
            if before.hardware != run.hardware { problems.append(.otherHardware(run.run)) }
            let hashes = seals[run.previousRun] ?? []
            if run.previousSeal != .zero, !hashes.isEmpty, !hashes.contains(run.previousSeal) {
                problems.append(.otherSeal(run.run))
            }
        }
        return problems
    }
}

extension RunID {
    /// Its first four bytes in hexadecimal, for sentences.
    fileprivate var short: String {
        let digits = String(high >> 32, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
