/// Carries what is confined to a loop through code that runs elsewhere; it is touched only back on its loop.
public struct LoopBound<Value>: @unchecked Sendable {  // because `value` is reached only through the loop
    private let value: Value
    private let loop: Loop

    public init(_ value: Value, _ loop: Loop) {
        self.value = value
        self.loop = loop
    }

    /// Runs `body` on the loop; dropped where the loop has stopped.
    public func post(_ body: @escaping @Sendable (Value) -> Void) {
        loop.post { [self] in body(self.value) }
    }
}
