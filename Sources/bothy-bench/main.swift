import Glibc
import Notation

// bothy-bench SUBJECT [--tiny] [--json FILE] [--NAME VALUE …]: a table for people on stdout, the raw runs as JSON in
// FILE. `--tiny` runs it small on made-up data and prints a hash of the outcome, which tests compare.

let subjects: [Subject] = [
    CodecBench.subject, BluetoothBench.subject, RequestBench.subject, AutomergeBench.subject, RingBench.subject,
    SerialBench.subject,
]

let arguments = Array(CommandLine.arguments.dropFirst())
guard let name = arguments.first, let subject = subjects.first(where: { $0.name == name }) else {
    print("usage: bothy-bench SUBJECT [--tiny] [--json FILE] [--NAME VALUE ...]")
    for subject in subjects { print("  \(subject.name)  \(subject.summary)") }
    exit(2)
}
do {
    let options = try Options(Array(arguments.dropFirst()))
    let report = try subject.run(options)
    print(report.table)
    if let file = options["json"] { try Files.write(Array(JSONWriter.pretty(report.raw).utf8) + [10], to: file) }
} catch {
    print("bothy-bench: \(error)")
    exit(1)
}
