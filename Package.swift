// swift-tools-version: 6.0
import PackageDescription

// The layout shows the architecture: see ARCHITECTURE.md. A target is a room; its dependencies are its arrows, and a
// test (Tests/HouseTests) holds them against the table there.

// CopyPropagation of Swift 6.3.1 crashes on the settings' accessors in release builds.
let strict: [SwiftSetting] = [
    .unsafeFlags(["-warnings-as-errors", "-Xllvm", "-sil-disable-pass=copy-propagation"])
]

/// A door: a small C target around one library of the distribution.
func door(_ name: String, links library: String? = nil) -> Target {
    .target(
        name: name, path: "Sources/Doors/\(name)",
        cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])],
        linkerSettings: library.map { [.linkedLibrary($0)] } ?? [])
}

func room(_ name: String, _ arrows: [String] = [], without excluded: [String] = []) -> Target {
    .target(
        name: name, dependencies: arrows.map { .byName(name: $0) }, exclude: excluded, swiftSettings: strict)
}

func tests(_ room: String, _ others: [String] = [], excluding folders: [String] = []) -> Target {
    .testTarget(
        name: "\(room)Tests", dependencies: ([room] + others).map { .byName(name: $0) }, exclude: folders,
        swiftSettings: strict)
}

/// A program that tests run as a process of its own.
func testProgram(_ name: String, _ arrows: [String], in folder: String) -> Target {
    .executableTarget(
        name: name, dependencies: arrows.map { .byName(name: $0) }, path: "Tests/\(folder)", swiftSettings: strict)
}

let package = Package(
    name: "bothy",
    products: [.executable(name: "bothy", targets: ["bothy"])],
    targets: [
        // Doors
        door("CAES", links: "crypto"),
        door("CBluetooth"),
        door("CLinux"),
        door("CSQLite", links: "sqlite3"),
        door("CSodium", links: "sodium"),
        door("CIroh"),
        door("CYAML", links: "yaml"),
        door("CQREncode", links: "qrencode"),
        door("CUdev", links: "udev"),
        door("CZlib", links: "z"),
        door("CWebSockets", links: "websockets"),
        door("CCertificate", links: "crypto"),
        // Pure rooms
        room("Hashing", ["CSodium"]),
        room("Notation", ["CYAML"]),
        room("Measurements", ["Hashing"]),
        room("Automerge", ["Hashing", "CZlib"]),
        room("Settings", ["Notation"]),
        room("Decoders", ["Measurements", "Notation", "CAES"]),
        room("Gossip", ["Hashing"]),
        room("Replication", ["Measurements", "Hashing"]),
        room("Membership", ["CSodium", "Hashing", "Notation"]),
        // Edge rooms
        room("System", ["CLinux"]),
        room("Links", ["System", "Measurements", "Notation", "Decoders", "CBluetooth", "CLinux", "CUdev"]),
        room("Identity", ["Hashing", "Notation", "System", "CSodium"]),
        room("Peering", ["Identity", "Hashing", "System", "CIroh"]),
        room("Store", ["System", "Measurements", "CSQLite", "CLinux"]),
        // Middle
        room(
            "Gateway",
            [
                "Decoders", "Hashing", "Identity", "Links", "Measurements", "Notation", "Peering", "Replication",
                "Settings",
                "Store", "System",
            ]),
        // Front
        .target(
            name: "ControlPage", path: "Sources/Control/Page", exclude: ["site"],
            cSettings: [.headerSearchPath("."), .unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        room(
            "Control",
            [
                "CCertificate", "CWebSockets", "CZlib", "ControlPage", "Gateway", "Hashing", "Identity", "Links",
                "Measurements", "Notation", "Settings", "Store", "System",
            ], without: ["Page"]),
        .executableTarget(
            name: "bothy",
            dependencies: [
                "Automerge", "CLinux", "CQREncode", "CSQLite", "CSodium", "CYAML", "CZlib", "Control", "Decoders",
                "Gateway", "Hashing", "Identity", "Links", "Measurements", "Notation", "Settings", "Store",
                "System",
            ], swiftSettings: strict),
        // The privileged helper, in C: its first lines say why.
        .executableTarget(
            name: "bothy-radio", dependencies: ["CBluetooth"],
            cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        .executableTarget(
            name: "bothy-bench",
            dependencies: [
                "Automerge", "Decoders", "Links", "Measurements", "Hashing", "Notation", "Store", "System",
            ],
            swiftSettings: strict),
        // Tests
        .target(name: "Simulator", dependencies: ["Hashing"], path: "Tests/Simulator", swiftSettings: strict),
        .testTarget(
            name: "DocumentToolTests", dependencies: ["bothy", "Automerge", "Notation"], swiftSettings: strict),
        .testTarget(name: "BenchTests", dependencies: ["bothy-bench"], swiftSettings: strict),
        tests("Hashing"),
        tests("Notation"),
        tests("Measurements", excluding: ["Golden"]),
        tests("Automerge", ["Hashing"]),
        tests("Settings"),
        tests("Links", ["System", "Measurements", "Decoders", "Notation"]),
        tests("Gateway", ["System"]),
        tests("Decoders", ["Measurements", "Notation"]),
        tests("System"),
        .testTarget(name: "CommandLineTests", dependencies: ["bothy"], swiftSettings: strict),
        .testTarget(name: "HouseTests", swiftSettings: strict),
        tests("Identity"),
        tests("Peering", ["Notation", "Simulator"]),
        testProgram("peering-probe", ["Identity", "Notation", "Peering", "System"], in: "PeeringProbe"),
        tests("Control", ["ControlPage", "Measurements", "Notation", "System"], excluding: ["Peers"]),
        .target(
            name: "CFaultyDisk", dependencies: ["CSQLite"], path: "Tests/Support/CFaultyDisk",
            cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        testProgram("store-child", ["Store", "Measurements", "Hashing", "System"], in: "Support/store-child"),
        tests("Store", ["Measurements", "Hashing", "System", "CFaultyDisk", "store-child"]),
        tests("Gossip", ["Hashing", "Simulator"]),
        tests("Replication", ["Hashing", "Measurements", "Simulator"]),
        tests("Membership", ["Hashing", "Notation", "Simulator"]),
    ]
)
