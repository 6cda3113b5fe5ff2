import CLinux
import Gateway
import Glibc
import Notation
import Settings
import Store
import System

/// What is wrong with this box, and what to do about it.
enum DoctorCommands {
    static let all = [doctor]

    private static let doctor = Command(
        path: ["doctor"], summary: "Look for what is wrong with this box, with the mend for each",
        details: "Ends with 1 where something is. Works with and without a daemon.",
        flags: [ConfigCommands.configFlag, KeyCommands.stateFlag],
        examples: [.init(line: "sudo bothy doctor", meaning: "As root it may look everywhere.")]
    ) { invocation in
        let findings = Examination(invocation).run()
        if invocation.wantsJSON {
            Terminal.print(JSONWriter.pretty(.array(findings.map(\.json))))
        } else {
            for finding in findings { finding.print() }
        }
        if findings.contains(where: { $0.kind == .wrong }) { throw DaemonEnded(status: 1) }
    }
}

/// One thing that was looked at.
struct Finding {
    enum Kind: String { case good, missing, wrong }

    let kind: Kind
    let what: String
    /// What to do; empty where nothing needs to be done.
    var mend = ""

    var json: JSON { ["kind": .string(kind.rawValue), "what": .string(what), "mend": .string(mend)] }

    func print() {
        let mark = kind == .good ? Style.green("✓") : kind == .missing ? Style.yellow("–") : Style.red("✗")
        Terminal.print("\(mark) \(what)")
        if !mend.isEmpty { Terminal.print("    \(Style.dim("→ " + mend))") }
    }
}

/// Looks at everything a gateway needs.
struct Examination {
    private let invocation: Invocation
    private let state: String

    init(_ invocation: Invocation) {
        self.invocation = invocation
        state = invocation.value("state") ?? "/var/lib/bothy"
    }

    func run() -> [Finding] { [settings] + daemon + folder + [clock, network, ports, bluetooth] }

    private var settings: Finding {
        let file = ConfigCommands.file(of: invocation)
        do {
            _ = try ConfigCommands.load(file, mustExist: false)
            return Finding(kind: .good, what: "settings: \(file) is good")
        } catch let failure as CommandFailure {
            return Finding(
                kind: .wrong, what: "settings: \(failure.message)", mend: "bothy config check --config \(file)")
        } catch {
            return Finding(kind: .wrong, what: "settings: \(error)")
        }
    }

    private var daemon: [Finding] {
        do {
            let status = try invocation.client.get("/v1/status")
            var findings = [
                Finding(kind: .good, what: "daemon: running, version \(status["gateway"]?["version"]?.string ?? "?")")
            ]
            for problem in status["problems"]?.array ?? [] {
                findings.append(
                    Finding(
                        kind: problem["grave"]?.boolean == true ? .wrong : .missing,
                        what: problem["text"]?.string ?? "",
                        mend: problem["hint"]?.string ?? ""))
            }
            return findings
        } catch let failure as CommandFailure {
            return [Finding(kind: .wrong, what: "daemon: \(failure.message)", mend: failure.hint ?? "")]
        } catch {
            return [Finding(kind: .wrong, what: "daemon: \(error)")]
        }
    }

    private var folder: [Finding] {
        guard let (durability, free) = try? Durability.of(folder: state) else {
            return [
                Finding(
                    kind: .missing, what: "state: there is no \(state) yet",
                    mend: "it is made at the first start, or by sudo ./install.sh")
            ]
        }
        var findings: [Finding] = []
        if durability.isDurable {
            findings.append(Finding(kind: .good, what: "state: \(state), \(Quantity.bytes(Int64(free))) free"))
        } else {
            findings.append(
                Finding(
                    kind: .wrong, what: "state: \(state) is \(durability)",
                    mend: "switch off the overlay file system, or mount a disk there"))
        }
        if free < 64 << 20 {
            findings.append(
                Finding(
                    kind: .wrong, what: "state: only \(Quantity.bytes(Int64(free))) are free",
                    mend: "make room; the ring stops growing"))
        }
        return findings
    }

    private var clock: Finding {
        SystemClock.discipline.isSynchronised
            ? Finding(kind: .good, what: "clock: something keeps it right")
            : Finding(
                kind: .missing, what: "clock: nothing keeps it right; times are provisional until something does",
                mend: "systemctl enable --now systemd-timesyncd, or a GPS, or later: bothy clock place")
    }

    private var network: Finding {
        let places = [
            "/usr/lib/bothy/libiroh_ffi.so", Terminal.environment("BOTHY_IROH_LIBRARY") ?? "",
            ".build/iroh/libiroh_ffi.so",
        ]
        guard let found = places.first(where: { !$0.isEmpty && Files.exists($0) }) else {
            return Finding(
                kind: .missing, what: "transport: the library for peering is not there; everything else works",
                mend: "sudo ./install.sh fetches it, or: Config/fetch-iroh /usr/lib/bothy")
        }
        return Finding(kind: .good, what: "transport: \(found)")
    }

    private var ports: Finding {
        var found = glob_t()
        defer { globfree(&found) }
        let flags = GLOB_NOSORT
        glob("/dev/ttyUSB*", flags, nil, &found)
        glob("/dev/ttyACM*", flags | GLOB_APPEND, nil, &found)
        let paths = (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
        guard !paths.isEmpty else { return Finding(kind: .good, what: "serial ports: none is plugged in") }
        let closed = paths.filter { access($0, R_OK | W_OK) != 0 }
        guard !closed.isEmpty else {
            return Finding(kind: .good, what: "serial ports: \(paths.joined(separator: ", "))")
        }
        return Finding(
            kind: .wrong, what: "serial ports: you may not open \(closed.joined(separator: ", "))",
            mend: "sudo usermod -aG dialout \(Terminal.environment("USER") ?? "bothy"), then log in again")
    }

    private var bluetooth: Finding {
        let socket = socket(31, Int32(SOCK_RAW.rawValue), 1)
        guard socket >= 0 else {
            return Finding(kind: .missing, what: "Bluetooth: this kernel has none; everything else works")
        }
        close(socket)
        return Finding(kind: .good, what: "Bluetooth: the kernel has it")
    }
}
