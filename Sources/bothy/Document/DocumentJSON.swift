import Automerge
import Hashing
import Notation

/// Documents as JSON, and JSON as documents.
enum DocumentJSON {
    static func content(of document: Document, _ object: ObjectID = .root) throws(AutomergeError) -> JSON {
        switch try document.kind(of: object) {
        case .map, .table:
            var members: [JSON.Member] = []
            for key in try document.keys(of: object) {
                guard let value = try document.value(in: object, at: key) else { continue }
                members.append(.init(key, try json(value, document)))
            }
            return .object(members)
        case .list:
            var items: [JSON] = []
            for value in try document.values(of: object) { items.append(try json(value, document)) }
            return .array(items)
        case .text: return .string(try document.text(of: object))
        }
    }

    static func json(_ value: Value, _ document: Document) throws(AutomergeError) -> JSON {
        switch value {
        case .scalar(let scalar): json(scalar)
        case .object(_, let id): try content(of: document, id)
        }
    }

    static func json(_ scalar: ScalarValue) -> JSON {
        switch scalar {
        case .null: .null
        case .boolean(let flag): .boolean(flag)
        case .uint(let number): JSON(number)
        case .int(let number), .counter(let number), .timestamp(let number): .integer(number)
        case .double(let number): .double(number)
        case .string(let text): .string(text)
        case .bytes(let bytes), .unknown(_, let bytes): .string(Hex.encode(bytes))
        }
    }

    static func hashes(_ hashes: [ChangeHash]) -> JSON { .array(hashes.map { .string(Hex.encode($0.bytes)) }) }

    static func history(of document: Document) throws(AutomergeError) -> JSON {
        .array(
            try document.changes().map { change in
                [
                    "hash": .string(Hex.encode(change.hash.bytes)), "actor": .string("\(change.actor)"),
                    "sequence": .integer(Int64(change.sequence)), "time": .integer(change.time),
                    "message": JSON(change.message), "operations": .integer(Int64(change.operationCount)),
                    "depends_on": hashes(change.dependencies),
                ]
            })
    }

    /// Every place where more than one value stands, with its path.
    static func conflicts(in document: Document) throws(AutomergeError) -> JSON {
        var found: [JSON] = []
        var open: [(object: ObjectID, path: [Key])] = [(.root, [])]
        while let (object, path) = open.popLast() {
            let keys: [Key]
            switch try document.kind(of: object) {
            case .map, .table: keys = try document.keys(of: object).map { .name($0) }
            case .list: keys = (0..<(try document.count(of: object))).map { .index($0) }
            case .text: keys = []
            }
            for key in keys {
                let values = try document.conflicts(in: object, at: key)
                if let first = values.first?.value.object { open.append((first, path + [key])) }
                guard values.count > 1 else { continue }
                var listed: [JSON] = []
                for (id, value) in values {
                    listed.append(["id": .string("\(id)"), "value": try json(value, document)])
                }
                found.append(["path": self.path(path + [key]), "values": .array(listed)])
            }
        }
        return .array(found)
    }

    private static func path(_ keys: [Key]) -> JSON {
        .array(
            keys.map { key in
                switch key {
                case .name(let name): .string(name)
                case .index(let index): .integer(Int64(index))
                }
            })
    }

    static func patch(_ patch: Patch) throws(AutomergeError) -> JSON {
        var members: [JSON.Member] = [.init("path", path(patch.path))]
        func add(_ name: String, _ value: JSON) { members.append(.init(name, value)) }
        switch patch.action {
        case .put(let key, let value, _):
            members[0].value = path(patch.path + [key])
            add("action", "put")
            add("value", shallow(value))
        case .conflict(let key, let isConflict):
            members[0].value = path(patch.path + [key])
            add("action", "conflict")
            add("value", .boolean(isConflict))
        case .insert(let index, let values):
            members[0].value = path(patch.path + [.index(index)])
            add("action", "insert")
            add("values", .array(values.map { shallow($0) }))
        case .insertText(let index, let text):
            members[0].value = path(patch.path + [.index(index)])
            add("action", "insert")
            add("text", .string(text))
        case .delete(let key, let count):
            members[0].value = path(patch.path + [key])
            add("action", "delete")
            add("count", .integer(Int64(count)))
        case .marks(let marks):
            add("action", "marks")
            add("marks", .array(marks.map { mark($0) }))
        }
        add("author", .string("\(patch.author)"))
        return .object(members)
    }

    /// A new object is empty; what is in it follows in further patches.
    private static func shallow(_ value: Value) -> JSON {
        switch value {
        case .scalar(let scalar): json(scalar)
        case .object(.list, _): .array([])
        case .object(.text, _): .string("")
        case .object: .object([])
        }
    }

    private static func mark(_ mark: Mark) -> JSON {
        [
            "start": .integer(Int64(mark.range.lowerBound)), "end": .integer(Int64(mark.range.upperBound)),
            "name": .string(mark.name), "value": json(mark.value),
        ]
    }

    // MARK: From JSON

    static func put(
        _ members: [JSON.Member], in map: ObjectID, _ edit: inout Transaction
    ) throws(AutomergeError) {
        for member in members {
            switch member.value {
            case .object(let inner): try put(inner, in: try edit.putObject(.map, in: map, at: member.key), &edit)
            case .array(let items): try append(items, to: try edit.putObject(.list, in: map, at: member.key), &edit)
            case .string(let text):
                try edit.splice(try edit.putObject(.text, in: map, at: member.key), at: 0, inserting: text)
            default: try edit.put(scalar(member.value), in: map, at: member.key)
            }
        }
    }

    private static func append(
        _ items: [JSON], to list: ObjectID, _ edit: inout Transaction
    ) throws(AutomergeError) {
        for (index, item) in items.enumerated() {
            switch item {
            case .object(let inner): try put(inner, in: try edit.insertObject(.map, in: list, at: index), &edit)
            case .array(let inner): try append(inner, to: try edit.insertObject(.list, in: list, at: index), &edit)
            case .string(let text):
                try edit.splice(try edit.insertObject(.text, in: list, at: index), at: 0, inserting: text)
            default: try edit.insert(scalar(item), in: list, at: index)
            }
        }
    }

    private static func scalar(_ json: JSON) -> ScalarValue {
        switch json {
        case .boolean(let flag): .boolean(flag)
        case .integer(let number): .int(number)
        case .double(let number): .double(number)
        default: .null
        }
    }
}
