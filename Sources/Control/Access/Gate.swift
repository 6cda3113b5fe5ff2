/// What a request must show before anything is done for it. A browser carries its user's cookie to us on behalf of any
/// page; these checks are what keeps such pages out.
struct Gate: Sendable {
    /// `Host` values that are us, in lower case and with the port where it is not the scheme's own.
    var hosts: Set<String>
    /// The scheme our own pages have: `http` or `https`.
    var scheme: String

    /// The name of the cookie. Browsers take `__Host-` only over TLS.
    var cookieName: String { scheme == "https" ? "__Host-bothy" : "bothy" }

    /// A name somebody pointed at our address (DNS rebinding) is not ours.
    func checkHost(_ request: Request) throws(Problem) {
        if case .local = request.peer { return }
        guard let host = request.host?.lowercased(), hosts.contains(host) else {
            throw Problem(
                421, "wrong_host", "this gateway is not known by that name; add it to control.hosts if it should be")
        }
    }

    /// Only our own pages, and programs that are not browsers, may write or open a live stream.
    func checkOrigin(_ request: Request) throws(Problem) {
        if case .local = request.peer { return }
        if let origin = request.origin {
            guard hosts.contains(where: { origin == "\(scheme)://\($0)" }) else { throw Gate.foreign }
        }
        if let site = request.fetchSite, site != "same-origin", site != "none" { throw Gate.foreign }
    }

    func checkWrite(_ request: Request) throws(Problem) {
        try checkOrigin(request)
        if case .remote = request.peer {
            guard request.marked else {
                throw Problem(403, "header_missing", "writes need the header 'X-Bothy: 1'", field: "X-Bothy")
            }
        }
        if request.contentLength > 0 {
            let type = request.contentType?.split(separator: ";").first.map { $0.lowercased() }
            guard type == "application/json" else {
                throw Problem(415, "not_json", "send the body as application/json", field: "Content-Type")
            }
        }
    }

    /// The session's secret in a Cookie header.
    func cookie(in header: String) -> String? {
        for part in header.split(separator: ";") {
            let part = part.drop { $0 == " " }
            if part.hasPrefix("\(cookieName)=") { return String(part.dropFirst(cookieName.count + 1)) }
        }
        return nil
    }

    func setCookie(_ secret: String) -> String {
        let secure = scheme == "https" ? "; Secure" : ""
        return "\(cookieName)=\(secret); Path=/; HttpOnly; SameSite=Strict\(secure); "
            + "Max-Age=\(Access.idleLifetime / Access.seconds)"
    }

    var clearCookie: String { "\(cookieName)=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0" }

    private static let foreign = Problem(
        403, "foreign_origin", "this was sent on behalf of a page that is not this gateway's own", field: "Origin")
}
