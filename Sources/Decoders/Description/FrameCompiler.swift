import Notation

/// One layout of a description: when a frame is of it, and the program that reads it.
struct FrameLayout: Sendable {
    var name: String
    var match: FrameMatch
    var program: Program
}

extension FrameLayout {
    static let keys = [
        "name", "match", "checksum", "region", "header", "decrypt", "fields", "objects", "dedupe", "counter", "comment",
    ]

    /// `tables`: the objects of earlier layouts, by the layout's name.
    init(_ part: Part, attributes: AttributeTable, tables: [String: Part] = [:]) throws(DescriptionError) {
        try part.only(
            "name", "match", "checksum", "region", "header", "decrypt", "fields", "objects", "dedupe", "counter",
            "comment")
        name = try part["name"]?.text() ?? ""
        match = try part["match"].map { part throws(DescriptionError) in try FrameMatch(part) } ?? FrameMatch()
        var compiler = FieldCompiler(attributes: attributes)
        for name in FrameLayout.given { _ = compiler.assembler.register(name) }
        if let checksum = part["checksum"] {
            compiler.assembler.checksums.append(try Checksum(checksum))
            compiler.assembler.add(.checksum, a: 0)
        }
        if let region = part["region"] {
            let bounds = try region.items(atMost: 2)
            guard bounds.count == 2 else { throw region.error("[from, to] was expected; 0 as 'to' is the end") }
            compiler.assembler.add(
                .region, a: Int(try bounds[0].integer(in: -512...512)), b: Int(try bounds[1].integer(in: -512...512)))
        }
        if let header = part["header"] { try compiler.compile(fields: header) }
        if let decrypt = part["decrypt"] {
            compiler.assembler.decryptions.append(try Decryption(decrypt))
            compiler.assembler.add(.decrypt, a: 0)
        }
        if let fields = part["fields"] { try compiler.compile(fields: fields) }
        if let objects = part["objects"] {
            if let name = objects.node.text {
                guard let table = tables[name] else { throw objects.error("no earlier frame '\(name)' has objects") }
                try compiler.compile(objects: table)
            } else {
                try compiler.compile(objects: objects)
            }
        }
        compiler.assembler.add(.end)
        try compiler.compilePendingObjects()
        compiler.assembler.settle()
        program = Program(
            compiler.assembler, dedupe: try compiler.register(part["dedupe"]),
            counter: try compiler.register(part["counter"]))
    }

    /// Names that are set before a program starts: the company id of manufacturer data, the frame's length.
    static let given = ["company", "length"]
}

extension FieldCompiler {
    func register(_ name: Part?) throws(DescriptionError) -> Int? {
        guard let name else { return nil }
        guard let register = assembler.knownRegister(try name.text()) else {
            throw name.error("no field sets '\(try name.text())'")
        }
        return register
    }

    mutating func compile(objects part: Part) throws(DescriptionError) {
        try part.only("id", "length", "length_includes", "unknown", "table", "when", "comment")
        let after = assembler.label()
        if let when = part["when"] { try compile(condition: when, otherwise: after) }
        let note = assembler.note("objects", line: part.line)
        assembler.add(.objects, a: assembler.objects.count, note: note)
        assembler.place(after)
        let unknown: Program.ObjectTable.Unknown
        let countType = try part["length"].map { part throws(DescriptionError) in try part.type() }
        switch try part["unknown"]?.text() ?? "stop" {
        case "stop": unknown = .stop
        case "skip":
            guard countType != nil else {
                throw part.error("what is unknown can only be skipped where 'length' says how far")
            }
            unknown = .skip
        case "refuse": unknown = .refuse
        default: throw part.error("'unknown' is stop, skip or refuse")
        }
        let idType = try part["id"].map { part throws(DescriptionError) in try part.type() } ?? .u8
        guard !idType.isFloating, countType?.isFloating != true else { throw part.error("a floating id or length") }
        assembler.objects.append(
            Program.ObjectTable(
                idType: idType, countType: countType,
                countIncludes: Int(try part["length_includes"]?.integer(in: 0...8) ?? 0), entries: [], unknown: unknown)
        )
        pendingTable = part
    }

    /// The segments of the objects stand behind the end of the main program.
    mutating func compilePendingObjects() throws(DescriptionError) {
        guard let table = try pendingTable?.required("table") else { return }
        var entries: [Program.ObjectTable.Entry] = []
        for (key, part) in try table.members(atMost: 256) {
            guard let id = Part.integer(key) else { throw part.error("'\(key)' is not a whole number") }
            guard !entries.contains(where: { $0.id == id }) else { throw part.error("the id \(key) comes twice") }
            let start = assembler.next
            let count: Int?
            // Several fields as a list or under "fields", or one field alone.
            if part.node.items != nil {
                count = try size(part)
                try compile(fields: part)
            } else if let fields = part["fields"] {
                try part.only("fields", "size", "comment")
                let said = try part["size"].map { part throws(DescriptionError) in Int(try part.integer(in: 0...255)) }
                if let said { count = said } else { count = try size(fields) }
                try compile(fields: fields)
            } else if part["size"] != nil, part["attribute"] == nil {
                try part.only("size", "comment")
                count = Int(try part.required("size").integer(in: 0...255))
            } else {
                count = try size(of: part)
                try compile(field: part)
            }
            assembler.add(.end)
            entries.append(Program.ObjectTable.Entry(id: id, start: start, count: count))
        }
        assembler.objects[assembler.objects.count - 1].entries = entries.sorted { $0.id < $1.id }
    }

    /// Bytes that fields take, where their types alone tell; nil where only the frame does.
    private func size(_ fields: Part) throws(DescriptionError) -> Int? {
        var total = 0
        for field in try fields.items(atMost: Self.mostFields) {
            guard let count = try size(of: field) else { return nil }
            total += count
        }
        return total
    }

    private func size(of field: Part) throws(DescriptionError) -> Int? {
        if field["when"] != nil || field["repeat"] != nil || field["optional"] != nil || field["at"] != nil {
            return nil
        }
        if let skip = field["skip"] { return Int(try skip.integer(in: 0...512)) }
        if field["of"] != nil || field["constant"] != nil { return 0 }
        if let parts = field["values"] ?? field["sum"] { return try size(parts) }
        guard let type = field["type"] else { return nil }
        let name = try type.text()
        if name == "text" || name == "hex" {
            return try field["count"].flatMap { part throws(DescriptionError) in Part.integer(try part.text()) }.map(
                Int.init)
        }
        return try type.type().count
    }
}

extension Checksum {
    init(_ part: Part) throws(DescriptionError) {
        try part.only("algorithm", "from", "to", "at", "type", "comment")
        let name = try part.required("algorithm").text()
        guard let algorithm = Checksum.algorithm(name) else {
            throw part.error("'\(name)' is not one of \(Checksum.names.joined(separator: ", "))")
        }
        self.algorithm = algorithm
        from = Int(try part["from"]?.integer(in: -4096...4096) ?? 0)
        at = Int(try part.required("at").integer(in: -4096...4096))
        // Without more, it covers what stands before it.
        to = Int(try part["to"]?.integer(in: -4096...4096) ?? Int64(at))
        type = try part["type"]?.type() ?? .u8
        guard !type.isFloating else { throw part.error("a floating checksum") }
    }
}

extension Decryption {
    init(_ part: Part) throws(DescriptionError) {
        try part.only("cipher", "nonce", "aad", "from", "to", "tag_at", "tag_length", "comment")
        let cipher = try part["cipher"]?.text() ?? "aes-128-ccm"
        guard cipher == "aes-128-ccm" else { throw part.error("the cipher '\(cipher)' is not known, only aes-128-ccm") }
        also = try part["aad"]?.hex(atMost: 64) ?? []
        if let start = part["from"], try start.text() == "cursor" {
            from = nil
        } else {
            from = Int(try part["from"]?.integer(in: -512...512) ?? 0)
        }
        tagAt = Int(try part.required("tag_at").integer(in: -512...512))
        tagCount = Int(try part.required("tag_length").integer(in: 4...16))
        guard tagCount % 2 == 0 else { throw part.error("a tag has an even number of bytes") }
        to = Int(try part["to"]?.integer(in: -512...512) ?? Int64(tagAt))
        nonce = []
        for item in try part.required("nonce").items(atMost: 16) {
            switch item.node.text {
            case "address": nonce.append(.address)
            case "address reversed": nonce.append(.addressReversed)
            case "source": nonce.append(.source)
            case .some: nonce.append(.literal(try item.hex(atMost: Decryption.greatestNonce)))
            case nil:
                try item.only("at", "count")
                nonce.append(
                    .bytes(
                        at: Int(try item.required("at").integer(in: -512...512)),
                        count: Int(try item.required("count").integer(in: 1...13))))
            }
        }
        let count = nonceCount
        guard (7...13).contains(count) else { throw part.error("the nonce has \(count) bytes; AES-CCM takes 7 to 13") }
    }

    private var nonceCount: Int {
        nonce.reduce(0) { total, part in
            switch part {
            case .address, .addressReversed: total + 6
            case .source: total + 2
            case .bytes(_, let count): total + count
            case .literal(let bytes): total + bytes.count
            }
        }
    }
}
