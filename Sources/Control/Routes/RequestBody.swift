import Notation

/// A request's JSON object, read field by field; what is wrong is said with the field's name.
struct RequestBody {
    private let members: [JSON.Member]

    /// A field that is not among `fields` is refused: whoever misspells one should learn it.
    init(_ request: Request, fields: [String]) throws(Problem) {
        if request.body.isEmpty {
            members = []
            return
        }
        let value: JSON
        do throws(NotationError) { value = try JSONReader.read(request.body) } catch {
            throw Problem.invalid("body", "the body is not JSON: \(error)")
        }
        guard case .object(let members) = value else { throw Problem.invalid("body", "the body is not an object") }
        for member in members where !fields.contains(member.key) {
            throw Problem.invalid(
                member.key, "there is no field '\(member.key)' here; it takes \(fields.joined(separator: ", "))")
        }
        self.members = members
    }

    func value(_ name: String) -> JSON? {
        let value = members.last { $0.key == name }?.value
        return value == .null ? nil : value
    }

    func string(_ name: String, _ length: ClosedRange<Int>) throws(Problem) -> String {
        guard let text = try optionalString(name, length) else { throw Problem.invalid(name, "'\(name)' is missing") }
        return text
    }

    func optionalString(_ name: String, _ length: ClosedRange<Int>) throws(Problem) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.string, length.contains(text.count) else {
            throw Problem.invalid(
                name, "'\(name)' is a text of \(length.lowerBound) to \(length.upperBound) characters")
        }
        return text
    }

    func optionalInteger(_ name: String, _ range: ClosedRange<Int64>) throws(Problem) -> Int64? {
        guard let value = value(name) else { return nil }
        guard let number = value.integer, range.contains(number) else {
            throw Problem.invalid(name, "'\(name)' is a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func scope(_ name: String, default usual: Scope) throws(Problem) -> Scope {
        guard let value = value(name) else { return usual }
        guard let scope = value.string.flatMap(Scope.init(name:)) else {
            throw Problem.invalid(name, "'\(name)' is view, operate or admin")
        }
        return scope
    }
}
