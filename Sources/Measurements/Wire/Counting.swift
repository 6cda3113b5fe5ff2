extension UInt64 {
    /// The sum, or the greatest number where there is none: what others declare must not be able to stop a count.
    func clampedSum(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    mutating func count(_ more: UInt64) { self = clampedSum(more) }
}
