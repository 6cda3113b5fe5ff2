/// Drives the recorder; what was recorded but not yet written outlives it.
final class RecorderComponent: Component {
    let name = "recorder"
    private let recorder: Recorder

    init(_ recorder: Recorder) { self.recorder = recorder }

    func start(failed: @escaping (Failure) -> Void) throws { recorder.startTimers() }

    func stop(done: @escaping () -> Void) {
        recorder.stopTimers()
        done()
    }
}
