extension Routes {
    static let live: [Route] = [
        Route(
            method: .get, path: "/v1/live", scope: .view,
            summary: "Samples as they come, after those that came before.",
            notes: """
                As Server-Sent Events, or as a WebSocket with the sub-protocol `bothy.json.v1` or `bothy.frames.v1` (the packing \
                of blocks, see docs/formats.md). First comes a `streams` message with what there is and how boot time maps \
                to wall time, then `samples` every 32 to 200 ms as fast as the reader takes them, without gap or double; \
                what a reader was too slow for is told with `dropped`. A WebSocket may send `{"type":"select","sensors":[…]}`, \
                `focus`, `pause` and `resume`.
                """,
            parameters: [
                .init(name: "sensors", summary: "ids with commas between; all if not given"),
                .init(name: "after", summary: "a cursor: go on where that ended"),
                .init(name: "history", shape: .integer, summary: "milliseconds of what was before, as far as at hand"),
                .init(
                    name: "every", shape: .boolean,
                    summary: "every sample of every attribute, not only of those whose shape matters"),
            ], response: .string, types: ["text/event-stream"], problems: [503], handler: .live)
    ]
}
