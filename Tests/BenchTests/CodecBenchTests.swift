import Testing

@testable import bothy_bench

@Suite("Benchmarks also run small, so that they stay able to run")
struct CodecBenchTests {
    @Test("The codec's bench measures every block size and finds the samples again")
    func codec() throws {
        let report = try CodecBench.run(try Options(["--tiny"]))
        #expect(report.table.count == 64)
        #expect(report.raw.array?.count == 4)
        let sizes = report.raw.array?.compactMap { $0["bothy"]?.double } ?? []
        #expect(sizes.sorted(by: >) == sizes, "greater blocks take less a sample")
    }
}
