/// All routes, and which of them a path means.
struct RouteTable: Sendable {
    let routes: [Route]
    private let patterns: [[Substring]]
    /// Paths without names in them, for which no search is needed.
    private let plain: [String: [Int]]

    init(_ routes: [Route]) {
        self.routes = routes
        patterns = routes.map { $0.path.split(separator: "/") }
        var plain: [String: [Int]] = [:]
        for (index, route) in routes.enumerated() where !route.path.contains("{") {
            plain[route.path, default: []].append(index)
        }
        self.plain = plain
    }

    /// The route and what its names stand for. HEAD is what GET is without its body.
    func find(_ method: Request.Method, _ path: String) throws(Problem) -> (route: Route, arguments: [String: String]) {
        let wanted: Request.Method = method == .head ? .get : method
        var others: [Request.Method] = []
        if let indices = plain[path] {
            for index in indices {
                if routes[index].method == wanted { return (routes[index], [:]) }
                others.append(routes[index].method)
            }
        } else {
            let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            for (index, pattern) in patterns.enumerated() {
                guard let arguments = match(pattern, parts) else { continue }
                if routes[index].method == wanted { return (routes[index], arguments) }
                others.append(routes[index].method)
            }
        }
        guard others.isEmpty else {
            let names = others.map { $0.rawValue.uppercased() }.joined(separator: ", ")
            throw Problem(405, "method_not_allowed", "this path is used with \(names)")
        }
        throw Problem.notFound("page or resource at this path")
    }

    private func match(_ pattern: [Substring], _ parts: ArraySlice<Substring>) -> [String: String]? {
        guard pattern.count == parts.count else { return nil }
        var arguments: [String: String] = [:]
        for (wanted, part) in zip(pattern, parts) {
            if wanted.first == "{" {
                guard !part.isEmpty else { return nil }
                arguments[String(wanted.dropFirst().dropLast())] = String(part)
            } else if wanted != part {
                return nil
            }
        }
        return arguments
    }
}
