import System

/// Answers that many ask for and that may be a moment old, as the status: made once for all who ask within that moment.
struct RecentAnswers {
    var made: [String: (response: Response, at: Int64)] = [:]
    /// Who waits for one that is being made.
    var waiting: [String: [UInt64]] = [:]
}

extension Service {
    func answerRecent(
        _ exchange: Exchange, _ route: Route,
        _ handler: @escaping @Sendable (Request, any Backend) throws(Problem) -> Response
    ) {
        let (path, now) = (exchange.request.path, Service.now)
        if let known = recent.made[path], now - known.at <= route.freshMs * 1_000_000 {
            return answer(exchange, known.response)
        }
        if recent.waiting[path] != nil {
            recent.waiting[path]?.append(exchange.id)
            return
        }
        guard mayWait(exchange) else { return }
        recent.waiting[path] = [exchange.id]
        let (request, backend, mailbox) = (exchange.request, backend, mailbox)
        let posted = backend.loop.post {
            let response = Service.result(request, backend, handler)
            let at = Service.now
            mailbox.post { service in
                service.waiting -= 1
                if response.status == 200 { service.recent.made[path] = (response, at) }
                service.answerWaiting(path, response)
            }
        }
        if !posted {
            waiting -= 1
            answerWaiting(path, Response(Problem.unavailable))
        }
    }

    private func answerWaiting(_ path: String, _ response: Response) {
        for id in recent.waiting.removeValue(forKey: path) ?? [] {
            if let exchange = exchanges[id] { answer(exchange, response) }
        }
    }
}
