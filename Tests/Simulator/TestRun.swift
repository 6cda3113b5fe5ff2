import Glibc

/// What the environment says of this run of the tests; the only place that asks.
public enum TestRun {
    /// BOTHY_LONG=1: the full numbers, which take minutes.
    public static let isLong = getenv("BOTHY_LONG").map { String(cString: $0) == "1" } ?? false

    /// BOTHY_SEED=n: that seed alone, to see a failure again.
    public static let onlySeed = getenv("BOTHY_SEED").flatMap { UInt64(String(cString: $0)) }

    /// Whether this test was built with optimisation, and so is about thirty times faster.
    public static let isOptimised: Bool = {
        var isDebug = false
        assert({ isDebug = true }() == ())
        return !isDebug
    }()

    /// The seeds to run: as many as the build is fast enough for, or all in a long run.
    public static func seeds(debug: Int, release: Int, long: Int) -> [UInt64] {
        if let onlySeed { return [onlySeed] }
        let count = isLong ? long : isOptimised ? release : debug
        return (1...UInt64(count)).map { $0 }
    }
}
