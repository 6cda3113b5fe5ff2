import CWebSockets
import Measurements
import Notation
import System

// Live streams begin as requests and end as subscribers.
extension Service {
    /// Server-Sent Events.
    func subscribe(_ exchange: Exchange) {
        do throws(Problem) {
            let (selection, after) = try question(exchange.request)
            try checkRoom()
            exchange.deadline = 0
            exchange.begin(Response(type: "text/event-stream", body: []))
            let subscriber = Subscriber(exchange: exchange, form: .events, selection: selection)
            exchange.subscriber = subscriber
            exchange.after = after
            live.add(subscriber, service: self)
        } catch { answer(exchange, Response(error)) }
    }

    private func checkRoom() throws(Problem) {
        guard live.subscribers.count < live.most else {
            throw Problem(503, "too_many_subscribers", "\(live.most) live streams are open already")
        }
    }

    /// A WebSocket is asked for: nil refuses, after saying why.
    func upgrade(_ connection: OpaquePointer) -> Exchange? {
        counters.requests += 1
        var problem: Problem
        switch RequestReader.read(connection) {
        case .failure(let error): problem = error
        case .success(var request):
            do throws(Problem) {
                try authorise(&request, nil)
                guard request.path == "/v1/live" else { throw Problem.notFound("WebSocket at this path") }
                let (selection, after) = try question(request)
                try checkRoom()
                let exchange = add(connection, request)
                let offered = request.subprotocols?.split(separator: ",").map { $0.filter { $0 != " " } } ?? []
                let chosen = offered.first { $0 == "bothy.frames.v1" || $0 == "bothy.json.v1" }
                exchange.subscriber = Subscriber(
                    exchange: exchange, form: chosen == "bothy.frames.v1" ? .frames : .json, selection: selection)
                exchange.after = after
                return exchange
            } catch { problem = error }
        }
        counters.answers[problem.status, default: 0] += 1
        let response = Response(problem)
        let bytes = ResponseWriter.head(response, length: response.body.count, stays: false) + response.body
        _ = bytes.withUnsafeBufferPointer { bothy_web_write(connection, $0.baseAddress, $0.count) }
        return nil
    }

    func opened(_ exchange: Exchange) {
        guard let subscriber = exchange.subscriber else { return }
        live.add(subscriber, service: self)
    }

    private func question(_ request: Request) throws(Problem) -> (Subscriber.Selection, LiveCursor?) {
        var selection = Subscriber.Selection()
        if let sensors = request["sensors"], !sensors.isEmpty {
            selection.sensors = Set(sensors.split(separator: ",").map(String.init))
        }
        selection.every = request["every"] == "true"
        if let text = request["history"] {
            guard let ms = Int64(text), (0...600_000).contains(ms) else {
                throw Problem.invalid("history", "'history' is milliseconds, up to 600000")
            }
            selection.historyMs = ms
        }
        let asked = request["after"].flatMap { $0.isEmpty ? nil : $0 }
        guard let text = asked ?? request.lastEventID else { return (selection, nil) }
        guard let cursor = LiveCursor(text) else {
            throw Problem.invalid("after", "'after' is a cursor as an event's id or a stream list gives it")
        }
        return (selection, cursor)
    }

    /// A piece of a message from a subscriber.
    func message(_ exchange: Exchange, _ bytes: UnsafeBufferPointer<UInt8>, last: Bool, binary: Bool) {
        guard let subscriber = exchange.subscriber else { return }
        subscriber.incoming.append(contentsOf: bytes)
        guard subscriber.incoming.count <= 8192, !binary else {
            return exchange.close(code: 1009, reason: "messages here are short JSON")
        }
        guard last else { return }
        let text = subscriber.incoming
        subscriber.incoming = []
        guard subscriber.messages.allows("", now: Service.now) else {
            return exchange.close(code: 1008, reason: "too many messages")
        }
        guard let value = try? JSONReader.read(text), let type = value["type"]?.string else {
            return exchange.close(code: 1007, reason: "a message is an object with a type")
        }
        obey(subscriber, type, value)
    }

    private func obey(_ subscriber: Subscriber, _ type: String, _ value: JSON) {
        switch type {
        case "pause":
            subscriber.paused = true
            live.pause(subscriber, service: self)
        case "resume":
            guard subscriber.paused else { return }
            subscriber.paused = false
            live.watch(subscriber, focused: nil, service: self)
        case "focus": live.watch(subscriber, focused: value["sensor"]?.string, service: self)
        case "select":
            var selection = Subscriber.Selection()
            selection.sensors = value["sensors"]?.array.map { Set($0.prefix(4096).compactMap(\.string)) }
            selection.every = value["every"]?.boolean ?? false
            selection.historyMs = max(0, min(600_000, value["history"]?.integer ?? 0))
            subscriber.selection = selection
            live.place(subscriber, after: nil)
            live.greet(subscriber)
            live.watch(subscriber, focused: nil, service: self)
        default: break
        }
    }

    /// Gets from the store what a ring no longer holds, up to where the ring begins, and sends it.
    func fetch(_ subscriber: Subscriber, _ number: StreamNumber, _ range: Range<SampleNumber>) {
        guard let ring = live.rings[number] else { return }
        subscriber.fetching.insert(number)
        let (backend, mailbox, id, stream) = (backend, mailbox, subscriber.exchange.id, ring.stream)
        // In stretches that fit into a message, each asked for when the one before is on its way.
        let part = range.lowerBound..<min(range.upperBound, range.lowerBound + 1024)
        let reading = reading
        let posted = backend.loop.post {
            var question = SampleQuestion(sensor: stream.sensor, attribute: stream.attribute.name)
            question.numbers = part
            let source = HandedOver(try? backend.samples(question))
            reading.post {
                var found: [LiveBatch] = []
                while let batch = source.value?.next() {
                    found.append(LiveBatch(stream: number, first: batch.first, samples: batch.samples))
                }
                mailbox.post { [found] service in service.fetched(id, number, part, found) }
            }
        }
        if !posted { subscriber.exchange.kill() }
    }

    private func fetched(_ id: UInt64, _ number: StreamNumber, _ range: Range<SampleNumber>, _ found: [LiveBatch]) {
        guard let subscriber = exchanges[id]?.subscriber else { return }
        subscriber.fetching.remove(number)
        guard subscriber.cursors[number] == range.lowerBound else { return }
        var at = range.lowerBound
        for batch in found where batch.first >= at && batch.end <= range.upperBound && !batch.samples.isEmpty {
            live.drop(subscriber, number, at..<batch.first)
            live.send(subscriber, [live.bytes(of: batch, subscriber.form)])
            at = batch.end
        }
        live.drop(subscriber, number, at..<range.upperBound)
        subscriber.cursors[number] = range.upperBound
    }
}

/// Something on its way to another thread.
private struct HandedOver<Value>: @unchecked Sendable {  // because the maker does not touch it after handing it over
    let value: Value
    init(_ value: Value) { self.value = value }
}
