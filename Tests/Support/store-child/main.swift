// Records into a ring as fast as it can until it is killed, and says on its standard output what it has accepted:
//
//     store-child FOLDER RUN
//
// What an earlier one left behind is finished first, as a gateway does at its start.
import Glibc
import Hashing
import Measurements
import Store
import System

guard CommandLine.arguments.count == 3, let number = UInt64(CommandLine.arguments[2]) else { exit(2) }
do {
    let child = try Child(folder: CommandLine.arguments[1], run: number)
    try child.finishWhatWasLeft()
    try child.record()
} catch {
    var text = "store-child: \(error)\n"
    text.withUTF8 { bytes in _ = write(2, bytes.baseAddress, bytes.count) }
    exit(1)
}
